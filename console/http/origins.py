"""Whether one of our own pages sent a request: browsers send cookies along with other sites' requests too."""

from typing import Any
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.enums import ScopeType

from console.settings import Settings

Connection = ASGIConnection[Any, Any, Any, Any]


def same_origin(connection: Connection, settings: Settings) -> bool:
    """Whether the browser says so. A program that is no browser says nothing, and may; a socket must say it."""
    origin = connection.headers.get("origin")
    if origin is not None:
        return _is_ours(origin, connection, settings)
    if connection.scope["type"] == ScopeType.WEBSOCKET:
        return False
    return connection.headers.get("sec-fetch-site", "none") in ("same-origin", "none")


def _is_ours(origin: str, connection: Connection, settings: Settings) -> bool:
    """Whether this origin is one of PUBLIC_ORIGIN; without that setting (development), the host that was asked."""
    if settings.public_origin:
        return origin in settings.public_origin
    return urlsplit(origin).netloc == connection.headers.get("host")


def own_origin(connection: Connection, settings: Settings) -> str:
    """The origin of this console that the browser uses, of those that it may have."""
    here = str(connection.base_url).rstrip("/")
    known = settings.public_origin
    return here if not known or here in known else known[0]
