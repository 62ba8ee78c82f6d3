"""A page acts and stays live only for the user and the organization that it was drawn for.

All tabs of a browser share one cookie: one tab may enter another organization, or another user may sign in, while
other tabs still show what was. Their forms would change what they do not show.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from litestar import Request, WebSocket
from litestar.connection import ASGIConnection
from litestar.enums import RequestEncodingType, ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from console.errors import Conflict, NotSignedIn
from console.http.authentication import Access, access_of, close_code, may_change

FIELD, HEADER = "drawn_for", "x-drawn-for"
ANY_PAGE = "any_page"  # the option of a route that takes forms of pages that were drawn for others
REFUSED = (
    "Nothing was done: this page was opened for another organization or another user than this browser is signed in"
    " for now. Reload it, and look again"
)


class DrawnFor(ASGIMiddleware):
    """Refuses what a page sends that was drawn for others: requests with Conflict, sockets with 4401.

    A page says for whom by a header, a form's field, or a socket's parameter. A request without either is let through:
    a program's, or that of a page without a session.
    """

    scopes = (ScopeType.HTTP, ScopeType.WEBSOCKET)

    def __init__(self, owner_of: Callable[[Any], str], write_for: Callable[[Any], None]) -> None:
        """`owner_of`: the text that pages of this caller carry. `write_for` takes who reads the answer."""
        self._owner_of = owner_of
        self._write_for = write_for

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Behind Authentication. Of forms the body is read, which Litestar keeps for the route."""
        caller, handler = scope["state"].get("caller"), scope["route_handler"]
        if caller is not None and access_of(handler) is Access.PAGE and not handler.opt.get(ANY_PAGE):
            said = await _said(scope, receive, send)
            if said is not None and said != self._owner_of(caller):
                if scope["type"] == ScopeType.HTTP:
                    raise Conflict(REFUSED)
                raise await close_code(WebSocket(scope, receive, send), NotSignedIn("This page is another's"))
        if caller is not None and scope["type"] == ScopeType.HTTP:
            self._write_for(caller)
        await next_app(scope, receive, send)


async def _said(scope: Scope, receive: Receive, send: Send) -> str | None:
    """For whom the page says that it was drawn; None if it says nothing."""
    connection: ASGIConnection[Any, Any, Any, Any] = ASGIConnection(scope)
    if scope["type"] != ScopeType.HTTP:
        return connection.query_params.get(FIELD)
    if (said := connection.headers.get(HEADER)) is not None or not may_change(connection):
        return said
    request: Request[Any, Any, Any] = Request(scope, receive, send)
    if request.content_type[0] != RequestEncodingType.URL_ENCODED:
        return None
    fields = parse_qsl((await request.body()).decode("latin-1"), keep_blank_values=True)
    return next((value for name, value in fields if name == FIELD), None)
