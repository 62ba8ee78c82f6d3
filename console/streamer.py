"""The door for 1NCE's Data Streamer: keeps what is posted as it is, asks for the job that takes it in, says 200."""

import binascii
import hmac
from base64 import b64decode
from datetime import UTC, datetime
from typing import Any

from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from console import metrics
from console.connectivity import batches
from console.database import Database
from console.errors import ConsoleError, Invalid, NotSignedIn
from console.organizations.reads import account
from console.settings import Settings

LARGEST_BYTES = 32 * 1024 * 1024  # 3,000 records are some 5 MB


class TooLarge(ConsoleError):
    """More than a post can be."""

    status, code = 413, "TOO_LARGE"


@post("/streamer/{organization:str}", status_code=200, operation_id="takeStream", include_in_schema=False)
async def streamer(
    request: Request[Any, Any, Any],
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    organization: FromPath[str],
) -> Response[bytes]:
    """Only 200 acknowledges a post; anything else makes 1NCE send it again."""
    async with db.reading() as connection:
        found = await account(connection, settings.secret_key, slug=organization)
    username, password = (found.streamer_username, found.streamer_password) if found else (None, None)
    if not _is_right(request.headers.get("authorization", ""), username, password) or found is None:
        metrics.stream_batches.labels("refused").inc()
        raise NotSignedIn("Wrong user name or password for this organization's streamer")
    body = await _body(request)
    if body[:1] not in (b"[", b"{"):
        metrics.stream_batches.labels("refused").inc()
        raise Invalid("A post of the Data Streamer is a JSON list")
    async with db.transaction() as transaction:
        await batches.keep(transaction, found.organization_id, body, datetime.now(UTC))
    metrics.stream_batches.labels("kept").inc()
    return Response(b"", status_code=200)


async def _body(request: Request[Any, Any, Any]) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_BYTES:
            raise TooLarge(f"At most {LARGEST_BYTES} bytes a post")
    return bytes(body).strip()


def _is_right(header: str, username: str | None, password: str | None) -> bool:
    """Compare in constant time, also for an organization that is not there or takes no stream."""
    scheme, _, text = header.partition(" ")
    try:
        given = b64decode(text, validate=True) if scheme.lower() == "basic" else b""
    except (binascii.Error, ValueError):
        given = b""
    expected = f"{username}:{password}".encode()
    return hmac.compare_digest(given, expected) and username is not None and password is not None
