"""A user's own authenticator application: set up, confirmed, removed, and new recovery codes."""

from datetime import UTC, datetime
from typing import Any

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.response import Redirect, Template
from msgspec import Struct

from console.acting import acting, need_proof
from console.errors import Conflict, Invalid
from console.http.sign_in_throttle import succeeded
from console.organizations.rules import Caller
from console.pages.administration import FORM_BYTES, Form
from console.pages.authenticator import CodeForm
from console.pages.factor_page import ADDRESS, FactorPage, after_removal, factor_page, renewed
from console.pages.own_password import begin_own_attempt, check_own_password
from console.settings import Settings
from console.store.database import Database
from console.users import factors_reads as reads
from console.users import factors_writes as writes

Asked = Request[Any, Any, Any]


class BeginForm(Struct):
    """The present password."""

    present: str = ""


class ChangeForm(BeginForm):
    """What it takes to change what is set up, however new the session is: the password, and a code as well."""

    code: str = ""


@get("/settings/second-factor")
async def second_factor(shown: NamedDependency[FactorPage]) -> Template:
    """Whether there is one, what it takes to set it up, and which organizations demand it."""
    return await shown.drawn()


@post("/settings/second-factor", status_code=200)
async def begin(
    request: Asked,
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    shown: NamedDependency[FactorPage],
    data: Form[BeginForm],
) -> Response[Any]:
    """A new secret, as a QR code, for whoever knows the present password; who has a passkey proves by that."""
    assert caller.user_id is not None
    now = datetime.now(UTC)
    try:
        async with db.reading() as reading:
            proves = await reads.has_second_factor(reading, caller.user_id)  # a passkey
        if not proves:
            await check_own_password(request, caller, db, settings, data.present, now)
        async with db.transaction() as transaction, acting(transaction, caller, "account.begin_factor", caller.name):
            if proves or await reads.has_second_factor(transaction.connection, caller.user_id):
                need_proof(caller, "account.begin_factor")
            await writes.begin_second_factor(transaction, settings.secret_key, caller.user_id, now)
    except (Invalid, Conflict) as error:
        return await shown.drawn(fault=error.message)
    return Redirect(ADDRESS, status_code=303)


@post("/settings/second-factor/confirm", status_code=200)
async def confirm(
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    shown: NamedDependency[FactorPage],
    data: Form[CodeForm],
) -> Response[Any]:
    """It counts from now on: the page with the recovery codes, this once. All other sessions end."""
    assert caller.user_id is not None
    try:
        async with db.transaction() as transaction, acting(transaction, caller, "account.set_factor", caller.name):
            codes = await writes.confirm_second_factor(
                transaction, settings.secret_key, caller.user_id, data.code, datetime.now(UTC)
            )
            session_id = await renewed(transaction, caller, second_factor=True)
    except Invalid as error:
        return await shown.drawn(fault=error.message)
    return await shown.drawn(codes=codes, session_id=session_id)


@post("/settings/second-factor/recovery-codes", status_code=200)
async def renew_codes(
    request: Asked,
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    shown: NamedDependency[FactorPage],
    data: Form[ChangeForm],
) -> Response[Any]:
    """The page with new recovery codes, this once, for whoever knows the password and has the application."""
    assert caller.user_id is not None
    now, codes, fault = datetime.now(UTC), None, ""
    try:
        await check_own_password(request, caller, db, settings, data.present, now)
        attempt = await begin_own_attempt(request, caller, db, settings, now)
        async with db.transaction() as transaction, acting(transaction, caller, "account.renew_codes", caller.name):
            await writes.use_second_factor(transaction, settings.secret_key, caller.user_id, data.code, now)
            codes = await writes.renew_recovery_codes(transaction, caller.user_id)
        await succeeded(db.redis, attempt)
    except Invalid as error:
        fault = error.message
    return await shown.drawn(codes=codes, fault=fault)


@post("/settings/second-factor/remove", status_code=200)
async def remove(
    request: Asked,
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    shown: NamedDependency[FactorPage],
    data: Form[ChangeForm],
) -> Response[Any]:
    """The password alone signs in again, for whoever knows it and has the application. All other sessions end."""
    assert caller.user_id is not None
    now = datetime.now(UTC)
    try:
        await check_own_password(request, caller, db, settings, data.present, now)
        attempt = await begin_own_attempt(request, caller, db, settings, now)
        async with db.transaction() as transaction, acting(transaction, caller, "account.remove_factor", caller.name):
            await writes.use_second_factor(transaction, settings.secret_key, caller.user_id, data.code, now)
            await writes.remove_application(transaction, caller.user_id)
            session_id = await after_removal(transaction, caller, now)
    except (Invalid, Conflict) as error:
        return await shown.drawn(fault=error.message)
    await succeeded(db.redis, attempt)
    return shown.again(session_id)


router = Router(
    "/",
    route_handlers=[second_factor, begin, confirm, renew_codes, remove],
    request_max_body_size=FORM_BYTES,
    dependencies={"shown": Provide(factor_page)},
    opt={"permission": None},
)
