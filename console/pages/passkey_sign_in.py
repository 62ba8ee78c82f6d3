"""Signing in by a passkey alone, which verifies its user: two factors at once."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from litestar import Request, Response, Router, post
from litestar.di import NamedDependency
from litestar.enums import MediaType
from litestar.response import Redirect, Template
from msgspec import Struct

from console.acting import Actor, ActorKind, acting, refuse
from console.audit.bounds import Refused, is_written
from console.audit.rules import INSTALLATION
from console.callers import Callers
from console.errors import ConsoleError, Invalid, NotAllowed
from console.http.authentication import Access
from console.http.client_address import client_address, network_of
from console.http.sign_in_throttle import count_wrong_post
from console.log import logger
from console.members.entering import enter
from console.members.signing_in import entered
from console.pages.administration import FORM_BYTES, SECRET, Form
from console.pages.leaving import leave
from console.pages.next_address import after_sign_in, within
from console.pages.passkey_answers import Answered, answered, question
from console.pages.session_cookie import device_cookie, session_cookie
from console.sessions.challenges import Purpose
from console.settings import Settings
from console.store.database import Database
from console.users.factors_writes import use_passkey
from console.users.passkeys import questions_to_use

Asked = Request[Any, Any, Any]


class PasskeyForm(Struct):
    """A passkey's answer, and where to go on."""

    passkey: str = ""
    next: str = "/"


@post("/sign-in/passkey/question", status_code=200, include_in_schema=False)
async def ask(request: Asked, db: NamedDependency[Database], settings: NamedDependency[Settings]) -> Response[bytes]:
    """What the browser asks its passkeys, as JSON."""
    asked = await question(request, db, settings, Purpose.USE)
    body = await asyncio.to_thread(questions_to_use, asked.site, asked.challenge)
    return Response(body, media_type=MediaType.JSON, headers=SECRET, cookies=[asked.cookie])


@post("/sign-in/passkey", status_code=200, include_in_schema=False)
async def sign_in(
    request: Asked,
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    callers: NamedDependency[Callers],
    data: Form[PasskeyForm],
) -> Response[Any]:
    """A new session, of the organization that the passkey's user was in last. The one that the browser had ends."""
    now = datetime.now(UTC)
    try:
        try:
            found = await answered(request, db, settings, data.passkey)
        except Invalid as error:
            await _write_down(request, db, error, now)
            raise
        session_id = await _begun(request, db, found, now)
    except (Invalid, NotAllowed) as error:
        context = {"error": error.message, "name": "", "next": within(data.next)}
        return Template("sign_in/sign_in.html", context=context, status_code=401, headers=SECRET)
    logger("auth").info("signed in by a passkey", name=found.passkey.user, network=network_of(request.scope))
    await leave(request, db, settings, callers)
    cookies = [session_cookie(settings, session_id), device_cookie(settings, found.passkey.user, now)]
    return Redirect(after_sign_in(data.next), status_code=303, cookies=cookies)


async def _begun(request: Asked, db: Database, found: Answered, now: datetime) -> str:
    """The new session's id. Raises NotAllowed for who is no member of anything, Invalid for one used meanwhile."""
    who, address, agent = found.passkey, client_address(request.scope), request.headers.get("user-agent", "")
    actor = Actor(kind=ActorKind.USER, id=who.user_id, name=who.user)
    where = await entered(db, actor, now)
    organization_id = where.organization_id
    async with (
        db.transaction() as transaction,
        acting(transaction, actor, "session.begin", who.user, organization_id=organization_id) as act,
    ):
        act.after = {"passkey": who.name}
        await use_passkey(transaction, who, found.uses, now)
        return await enter(
            transaction, who.user_id, organization_id, now, second_factor=True, address=address, agent=agent
        )


async def _write_down(request: Asked, db: Database, error: ConsoleError, now: datetime) -> None:
    """A line of what was refused, of the whole installation: nobody is known. Raises TooMany for one try too many."""
    network = network_of(request.scope)
    await count_wrong_post(db.redis, network, now.timestamp())
    if await is_written(db.redis, Refused.SIGN_IN, network, now.timestamp(), organization_id=INSTALLATION):
        stranger = Actor(kind=ActorKind.STRANGER, name="passkey")
        async with db.transaction() as transaction:
            await refuse(transaction, stranger, "session.begin", None, error, organization_id=INSTALLATION)


router = Router(
    "/",
    route_handlers=[ask, sign_in],
    request_max_body_size=FORM_BYTES,
    opt={"access": Access.PUBLIC, "counted": True},
)
