"""Signing in and out."""

from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

from litestar import Request, Response, Router, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromQuery
from litestar.response import Redirect, Template
from msgspec import Struct

from console.callers import Callers
from console.http import sign_in_throttle
from console.http.authentication import Access
from console.log import logger
from console.sessions.rules import cookie_name
from console.sessions.writes import end_session
from console.settings import Settings
from console.store.database import Database
from console.users import passwords, reads, writes

Asked = Request[Any, Any, Any]
FORM_BYTES = 8 * 1024


class SignIn(Struct):
    """What the form sends."""

    name: str = ""
    password: str = ""
    next: str = "/"


def _within(address: str) -> str:
    """An address of this very site, whatever was asked for."""
    parts = urlsplit(address)
    inside = not parts.scheme and not parts.netloc and address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if inside and address.isprintable() else "/"


@get("/sign-in", include_in_schema=False)
async def sign_in_page(request: Asked, callers: NamedDependency[Callers], next: FromQuery[str] = "/") -> Response[Any]:
    """The form; who is signed in already goes on."""
    if await callers.of_session(request):
        return Redirect(_within(next), status_code=303)
    return Template("sign_in/sign_in.html", context={"error": None, "name": "", "next": _within(next)})


@post("/sign-in", status_code=200, include_in_schema=False)
async def sign_in(
    request: Asked,
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    data: Annotated[SignIn, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """A new session; the same words for a wrong name as for a wrong password."""
    address = request.client.host if request.client else "unknown"
    await sign_in_throttle.count_guess(db.redis, data.name, address)
    async with db.reading() as reading:
        known = await reads.password_of(reading, data.name) if data.name.isprintable() else None
    if not await passwords.is_right(known[1] if known else None, data.password) or known is None:
        logger("auth").info("sign-in refused", name=data.name[:100], address=address)
        context = {"error": "Wrong name or password", "name": data.name[:100], "next": _within(data.next)}
        return Template("sign_in/sign_in.html", context=context, status_code=401)
    await sign_in_throttle.forget_guesses(db.redis, data.name, address)
    async with db.transaction() as transaction:
        session_id = await writes.sign_in(transaction, known[0], datetime.now(UTC))
    logger("auth").info("signed in", name=data.name[:100], address=address)
    return Redirect(_within(data.next), status_code=303, cookies=[_cookie(settings, session_id)])


@post("/sign-out", status_code=303, include_in_schema=False)
async def sign_out(request: Asked, db: NamedDependency[Database], settings: NamedDependency[Settings]) -> Response[Any]:
    """End the session, here and in the database."""
    if session_id := request.cookies.get(cookie_name(secure=settings.secure_cookies)):
        async with db.transaction() as transaction:
            await end_session(transaction, session_id)
    return Redirect("/sign-in", status_code=303, cookies=[_cookie(settings, "", max_age=0)])


def _cookie(settings: Settings, value: str, max_age: int | None = None) -> Cookie:
    return Cookie(
        key=cookie_name(secure=settings.secure_cookies),
        value=value,
        path="/",
        httponly=True,
        secure=settings.secure_cookies,
        samesite="lax",
        max_age=max_age,
    )


router = Router(
    "/",
    route_handlers=[sign_in_page, sign_in, sign_out],
    request_max_body_size=FORM_BYTES,
    opt={"access": Access.PUBLIC},
)
