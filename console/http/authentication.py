"""Who sends a request, found before any guard runs, and the guard that decides by the route's options."""

from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from typing import Any, Protocol

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.handlers import BaseRouteHandler
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from console.errors import BadRequest, ConsoleError, NotAllowed, NotFound, NotSignedIn

Connection = ASGIConnection[Any, Any, Any, Any]
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})  # RFC 9110, 9.2.1


class Access(StrEnum):
    """The route option `access`: how a route finds out who calls. A route without it is refused to everybody."""

    PUBLIC = "public"  # no caller is needed; a browser may still send its cookie
    PAGE = "page"  # a session cookie
    API = "api"  # an API key
    OWN = "own"  # the route checks credentials of its own, never a cookie
    SOCKET = "socket"  # a WebSocket: it answers with close codes


COOKIE_ACCESS = frozenset({Access.PUBLIC, Access.PAGE})
NO_CALLER = {
    Access.PAGE: "Sign in first",
    Access.API: "Send an API key: X-API-Key: iot_key_…, or Authorization: Bearer iot_key_…",
}


class Identity(Protocol):
    """A caller, as far as the guard needs to know it."""

    def may(self, permission: Any) -> bool:
        """Whether the caller has this permission."""
        ...


FindCaller = Callable[[Connection], Awaitable[Identity | None]]


def access_of(handler: BaseRouteHandler) -> Access | None:
    """The route's `access` option; None if it has none."""
    return handler.opt.get("access")


class Authentication(ASGIMiddleware):
    """Puts the caller, or None, into the state of each HTTP request before its guards run."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, find: Mapping[Access, FindCaller]) -> None:
        """`find`: for each access that needs a caller, how it is found. May raise ConsoleError, such as TooMany."""
        self._find = find

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Raises NotFound or BadRequest for a NUL in the address, which PostgreSQL can't take."""
        if "\0" in scope["path"]:
            raise NotFound("There is no such page")
        if b"%00" in scope["query_string"]:
            raise BadRequest("An address has no NUL in it")
        access = access_of(scope["route_handler"])
        find = self._find.get(access) if access is not None else None
        scope["state"]["caller"] = await find(ASGIConnection(scope)) if find else None
        await next_app(scope, receive, send)


def allowed(same_origin: Callable[[Connection], bool]) -> Callable[[Connection, BaseRouteHandler], None]:
    """The guard of every route: reads its options `access` and `permission`.

    It raises NotSignedIn without a caller, and NotAllowed without the permission or, where a browser sends cookies by
    itself, for a change that another site's page sent (`same_origin` is false).
    """

    def guard(connection: Connection, handler: BaseRouteHandler) -> None:
        access = access_of(handler)
        if access is None:
            raise ConsoleError("This route has no access option")
        method = connection.scope.get("method", "GET")
        if access in COOKIE_ACCESS and method not in SAFE_METHODS and not same_origin(connection):
            raise NotAllowed("This came from another site's page")
        caller: Identity | None = connection.scope["state"].get("caller")
        if access in NO_CALLER and caller is None:
            raise NotSignedIn(NO_CALLER[access])
        permission = handler.opt.get("permission")
        if permission is not None and (caller is None or not caller.may(permission)):
            raise NotAllowed(f"This needs the permission {permission}")

    return guard


def caller_of(request: Request[Any, Any, Any]) -> Any:
    """The dependency `caller` of routes with access `page` or `api`: whom the guard let in."""
    return request.scope["state"]["caller"]
