"""After the password: the second factor, or setting one up where the organization demands it."""

from datetime import UTC, datetime
from typing import Any

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect, Template
from msgspec import Struct

from console.acting import Actor, ActorKind, acting
from console.errors import Invalid
from console.http.authentication import Access
from console.http.sign_in_throttle import begin_factor_attempt, succeeded
from console.members.entering import note_entered
from console.members.first_step import FirstStep, first_step_of
from console.organizations.sealing import hashed
from console.pages.administration import FORM_BYTES, SECRET, Form
from console.pages.authenticator import CodeForm, application
from console.pages.next_address import after_sign_in, within
from console.pages.passkey_answers import Answered, answered_by
from console.pages.session_cookie import device_cookie, device_of, session_cookie
from console.sessions.rules import cookie_name
from console.sessions.writes import end_sessions_of, finish_first_step
from console.settings import Settings
from console.store.database import Database
from console.users.factors_reads import has_second_factor, passkeys_of
from console.users.factors_writes import confirm_second_factor, use_passkey, use_second_factor

Asked = Request[Any, Any, Any]


class Held(Struct, frozen=True):
    """Who has given the password, and the hashed id that says so."""

    hashed_id: bytes
    step: FirstStep

    @property
    def actor(self) -> Actor:
        """The user, as the audit trail names them."""
        return Actor(kind=ActorKind.USER, id=self.step.user_id, name=self.step.name)


async def _held(request: Asked, db: Database, settings: Settings) -> Held | None:
    hashed_id = hashed(request.cookies.get(cookie_name(secure=settings.secure_cookies), ""))
    async with db.reading() as reading:
        step = await first_step_of(reading, hashed_id, datetime.now(UTC))
    return Held(hashed_id, step) if step else None


def _again() -> Redirect:
    return Redirect("/sign-in", status_code=303, headers=SECRET)


@get("/sign-in/second", include_in_schema=False)
async def second_page(
    request: Asked, db: NamedDependency[Database], settings: NamedDependency[Settings], next: FromQuery[str] = "/"
) -> Response[Any]:
    """Asks for the code, or a passkey."""
    held = await _held(request, db, settings)
    return _again() if held is None else await _second(db, held, within(next))


async def _second(db: Database, held: Held, next: str, error: str = "") -> Template:
    async with db.reading() as reading:
        passkeys = await passkeys_of(reading, held.step.user_id)
    context = {"error": error, "next": next, "passkeys": passkeys}
    return Template("sign_in/second.html", context=context, status_code=401 if error else 200, headers=SECRET)


@post("/sign-in/second", status_code=200, include_in_schema=False)
async def second(
    request: Asked, db: NamedDependency[Database], settings: NamedDependency[Settings], data: Form[CodeForm]
) -> Response[Any]:
    """The session begins, with another cookie than the password brought."""
    now, held = datetime.now(UTC), await _held(request, db, settings)
    if held is None:
        return _again()
    step = held.step
    attempt = await begin_factor_attempt(
        db.redis, step.user_id, device_of(request, settings, step.name, now), now.timestamp()
    )
    try:
        found = await _answered(request, db, settings, held, data.passkey) if data.passkey else None
        async with (
            db.transaction() as transaction,
            acting(transaction, held.actor, "session.begin", step.name, organization_id=step.organization_id) as act,
        ):
            if found is None:
                used = await use_second_factor(transaction, settings.secret_key, step.user_id, data.code, now)
            else:
                used = await use_passkey(transaction, found.passkey, found.uses, now)
            act.after = {"second_factor": used}
            await note_entered(transaction, step.user_id, step.organization_id, now)
            session_id = await finish_first_step(transaction, held.hashed_id, now)
    except Invalid as error:
        return await _second(db, held, within(data.next), error.message)
    await succeeded(db.redis, attempt)
    cookies = [session_cookie(settings, session_id), device_cookie(settings, step.name, now)]
    return Redirect(after_sign_in(data.next), status_code=303, cookies=cookies)


async def _answered(request: Asked, db: Database, settings: Settings, held: Held, passkey: str) -> Answered:
    step = held.step
    return await answered_by(
        request,
        db,
        settings,
        passkey,
        held.actor,
        step.user_id,
        "session.begin",
        organization_id=step.organization_id,
    )


@get("/sign-in/set-up", include_in_schema=False)
async def set_up_page(
    request: Asked, db: NamedDependency[Database], settings: NamedDependency[Settings], next: FromQuery[str] = "/"
) -> Response[Any]:
    """Shows the secret that the password began, and asks for its first code."""
    held = await _held(request, db, settings)
    if held is None:
        return _again()
    return await _has_one(db, held) or await _set_up(db, settings, held, within(next))


async def _has_one(db: Database, held: Held) -> Response[Any] | None:
    """Where a user with a second factor goes, who must give that one: a password alone makes no other."""
    async with db.reading() as reading:
        has = await has_second_factor(reading, held.step.user_id)
    return Redirect("/sign-in/second", status_code=303) if has else None


async def _set_up(db: Database, settings: Settings, held: Held, next: str, error: str = "") -> Response[Any]:
    async with db.reading() as reading:
        step = held.step
        shown = await application(reading, settings, step.user_id, step.name, step.organization, datetime.now(UTC))
    if shown["key"] is None:
        return _again()
    context = {"step": step, **shown, "next": next, "error": error}
    return Template("sign_in/set_up.html", context=context, status_code=401 if error else 200, headers=SECRET)


@post("/sign-in/set-up", status_code=200, include_in_schema=False)
async def set_up(
    request: Asked, db: NamedDependency[Database], settings: NamedDependency[Settings], data: Form[CodeForm]
) -> Response[Any]:
    """The session begins; the recovery codes are shown, this once. All other sessions of the user end."""
    now, held = datetime.now(UTC), await _held(request, db, settings)
    if held is None:
        return _again()
    if (other := await _has_one(db, held)) is not None:
        return other
    step = held.step
    attempt = await begin_factor_attempt(db.redis, step.user_id, None, now.timestamp())
    try:
        async with (
            db.transaction() as transaction,
            acting(
                transaction,
                held.actor,
                "account.set_factor",
                step.name,
                organization_id=step.organization_id,
            ),
        ):
            codes = await confirm_second_factor(transaction, settings.secret_key, step.user_id, data.code, now)
            await note_entered(transaction, step.user_id, step.organization_id, now)
            session_id = await finish_first_step(transaction, held.hashed_id, now)
            await end_sessions_of(transaction, step.user_id, but=hashed(session_id))
    except Invalid as error:
        return await _set_up(db, settings, held, within(data.next), error.message)
    await succeeded(db.redis, attempt)
    cookies = [session_cookie(settings, session_id), device_cookie(settings, step.name, now)]
    context = {"codes": codes, "next": after_sign_in(data.next)}
    return Template("sign_in/recovery_codes.html", context=context, cookies=cookies, headers=SECRET)


router = Router(
    "/",
    route_handlers=[second_page, second, set_up_page, set_up],
    request_max_body_size=FORM_BYTES,
    opt={"access": Access.PUBLIC, "counted": True},
)
