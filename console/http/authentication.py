"""Who sends a request, and the guards that decide by the route's options, before the route does anything."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Protocol

from litestar import Request, WebSocket
from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.exceptions import WebSocketException
from litestar.handlers import BaseRouteHandler
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from console.errors import BadRequest, ConsoleError, NotAllowed, NotFound, NotSignedIn
from console.http.known_errors import known_error

Connection = ASGIConnection[Any, Any, Any, Any]
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})  # RFC 9110, 9.2.1
LARGEST_ID = 2**31 - 1  # PostgreSQL's integer
POLICY_VIOLATION = 1008  # RFC 6455, 7.4.1
GUARDS = "guards"  # the route option that holds further guards
ELSEWHERE = "This came from another site's page"


class Access(StrEnum):
    """The route option `access`: how a route finds out who calls. A route without it is refused to everybody."""

    PUBLIC = "public"  # no caller is needed; a browser may still send its cookie
    WALL = "wall"  # the key of a wall screen in its own cookie, or a session cookie; for its WebSocket too
    PAGE = "page"  # a session cookie; for a browser's WebSocket too
    API = "api"  # an API key or an access token; for a program's WebSocket too
    OWN = "own"  # the route checks credentials of its own, never a cookie


COOKIE_ACCESS = frozenset({Access.PUBLIC, Access.PAGE, Access.WALL})
NO_CALLER = {
    Access.PAGE: "Sign in first",
    Access.WALL: "Sign in first, or open the wall with its key",
    Access.API: "Send an API key (X-API-Key: iot_key_…) or an access token (Authorization: Bearer …)",
}


class Identity(Protocol):
    """A caller, as far as the guard needs to know it."""

    def may(self, permission: Any) -> bool:
        """Whether the caller has this permission."""
        ...


FindCaller = Callable[[Connection], Awaitable[Identity | None]]
Guard = Callable[[Connection, BaseRouteHandler], Awaitable[None]]
NoteRefused = Callable[[Connection, NotAllowed], Awaitable[None]]


def access_of(handler: BaseRouteHandler) -> Access | None:
    """The route's `access` option; None if it has none."""
    return handler.opt.get("access")


