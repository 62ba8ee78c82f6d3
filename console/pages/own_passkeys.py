"""A user's own passkeys: made, listed, removed."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from litestar import Request, Response, Router, post
from litestar.di import NamedDependency, Provide
from litestar.enums import MediaType
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Struct

from console.acting import acting, need_proof
from console.errors import Conflict, Invalid
from console.organizations.rules import Caller
from console.pages.administration import FORM_BYTES, SECRET, Form
from console.pages.factor_page import ADDRESS, FactorPage, after_removal, factor_page, renewed
from console.pages.passkey_answers import asked_of, question
from console.sessions.challenges import Purpose
from console.settings import Settings
from console.store.database import Database
from console.users import factors_reads as reads
from console.users import factors_writes as writes
from console.users.passkeys import made, questions_to_make
from console.users.reads import has_password

Asked = Request[Any, Any, Any]
BY_CODE = "Recovery codes of an application are renewed by a code of it"
BY_PROVIDER = "You sign in by the identity provider: it asks for passkeys, not this console"


class NewPasskeyForm(Struct):
    """What the passkey is called, and the authenticator's answer."""

    name: str = ""
    passkey: str = ""


class PasskeyNameForm(Struct):
    """What a passkey is to be called."""

    name: str = ""


@post("/settings/passkeys/question", status_code=200)
async def ask(
    request: Asked, caller: NamedDependency[Caller], db: NamedDependency[Database], settings: NamedDependency[Settings]
) -> Response[bytes]:
    """What the browser asks its authenticator for a new passkey, as JSON."""
    assert caller.user_id is not None
    async with db.reading() as reading:
        handle, known = await reads.handle_of(reading, caller.user_id)
    asked = await question(request, db, settings, Purpose.MAKE)
    body = await asyncio.to_thread(
        questions_to_make, asked.site, asked.challenge, caller.name, handle or asked.handle, known
    )
    return Response(body, media_type=MediaType.JSON, headers=SECRET, cookies=[asked.cookie])


@post("/settings/passkeys", status_code=200)
async def add(
    request: Asked,
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    shown: NamedDependency[FactorPage],
    data: Form[NewPasskeyForm],
) -> Response[Any]:
    """It counts from now on, as a second factor and alone; the first brings recovery codes. All other sessions end."""
    assert caller.user_id is not None
    now, codes = datetime.now(UTC), None
    try:
        async with (
            db.transaction() as transaction,
            acting(transaction, caller, "account.add_passkey", caller.name) as act,
        ):
            act.after = {"name": data.name[:100]}
            if not await has_password(transaction.connection, caller.user_id):
                raise Conflict(BY_PROVIDER)
            asked = await asked_of(request, db, settings, Purpose.MAKE)
            key = await asyncio.to_thread(made, data.passkey, asked.site, asked.challenge)
            handle, _ = await reads.handle_of(transaction.connection, caller.user_id)
            first = not await reads.has_second_factor(transaction.connection, caller.user_id)
            host, handle = asked.site.host, handle or asked.handle
            await writes.add_passkey(
                transaction, caller.user_id, key, handle=handle, host=host, name=data.name, now=now
            )
            if first:
                codes = await writes.renew_recovery_codes(transaction, caller.user_id)
            session_id = await renewed(transaction, caller, second_factor=True)
    except (Invalid, Conflict) as error:
        return await shown.drawn(fault=error.message)
    return await shown.drawn(codes=codes, session_id=session_id)


@post("/settings/passkeys/{passkey_id:int}/rename", status_code=200)
async def rename(
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    shown: NamedDependency[FactorPage],
    passkey_id: FromPath[int],
    data: Form[PasskeyNameForm],
) -> Response[Any]:
    """It is listed by another name; what it opens stays."""
    assert caller.user_id is not None
    try:
        async with (
            db.transaction() as transaction,
            acting(transaction, caller, "account.rename_passkey", caller.name) as act,
        ):
            before = await writes.rename_passkey(transaction, caller.user_id, passkey_id, data.name)
            act.before, act.after = {"name": before}, {"name": data.name.strip()}
    except Invalid as error:
        return await shown.drawn(fault=error.message)
    return Redirect(ADDRESS, status_code=303)


@post("/settings/passkeys/{passkey_id:int}/remove", status_code=200)
async def remove(
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    shown: NamedDependency[FactorPage],
    passkey_id: FromPath[int],
) -> Response[Any]:
    """It opens nothing any more. All other sessions end."""
    assert caller.user_id is not None
    try:
        async with (
            db.transaction() as transaction,
            acting(transaction, caller, "account.remove_passkey", caller.name) as act,
        ):
            act.before = {"name": await writes.remove_passkey(transaction, caller.user_id, passkey_id)}
            session_id = await after_removal(transaction, caller, datetime.now(UTC))
    except Conflict as error:
        return await shown.drawn(fault=error.message)
    return shown.again(session_id)


@post("/settings/passkeys/recovery-codes", status_code=200)
async def renew_codes(
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    shown: NamedDependency[FactorPage],
) -> Response[Any]:
    """The page with new recovery codes, this once, for whoever has passkeys and no application."""
    assert caller.user_id is not None
    codes, fault = None, ""
    try:
        async with db.transaction() as transaction, acting(transaction, caller, "account.renew_codes", caller.name):
            need_proof(caller, "account.renew_codes")
            factor = await reads.second_factor_of(transaction.connection, caller.user_id)
            keys = await reads.passkeys_of(transaction.connection, caller.user_id)
            if not keys or (factor is not None and factor.confirmed_at is not None):
                raise Conflict(BY_CODE)
            codes = await writes.renew_recovery_codes(transaction, caller.user_id)
    except Conflict as error:
        fault = error.message
    return await shown.drawn(codes=codes, fault=fault)


router = Router(
    "/",
    route_handlers=[ask, add, rename, remove, renew_codes],
    request_max_body_size=FORM_BYTES,
    dependencies={"shown": Provide(factor_page)},
    opt={"permission": None},
)
