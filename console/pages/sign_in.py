"""Signing in and out."""

from datetime import UTC, datetime
from typing import Annotated, Any

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromQuery
from litestar.response import Redirect, Template
from msgspec import Struct

from console.acting import Actor, ActorKind, acting, refuse
from console.audit.bounds import Refused, is_written
from console.audit.rules import INSTALLATION
from console.callers import Callers
from console.errors import NotSignedIn
from console.http.authentication import Access
from console.http.client_address import client_address, network_of
from console.http.exceptions import CLEARED
from console.http.sign_in_throttle import begin_attempt, succeeded
from console.log import logger
from console.members.reads import memberships_of
from console.members.writes import enter
from console.pages.next_address import within
from console.pages.session_cookie import cookie, session_cookie
from console.sessions.rules import cookie_name
from console.sessions.writes import end_session
from console.settings import Settings
from console.store.database import Database
from console.users import passwords, reads
from console.users.devices import KNOWN_FOR, device_cookie_name, known_device, new_device
from console.users.writes import keep_hash

Asked = Request[Any, Any, Any]
FORM_BYTES = 8 * 1024
NO_MEMBER = "You are a member of no organization: ask an administrator for an invitation"
NOBODY = 0  # no user has this id
NOT_KEPT = {"Cache-Control": "no-store"}


class SignIn(Struct):
    """What the form sends."""

    name: str = ""
    password: str = ""
    next: str = "/"


@get("/sign-in", include_in_schema=False)
async def sign_in_page(request: Asked, callers: NamedDependency[Callers], next: FromQuery[str] = "/") -> Response[Any]:
    """The form; who is signed in already goes on."""
    if await callers.of_session(request):
        return Redirect(within(next), status_code=303)
    return Template("sign_in/sign_in.html", context={"error": None, "name": "", "next": within(next)}, headers=NOT_KEPT)


@post("/sign-in", status_code=200, include_in_schema=False)
async def sign_in(
    request: Asked,
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    data: Annotated[SignIn, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """A new session; the same words for a wrong name as for a wrong password."""
    now, network = datetime.now(UTC), network_of(request.scope)
    device = device_cookie_name(data.name, secure=settings.secure_cookies)
    known_as = known_device(settings.secret_key, data.name, request.cookies.get(device), now)
    attempt = await begin_attempt(db.redis, data.name, network, known_as, now.timestamp())
    async with db.reading() as reading:
        known = await reads.by_name(reading, data.name) if data.name.isprintable() else None
    if not await passwords.is_right(known.password_hash if known else None, data.password) or known is None:
        await _refused(db, known, network)
        name = known.name if known else None  # what is no name may be a password in the wrong field
        logger("auth").info("sign-in refused", name=name, network=network)
        context = {"error": "Wrong name or password", "name": data.name[:100], "next": within(data.next)}
        return Template("sign_in/sign_in.html", context=context, status_code=401, headers=NOT_KEPT)
    await succeeded(db.redis, attempt)
    session_id = await _enter(request, db, known, data.password, now)
    if session_id is None:
        context = {"error": NO_MEMBER, "name": data.name[:100], "next": within(data.next)}
        return Template("sign_in/sign_in.html", context=context, status_code=403, headers=NOT_KEPT)
    logger("auth").info("signed in", name=data.name[:100], network=network)
    cookies = [
        session_cookie(settings, session_id),
        cookie(settings, device, new_device(settings.secret_key, data.name, now), KNOWN_FOR),
    ]
    return Redirect(within(data.next), status_code=303, cookies=cookies)


async def _refused(db: Database, known: reads.KnownUser | None, network: str) -> None:
    """Keep that a known user's password was wrong; of an unknown name not the name, which may be a password.

    So many an hour alone: see audit/bounds.py.
    """
    stranger = Actor(kind=ActorKind.STRANGER, name="unknown")
    async with db.reading() as reading:  # of an unknown name too: it takes as long
        memberships = await memberships_of(reading, known.id if known else NOBODY)
    organization_id = memberships[0].organization_id if memberships else INSTALLATION
    now = datetime.now(UTC).timestamp()
    if not await is_written(db.redis, Refused.SIGN_IN, network, now, organization_id=organization_id):
        return
    error = NotSignedIn("Wrong password" if known else "Unknown name")
    subject = known.name if known else None
    async with db.transaction() as transaction:
        await refuse(transaction, stranger, "session.begin", subject, error, organization_id=organization_id)


async def _enter(request: Asked, db: Database, known: reads.KnownUser, password: str, now: datetime) -> str | None:
    """The id of a new session, in the organization that the user was in last; None if they may enter none."""
    async with db.reading() as reading:
        memberships = await memberships_of(reading, known.id)
    if not memberships:
        return None
    organization_id = memberships[0].organization_id
    renewed = await passwords.hash_password(password) if passwords.is_dated(known.password_hash) else None
    address, agent = client_address(request.scope), request.headers.get("user-agent", "")
    who = Actor(kind=ActorKind.USER, id=known.id, name=known.name)
    async with (
        db.transaction() as transaction,
        acting(transaction, who, "session.begin", known.name, organization_id=organization_id),
    ):
        if renewed is not None:
            await keep_hash(transaction, known.id, renewed)
        return await enter(transaction, known.id, organization_id, now, address=address, agent=agent)


@post("/sign-out", status_code=303, include_in_schema=False)
async def sign_out(
    request: Asked,
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    callers: NamedDependency[Callers],
) -> Response[Any]:
    """End the session, here and in the database."""
    name = cookie_name(secure=settings.secure_cookies)
    if (session_id := request.cookies.get(name)) and (caller := await callers.of_session(request)):
        async with db.transaction() as transaction, acting(transaction, caller, "session.end", caller.name):
            await end_session(transaction, session_id)
    return Redirect("/sign-in", status_code=303, cookies=[session_cookie(settings, "")], headers=CLEARED)


router = Router(
    "/",
    route_handlers=[sign_in_page, sign_in, sign_out],
    request_max_body_size=FORM_BYTES,
    opt={"access": Access.PUBLIC, "counted": True},
)