class Authentication(ASGIMiddleware):
    """Puts the caller, or None, into the state of each request and each opening socket, and runs the guards.

    Litestar's own guards would each get a copy of the route's handler for each request: a tenth of a short one's time.
    """

    scopes = (ScopeType.HTTP, ScopeType.WEBSOCKET)

    def __init__(self, found_by: Callable[[], Mapping[Access, FindCaller]], guards: Sequence[Guard] = ()) -> None:
        """`found_by`: for each access that needs a caller, how it is found in the application's current start.

        That may raise ConsoleError, such as TooMany. `guards` decide about every route, in their order; then those that
        the route names in its option `guards`.
        """
        self._found_by = found_by
        self._guards = guards

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Raises NotFound or BadRequest for what PostgreSQL can't take in an address: a NUL, a number beyond its ids.

        A socket whose caller can't be found is closed with a code.
        """
        try:
            scope["state"]["caller"] = await self._caller(scope)
        except Exception as error:
            if scope["type"] == ScopeType.HTTP or (known := known_error(error)) is None:
                raise
            raise await close_code(WebSocket(scope, receive, send), known) from error
        handler = scope["route_handler"]
        guards = (*self._guards, *handler.opt.get(GUARDS, ()))
        is_http = scope["type"] == ScopeType.HTTP
        connection: Connection = ASGIConnection(scope) if is_http else WebSocket(scope, receive, send)
        for guard in guards:
            await guard(connection, handler)
        await next_app(scope, receive, send)

    async def _caller(self, scope: Scope) -> Identity | None:
        if "\0" in scope["path"]:
            raise NotFound("There is no such page")
        if any(isinstance(value, int) and not 0 <= value <= LARGEST_ID for value in scope["path_params"].values()):
            raise NotFound("There is no such page")
        if b"%00" in scope["query_string"]:
            raise BadRequest("An address has no NUL in it")
        access = access_of(scope["route_handler"])
        find = self._found_by().get(access) if access is not None else None
        return await find(ASGIConnection(scope)) if find else None


async def close_code(socket: WebSocket[Any, Any, Any], error: ConsoleError) -> WebSocketException:
    """The exception that closes a socket with 4000 and the error's status: 4401, 4403, 4429.

    Clients can read a code only after the upgrade, so the socket is accepted first.
    """
    await socket.accept()
    return WebSocketException(detail=error.message.encode()[:120].decode(errors="ignore"), code=4000 + error.status)


def allowed(
    same_origin: Callable[[Connection], bool],
    note_refused: NoteRefused,
) -> Guard:
    """The guard of every route and socket: decides by the options `access` and `permission` and by the caller.

    It raises NotSignedIn without a caller, and NotAllowed without the permission or, where a browser sends cookies by
    itself, for a change or a socket that another site's page asked for (`same_origin` is false); `note_refused` gets
    each of these. Sockets are closed with the code for it; those of another site's page by HTTP 403, not upgraded.
    """

    async def noted(connection: Connection, error: NotAllowed) -> None:
        error.noted = True
        await note_refused(connection, error)

    async def guard(connection: Connection, handler: BaseRouteHandler) -> None:
        access, socket = access_of(handler), isinstance(connection, WebSocket)
        if access is None:
            raise ConsoleError("This route has no access option")
        changing = connection.scope.get("method", "GET") not in SAFE_METHODS
        if access in COOKIE_ACCESS and (changing or socket) and not same_origin(connection):
            await noted(connection, refused := NotAllowed(ELSEWHERE))
            raise WebSocketException(detail=ELSEWHERE, code=POLICY_VIOLATION) if socket else refused
        try:
            _decide(access, handler.opt.get("permission"), connection.scope["state"].get("caller"))
        except ConsoleError as error:
            if isinstance(error, NotAllowed):
                await noted(connection, error)
            if isinstance(connection, WebSocket):
                raise await close_code(connection, error) from error
            raise

    return guard


def noting(note_refused: NoteRefused) -> Callable[[Exception, Scope], Awaitable[None]]:
    """What notes a NotAllowed that a route has raised behind the guard, unless a command has noted it already."""

    async def note(error: Exception, scope: Scope) -> None:
        if isinstance(error, NotAllowed) and not error.noted:
            await note_refused(ASGIConnection(scope), error)

    return note


def _decide(access: Access, permission: Any, caller: Identity | None) -> None:
    if access in NO_CALLER and caller is None:
        raise NotSignedIn(NO_CALLER[access])
    if permission is not None and (caller is None or not caller.may(permission)):
        raise NotAllowed(f"This needs the permission {permission}")


def caller_of(request: Request[Any, Any, Any]) -> Any:
    """The dependency `caller` of routes with access `page` or `api`: whom the guard let in."""
    return request.scope["state"]["caller"]


def is_socket(connection: Connection) -> bool:
    """Whether a socket opens: thousands may do so at once, so their callers are asked about together."""
    return connection.scope["type"] != ScopeType.HTTP


def may_change(connection: Connection) -> bool:
    """Whether a request may change something, by its method (RFC 9110, 9.2.1)."""
    return connection.scope.get("method", "GET") not in SAFE_METHODS


def is_deed(connection: Connection) -> bool:
    """Whether a person did something: opened a page, sent a form. What a page does by itself is none, nor a socket.

    `Sec-Fetch-Dest` (Fetch Metadata, section 2.1) is `empty` for what a script fetches; htmx marks its own requests.
    """
    if is_socket(connection):
        return False
    headers = connection.headers
    if "x-background" in headers:
        return False
    if connection.scope.get("method") not in SAFE_METHODS:
        return True
    return "hx-request" in headers or headers.get("sec-fetch-dest", "document") == "document"
