"""Answers that have not changed: named by a short digest of their body, and sent again only if that differs."""

import hashlib
import re
from typing import Any

from litestar import MediaType, Response

NOT_MODIFIED = 304
KEEPS = "keeps"  # the option of routes that answer by address, organization, permissions and rows alone, never the time
KEPT = frozenset({b"cache-control", b"date", b"etag", b"expires", b"last-modified", b"vary", b"x-request-id"})
OPAQUE_TAGS = re.compile(r'"[^"]*"')


async def named(response: Response[Any]) -> Response[Any]:
    """The same answer with an ETag. For handlers that answer with JSON; others pass unchanged.

    A coroutine, though it waits for nothing: Litestar would run a plain function in a thread.
    """
    if response.status_code not in (None, 200) or response.media_type not in (None, MediaType.JSON, "application/json"):
        return response
    body = response.render(response.content, MediaType.JSON)
    response.content = body
    response.media_type = MediaType.JSON
    response.headers["ETag"] = etag_of(body)
    return response


def etag_of(body: bytes) -> str:
    """The ETag of an answer with this body."""
    return f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def matches(wanted: str, etag: str) -> bool:
    """Whether If-None-Match or If-Match names this ETag; compared weakly (RFC 9110, 13.1.2)."""
    return wanted.strip() == "*" or etag.removeprefix("W/") in OPAQUE_TAGS.findall(wanted)
