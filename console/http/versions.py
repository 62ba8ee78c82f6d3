"""Which version of the API a program asks for, and how a route says that it is going to be removed."""

import re
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from msgspec import Struct

from console.errors import NotAcceptable

MEDIA_TYPE = "application/vnd.sim-console.v1+json"
VERSIONED = re.compile(r"application/vnd\.sim-console\.v?([^+;,\s]*)\+json", re.IGNORECASE)
GENERAL = frozenset({"*/*", "application/*", "application/json"})
NOTICE = timedelta(days=180)

Header = tuple[bytes, bytes]


class Deprecation(Struct, frozen=True, kw_only=True):
    """The route option `deprecation`: deprecated since one day, removed on another, at least six months later."""

    since: date
    until: date
    instead: str  # the address that takes its place

    def __post_init__(self) -> None:
        """Raises ValueError for less than six months."""
        if self.until - self.since < NOTICE:
            raise ValueError(f"A route is announced {NOTICE.days} days before it is removed")

    def headers(self) -> list[Header]:
        """Deprecation (RFC 9745), Sunset (RFC 8594), and a link to the successor."""
        since, until = (datetime.combine(day, time(), UTC) for day in (self.since, self.until))
        return [
            (b"deprecation", f"@{int(since.timestamp())}".encode()),
            (b"sunset", format_datetime(until, usegmt=True).encode()),
            (b"link", f'<{self.instead}>; rel="successor-version"'.encode()),
        ]


async def known_version(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """A guard of the API: NotAcceptable (406) for a program that takes other versions than 1 alone."""
    accept = connection.headers.get("accept", "")
    named = {name.lower() for name in VERSIONED.findall(accept)}
    if not named or "1" in named:
        return
    taken = {part.partition(";")[0].strip().lower() for part in accept.split(",")}
    if not taken & GENERAL:
        raise NotAcceptable(f"This is version 1 of the API: send Accept: {MEDIA_TYPE}", versions=["1"])


def as_asked(accept: str, headers: list[Header]) -> list[Header]:
    """The headers of a JSON answer, named by the versioned media type if the program asked for that."""
    if MEDIA_TYPE not in accept.lower():
        return headers
    versioned = (b"content-type", MEDIA_TYPE.encode())
    return [versioned if header == (b"content-type", b"application/json") else header for header in headers]
