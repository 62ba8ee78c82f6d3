"""How failures are answered: an envelope to programs, a page or a fragment to people, the whole of it to the log."""

from typing import Any
from urllib.parse import quote, urlsplit

from litestar import MediaType, Request, Response
from litestar.response import Redirect, Template

from console.errors import ConsoleError, NotSignedIn, ProofNeeded
from console.http.authentication import SAFE_METHODS, Access, access_of
from console.http.known_errors import known_error
from console.http.methods import methods_at
from console.http.route_options import FOR_PROGRAMS, PAGE_NAMED, options_of
from console.log import logger

AnyRequest = Request[Any, Any, Any]
# For the answer after a session has ended: the browser forgets pages that it kept, for "Back" and on its disk
# (Clear Site Data, section 3.1.2). Preferences in its storage hold nothing of a fleet and stay.
CLEARED = {"Clear-Site-Data": '"cache"', "Cache-Control": "no-store"}
TITLES = {
    403: "Not allowed",
    404: "Not found",
    405: "Nothing was done",
    429: "Too many requests",
    500: "Something went wrong",
    503: "Not ready",
}
DEEPEST = 6  # parts of an address of ours
FORMS_ADDRESS = (
    "Forms are sent to this address; opened by itself, or again after the browser was closed, it holds none, and"
    " nothing is done. Go back to the page with the form, and send it there."
)


def error_response(request: AnyRequest, error: Exception) -> Response[Any]:
    """The answer to a request that failed."""
    known = known_error(error)
    if known is None or known.status == 500:  # a fault of ours, also where the framework has noticed it first
        logger("web").error("something went wrong", exc_info=error)
        known = ConsoleError("Something went wrong")
    if _for_program(request):
        return _envelope(request, known)
    if isinstance(known, NotSignedIn):
        return _sign_in(request)
    if isinstance(known, ProofNeeded) and request.method == "POST":
        return _prove(request, known)
    return _page(request, known)


def _for_program(request: AnyRequest) -> bool:
    options = options_of(request.scope, request.app.routes)
    return bool(options.get(FOR_PROGRAMS)) or options.get("access") is Access.API


def _envelope(request: AnyRequest, error: ConsoleError) -> Response[Any]:
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


def _sign_in(request: AnyRequest) -> Response[Any]:
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if access_of(request.scope["route_handler"]) is Access.WALL and any(
        name.endswith("wall") for name in request.cookies
    ):
        return Redirect("/wall/key?refused=1", status_code=303, headers=CLEARED)
    address = "/sign-in" if asked == "/" or request.method != "GET" else f"/sign-in?next={quote(asked)}"
    was_signed_in = any(name.endswith("session") for name in request.cookies)
    headers = CLEARED if was_signed_in else {}
    if request.headers.get("hx-request"):
        return Response(b"", status_code=200, headers={**headers, "HX-Redirect": address})
    return Redirect(address, status_code=303, headers=headers)


def _prove(request: AnyRequest, error: ProofNeeded) -> Response[Any]:
    """To the page that asks for the proof: 307 sends it the same form (RFC 9110, 15.4.8), which it keeps."""
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    address = f"/prove?to={quote(asked, safe='')}&action={quote(str(error.details.get('action', '')))}"
    return Redirect(address, status_code=307, headers={"Cache-Control": "no-store"})


def _page(request: AnyRequest, error: ConsoleError) -> Response[Any]:
    fragment = bool(request.headers.get("hx-request"))
    opened = error.status == 405 and request.method in SAFE_METHODS
    context = {
        "title": TITLES.get(error.status, "That did not work"),
        "message": FORMS_ADDRESS if opened else error.message,
        "request_id": request.scope["state"].get("request_id", ""),
        "back": "/",
    }
    sent = request.method not in SAFE_METHODS
    if opened or sent or error.status == 404:
        context["back"] = _page_above(request, deepest=DEEPEST if opened or sent else 1)
    if sent and context["back"] != "/":
        context["back"] += "#refused"  # static/js/kept_forms.js fills the form in again
    name = "parts/_error.html" if fragment else "error.html"
    headers = {"Retry-After": str(error.details["retry_after"])} if "retry_after" in error.details else None
    return Template(name, context=context, status_code=error.status, headers=headers)


def _page_above(request: AnyRequest, *, deepest: int) -> str:
    """The page of this address or the nearest above it; for a proof, of the address that its form was to go on to."""
    named = options_of(request.scope, request.app.routes).get(PAGE_NAMED)
    path = urlsplit(request.query_params.get(named, "/")).path if named else request.url.path
    parts = [part for part in path.split("/") if part][:deepest]
    for end in range(len(parts), 0, -1):
        above = "/" + "/".join(parts[:end])
        if "GET" in methods_at(request.app.routes, above):
            return above
    return "/"
