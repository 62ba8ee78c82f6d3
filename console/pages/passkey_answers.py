"""What a browser's passkeys are asked, and whether an answer is right: at sign-in, after the password, as a proof."""

import asyncio
import secrets
import time
from datetime import timedelta
from typing import Any

from litestar import Request
from litestar.datastructures import Cookie
from msgspec import Struct

from console.acting import Actor, refuse
from console.audit.bounds import Refused, is_written
from console.audit.rules import INSTALLATION
from console.errors import Invalid
from console.http.origins import own_origin
from console.organizations.rules import Caller
from console.pages.session_cookie import cookie
from console.sessions.challenges import Purpose, ask, take
from console.sessions.oidc_attempts import RANDOM
from console.settings import Settings
from console.store.database import Database
from console.users.factors_reads import KnownPasskey, passkey_of
from console.users.passkeys import (
    CHALLENGE_BYTES,
    HANDLE_BYTES,
    LASTS_SECONDS,
    Site,
    credential_in,
    site_of,
    uses_in,
)

Asked = Request[Any, Any, Any]
NO_HOST = "Passkeys need a host name: open this console by its name with https, or as localhost"
TOO_LATE = "That took too long, or was tried before: try again"
UNKNOWN = "This passkey opens nothing here"


class Question(Struct, frozen=True):
    """A question to a passkey, with the cookie of the browser that is to bring the answer."""

    site: Site
    challenge: bytes
    handle: bytes  # for a user who has no passkey yet
    cookie: Cookie


class Answered(Struct, frozen=True):
    """A passkey that has answered rightly, and how often it says that it was used."""

    passkey: KnownPasskey
    uses: int


async def question(request: Asked, db: Database, settings: Settings, purpose: Purpose) -> Question:
    """A new one. Raises Invalid where passkeys do not work."""
    name, site = _name(settings), _site(request, settings)
    held = request.cookies.get(name, "")
    browser = held if RANDOM.fullmatch(held) else secrets.token_urlsafe(32)
    size_bytes = CHALLENGE_BYTES + HANDLE_BYTES
    asked = await ask(db.redis, browser, purpose, size_bytes=size_bytes, lasts_seconds=LASTS_SECONDS)
    kept = cookie(settings, name, browser, timedelta(seconds=LASTS_SECONDS))
    return Question(site, asked[:CHALLENGE_BYTES], asked[CHALLENGE_BYTES:], kept)


async def asked_of(request: Asked, db: Database, settings: Settings, purpose: Purpose) -> Question:
    """The question that this browser was asked, which is answered once. Raises Invalid if there is none."""
    name, site = _name(settings), _site(request, settings)
    browser = request.cookies.get(name, "")
    found = await take(db.redis, browser, purpose)
    if found is None:
        raise Invalid(TOO_LATE)
    return Question(site, found[:CHALLENGE_BYTES], found[CHALLENGE_BYTES:], cookie(settings, name, "", timedelta(0)))


async def answered(
    request: Asked, db: Database, settings: Settings, answer: str, *, user_id: int | None = None
) -> Answered:
    """Which passkey has answered. Raises Invalid if it is not right, or not this user's."""
    asked = await asked_of(request, db, settings, Purpose.USE)
    credential_id, handle = await asyncio.to_thread(credential_in, answer)
    async with db.reading() as reading:
        known = await passkey_of(reading, credential_id)
    if known is None or user_id not in (None, known.user_id) or handle not in (None, known.user_handle):
        raise Invalid(UNKNOWN)
    uses = await asyncio.to_thread(
        uses_in, answer, asked.site, asked.challenge, public_key=known.public_key, uses=known.uses
    )
    return Answered(known, uses)


async def answered_by(
    request: Asked,
    db: Database,
    settings: Settings,
    answer: str,
    who: Caller | Actor,
    user_id: int,
    action: str,
    *,
    organization_id: int = INSTALLATION,
) -> Answered:
    """Which of this user's passkeys has answered. One that is not right is written down as `action`, refused.

    `who` is the user as the audit trail names them; an Actor names the organization.
    """
    try:
        return await answered(request, db, settings, answer, user_id=user_id)
    except Invalid as error:
        if await is_written(db.redis, Refused.SIGN_IN, f"user:{user_id}", time.time()):
            async with db.transaction() as transaction:
                await refuse(transaction, who, action, who.name, error, organization_id=organization_id)
        raise


def _site(request: Asked, settings: Settings) -> Site:
    site = site_of(own_origin(request, settings))
    if site is None:
        raise Invalid(NO_HOST)
    return site


def _name(settings: Settings) -> str:
    return "__Host-passkey" if settings.secure_cookies else "passkey"
