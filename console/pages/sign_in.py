"""Signing in and out."""

from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromQuery
from litestar.response import Redirect, Template
from msgspec import Struct

from console.callers import Callers
from console.errors import NotAllowed, NotSignedIn
from console.http.authentication import Access
from console.http.client_address import client_address, network_of
from console.http.exceptions import CLEARED
from console.members.entering import enter
from console.members.signing_in import (
    NextStep,
    SignIn,
    begin_second_step,
    check_password,
    enter_by_password,
    entered,
    next_step,
    user_of,
)
from console.pages.leaving import leave
from console.pages.next_address import after_sign_in, within
from console.pages.session_cookie import device_cookie, device_of, session_cookie
from console.sessions.rules import cookie_name
from console.settings import Settings
from console.store.database import Database

Asked = Request[Any, Any, Any]
FORM_BYTES = 8 * 1024
NOT_KEPT = {"Cache-Control": "no-store"}


class SignInForm(Struct):
    """What the form sends."""

    name: str = ""
    password: str = ""
    next: str = "/"


@get("/sign-in", include_in_schema=False)
async def sign_in_page(
    request: Asked,
    callers: NamedDependency[Callers],
    settings: NamedDependency[Settings],
    next: FromQuery[str] = "/",
) -> Response[Any]:
    """The form; who is signed in already goes on, and whose session has ended reads so."""
    if await callers.of_session(request):
        return Redirect(after_sign_in(next), status_code=303)
    ended = bool(request.cookies.get(cookie_name(secure=settings.secure_cookies)))  # it is empty after signing out
    context = {"error": None, "name": "", "next": within(next), "ended": ended}
    return Template("sign_in/sign_in.html", context=context, headers=NOT_KEPT)


@post("/sign-in", status_code=200, include_in_schema=False)
async def sign_in(
    request: Asked,
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    callers: NamedDependency[Callers],
    data: Annotated[SignInForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """A new session; the same words for a wrong name as for a wrong password. The one that the browser had ends."""
    now = datetime.now(UTC)
    asked = SignIn(
        name=data.name,
        password=data.password,
        address=client_address(request.scope),
        network=network_of(request.scope),
        agent=request.headers.get("user-agent", ""),
        device=device_of(request, settings, data.name, now),
    )
    try:
        known = await check_password(db, asked, now)
        where = await entered(db, user_of(known), now)
        step = await next_step(db, known, where, now)
        if step is not NextStep.NONE:
            await leave(request, db, settings, callers)
            first_step = await begin_second_step(db, settings.secret_key, known, asked, now, where)
            address = f"/sign-in/{step}?next={quote(within(data.next))}"
            return Redirect(address, status_code=303, cookies=[session_cookie(settings, first_step)])
        session_id = await enter_by_password(db, known, asked, now, where, enter)
    except (NotSignedIn, NotAllowed) as error:
        context = {"error": error.message, "name": data.name[:100], "next": within(data.next)}
        return Template("sign_in/sign_in.html", context=context, status_code=error.status, headers=NOT_KEPT)
    await leave(request, db, settings, callers)
    cookies = [session_cookie(settings, session_id), device_cookie(settings, data.name, now)]
    return Redirect(after_sign_in(data.next), status_code=303, cookies=cookies)


@post("/sign-out", status_code=303, include_in_schema=False)
async def sign_out(
    request: Asked,
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    callers: NamedDependency[Callers],
) -> Response[Any]:
    """End the session, here and in the database."""
    await leave(request, db, settings, callers)
    return Redirect("/sign-in", status_code=303, cookies=[session_cookie(settings, "")], headers=CLEARED)


router = Router(
    "/",
    route_handlers=[sign_in_page, sign_in, sign_out],
    request_max_body_size=FORM_BYTES,
    opt={"access": Access.PUBLIC, "counted": True},
)
