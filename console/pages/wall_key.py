"""How a screen that nobody signs in on opens the wall: with a key that an administrator has made for it."""

from typing import Any

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect, Template
from msgspec import Struct

from console.callers import Callers
from console.errors import NotAllowed
from console.http.authentication import Access
from console.pages.administration import FORM_BYTES, Form
from console.pages.session_cookie import wall_cookie
from console.settings import Settings

NOT_KEPT = {"Cache-Control": "no-store"}
REFUSED = "This key does not open the wall: it is mistyped, revoked or over, or not for a wall."


class WallKey(Struct):
    """What the form sends."""

    key: str = ""


def _form(fault: str, status: int = 200) -> Template:
    return Template("wall/key.html", context={"fault": fault}, status_code=status, headers=NOT_KEPT)


@get("/wall/key", include_in_schema=False)
async def ask_for_key(refused: FromQuery[str] = "") -> Template:
    """The form. A key after `#` in its address is sent by the page itself: it reaches no server's log that way."""
    return _form(REFUSED if refused else "")


@post("/wall/key", status_code=200, include_in_schema=False, opt={"counted": True})
async def open_with_key(
    request: Request[Any, Any, Any],
    callers: NamedDependency[Callers],
    settings: NamedDependency[Settings],
    data: Form[WallKey],
) -> Response[Any]:
    """To the wall, with the key in a cookie that no script reads; the form again for a key that opens nothing."""
    key = data.key.strip()
    try:
        caller = await callers.of_wall_key(request, key)
    except NotAllowed as error:
        return _form(error.message, 403)
    if caller is None:
        return _form(REFUSED, 401)
    return Redirect("/wall", status_code=303, cookies=[wall_cookie(settings, key)], headers=NOT_KEPT)


router = Router(
    "/", route_handlers=[ask_for_key, open_with_key], request_max_body_size=FORM_BYTES, opt={"access": Access.PUBLIC}
)
