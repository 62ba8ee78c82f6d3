"""How every failure is told: an envelope to programs, a page or a fragment to people, the whole of it to the log."""

from typing import Any
from urllib.parse import quote

from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException
from litestar.response import Redirect, Template
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError

from console.errors import CODES_BY_STATUS, BadRequest, ConsoleError, NotReady, NotSignedIn
from console.http.authentication import Access, access_of
from console.log import logger

Asked = Request[Any, Any, Any]
AWAY = ("08", "53", "57P")  # SQLSTATE: connection, resources, shutdown
TITLES = {
    403: "Not allowed",
    404: "Not found",
    429: "Slower, please",
    500: "Something went wrong",
    503: "Not ready",
}


def tell(request: Asked, error: Exception) -> Response[Any]:
    """The answer to a request that failed."""
    known = _known(error)
    if known is None:
        logger("web").error("something went wrong", exc_info=error)
        known = ConsoleError("Something went wrong")
    if _for_program(request):
        return _envelope(request, known)
    if isinstance(known, NotSignedIn):
        return _sign_in(request)
    return _page(request, known)


def _known(error: Exception) -> ConsoleError | None:
    if isinstance(error, ConsoleError):
        return error
    if isinstance(error, HTTPException) and error.status_code < 500:
        found = ConsoleError(_sentence(error), **_details(error))
        found.status = error.status_code  # type: ignore[misc]
        found.code = CODES_BY_STATUS.get(error.status_code, "BAD_REQUEST")  # type: ignore[misc]
        found.headers = dict(error.headers or {})  # type: ignore[misc]
        return found
    if isinstance(error, (DBAPIError, RedisError, OSError, TimeoutError)):
        if isinstance(error, DBAPIError) and not _is_away(error):
            match getattr(error.orig, "sqlstate", None):
                case "22021":  # a NUL in a text
                    return BadRequest("A text holds a character that can't be stored")
                case "57014":  # the statement timeout
                    logger("web").warning("a statement took too long and was ended")
                    return NotReady("That takes the database too long: ask for less")
                case _:
                    return None
        logger("web").warning("a part of the house is away", reason=str(error).splitlines()[0] if str(error) else "")
        return NotReady("The database or Redis is away for a moment: try again")
    return None


def _is_away(error: DBAPIError) -> bool:
    """Whether it is the connection that failed, and not the question: the words of the question prove nothing."""
    state = str(getattr(error.orig, "sqlstate", None) or "")
    return error.connection_invalidated or state.startswith(AWAY) or "connection" in str(error.orig).lower()


def _sentence(error: HTTPException) -> str:
    if error.status_code == 404:
        return "There is no such page"
    if error.status_code == 405:
        return "This address does not take that method"
    return error.detail.split(" for ")[0] if error.detail.startswith("Validation failed") else error.detail


def _details(error: HTTPException) -> dict[str, Any]:
    extra = error.extra
    if isinstance(extra, list):
        return {"faults": [{k: v for k, v in one.items() if k in ("key", "message", "source")} for one in extra]}
    return dict(extra or {})


def _for_program(request: Asked) -> bool:
    handler = request.scope.get("route_handler")  # absent where no route has the address
    access = access_of(handler) if handler is not None else None
    if access in (Access.API, Access.PAGE):
        return access is Access.API
    return request.url.path.startswith(("/api/", "/streamer/", "/forwarder/", "/health"))


def _envelope(request: Asked, error: ConsoleError) -> Response[Any]:
    body = {
        "error": {
            "code": error.code,
            "message": error.message,
            "details": error.details,
            "request_id": request.scope["state"].get("request_id", ""),
        }
    }
    headers = dict(error.headers)
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if "retry_after" in error.details:
        headers["Retry-After"] = str(error.details["retry_after"])
    return Response(body, status_code=error.status, media_type=MediaType.JSON, headers=headers)


def _sign_in(request: Asked) -> Response[Any]:
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    address = "/sign-in" if asked == "/" or request.method != "GET" else f"/sign-in?next={quote(asked)}"
    if request.headers.get("hx-request"):
        return Response(b"", status_code=200, headers={"HX-Redirect": address})
    return Redirect(address, status_code=303)


def _page(request: Asked, error: ConsoleError) -> Response[Any]:
    fragment = bool(request.headers.get("hx-request"))
    context = {
        "title": TITLES.get(error.status, "That did not work"),
        "message": error.message,
        "request_id": request.scope["state"].get("request_id", ""),
        "back": "/sims" if error.status == 404 and request.url.path.startswith("/sims/") else "/",
    }
    name = "_error.html" if fragment else "error.html"
    headers = {"Retry-After": str(error.details["retry_after"])} if "retry_after" in error.details else None
    return Template(name, context=context, status_code=error.status, headers=headers)
