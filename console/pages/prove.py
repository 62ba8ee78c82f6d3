"""Before what costs money or gives rights: the user of an old session proves again that it is they, and goes on."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from litestar import Request, Response, Router, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.audit.actions import BY_NAME
from console.errors import Conflict, Invalid
from console.http.route_options import PAGE_NAMED
from console.http.sign_in_throttle import succeeded
from console.organizations.rules import PROOF_LASTS, Caller
from console.pages.administration import FORM_BYTES, SECRET
from console.pages.next_address import within
from console.pages.own_password import begin_own_attempt, check_own_password
from console.pages.passkey_answers import answered_by
from console.pages.session_cookie import session_cookie
from console.sessions.writes import renew_session
from console.settings import Settings
from console.store.database import Database
from console.users.factors_reads import has_second_factor, passkeys_of
from console.users.factors_writes import use_passkey, use_second_factor
from console.users.reads import has_password

Asked = Request[Any, Any, Any]
Fields = list[tuple[str, str]]
OWN = "proof_"  # how the fields of the proof begin; all others are those of the form that waits
AGAIN = "proof_again"  # of the form that waits, a secret that is typed once more
# Of forms that may wait, what no page may hold: it is typed again. By the field's name, its label.
SECRETS = {
    "once_client_secret": "Client secret of 1NCE's Management API",
    "streamer_password": "Password of the Data Streamer",
    "present": "Your present password",
    "password": "New password",
}
BY_PROVIDER = "You sign in by the identity provider: sign in there again"


@post("/prove", status_code=200)
async def ask(
    request: Asked,
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    to: FromQuery[str] = "/",
    action: FromQuery[str] = "",
) -> Template:
    """What is asked for, with the fields of the form that waits. Nothing is done yet."""
    fields = await _fields(request)
    async with db.reading() as reading:
        context = await _context(reading, caller, fields, to, action)
    if request.headers.get("hx-request"):  # the page behind stays as it is, and its form goes on to the whole page
        context["address"] = f"/prove?{request.url.query}"
        return Template("prove/_go_on.html", context=context, headers=SECRET)
    context["back"] = _page_before(request)
    return Template("prove/prove.html", context=context, headers=SECRET)


@post("/prove/confirm", status_code=200)
async def confirm(
    request: Asked,
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    to: FromQuery[str] = "/",
    action: FromQuery[str] = "",
) -> Response[Any]:
    """The session counts as proved, with another cookie; the form that waits goes on, by a POST of the browser's."""
    now, fields = datetime.now(UTC), await _fields(request)
    given = {name: value for name, value in fields if name.startswith(OWN)}
    try:
        session_id = await _proved(request, caller, db, settings, given, now)
    except (Invalid, Conflict) as error:
        async with db.reading() as reading:
            context = await _context(reading, caller, fields, to, action)
        context |= {"fault": error.message, "back": within(given.get("proof_back", "/"))}
        return Template("prove/prove.html", context=context, status_code=422, headers=SECRET)
    context = {"fields": _waiting(fields), "again": _again(fields), "address": within(to), "text": _text(action)}
    cookies = [session_cookie(settings, session_id)]
    return Template("prove/go_on.html", context=context, headers=SECRET, cookies=cookies)


async def _proved(
    request: Asked, caller: Caller, db: Database, settings: Settings, given: dict[str, str], now: datetime
) -> str:
    """The session's new id. Raises Invalid for a wrong password or code, Conflict for who has no password here."""
    assert caller.user_id is not None
    assert caller.session is not None
    async with db.reading() as reading:
        if not await has_password(reading, caller.user_id):
            raise Conflict(BY_PROVIDER)
        factor = await has_second_factor(reading, caller.user_id)
    found, attempt = None, None
    if answer := given.get("proof_passkey"):  # it verifies its user: nothing else is asked
        found = await answered_by(request, db, settings, answer, caller, caller.user_id, "session.prove")
    else:
        await check_own_password(request, caller, db, settings, given.get("proof_password", ""), now)
        attempt = await begin_own_attempt(request, caller, db, settings, now) if factor else None
    async with db.transaction() as transaction, acting(transaction, caller, "session.prove", caller.name) as act:
        used = "password"
        if found is not None:
            used = await use_passkey(transaction, found.passkey, found.uses, now)
        elif factor:
            code = given.get("proof_code", "")
            used = await use_second_factor(transaction, settings.secret_key, caller.user_id, code, now)
        act.after = {"by": used}
        session_id = await renew_session(transaction, caller.session, proved_at=now)
    if attempt is not None:
        await succeeded(db.redis, attempt)
    return session_id


async def _context(reading: AsyncConnection, caller: Caller, fields: Fields, to: str, action: str) -> dict[str, Any]:
    assert caller.user_id is not None
    return {
        "fields": _waiting(fields),
        "again": _again(fields),
        "to": within(to),
        "action": action,
        "text": _text(action),
        "minutes": int(PROOF_LASTS.total_seconds() // 60),
        "password": await has_password(reading, caller.user_id),
        "factor": await has_second_factor(reading, caller.user_id),
        "passkeys": await passkeys_of(reading, caller.user_id),
        "name": caller.name,
        "fault": "",
    }


async def _fields(request: Asked) -> Fields:
    """What the form sent, in its order."""
    form = await request.form()
    return [(name, value) for name, value in form.multi_items() if isinstance(value, str)]


def _waiting(fields: Iterable[tuple[str, str]]) -> Fields:
    return [(name, value) for name, value in fields if not name.startswith(OWN) and not (name in SECRETS and value)]


def _again(fields: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The secrets that the form held, by their names: their labels."""
    held = {name for name, value in fields if name in SECRETS and value}
    held |= {value for name, value in fields if name == AGAIN}
    return {name: label for name, label in SECRETS.items() if name in held}


def _text(action: str) -> str:
    return BY_NAME[action].text if action in BY_NAME else "This"


def _page_before(request: Asked) -> str:
    """The page that the form stands on, for whoever does not go on."""
    before = urlsplit(request.headers.get("referer", ""))
    return within(before.path + (f"?{before.query}" if before.query else "")) if before.path else "/"


router = Router(
    "/",
    route_handlers=[ask, confirm],
    request_max_body_size=2 * FORM_BYTES,
    opt={"permission": None, PAGE_NAMED: "to"},
)
