"""A user's own account: password, and the sessions that are open."""

from datetime import UTC, datetime
from typing import Any

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect, Template
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.errors import Invalid
from console.members.links_writes import withdraw_links_of
from console.members.reads import memberships_of
from console.organizations.preferences import DENSITIES, NUMBER_FORMATS, WEEK_STARTS
from console.organizations.rules import Caller
from console.pages import own_sessions
from console.pages.administration import FORM_BYTES, Form, page
from console.pages.devices import device_name
from console.pages.navigation import offered
from console.pages.own_password import check_own_password
from console.pages.own_preferences import PreferencesForm, differing, start
from console.pages.session_cookie import session_cookie
from console.sessions.reads import session_number, sessions_of
from console.sessions.writes import renew_session
from console.settings import Settings
from console.store.database import Database
from console.users.factors_reads import passkeys_of, second_factor_of
from console.users.preferences import START_PAGES
from console.users.reads import has_password, linked_issuer, mail_address_of
from console.users.writes import set_mail_address, set_password, set_preferences
from console.users.zones import zones_by_region

BACK = "/settings"


class MailForm(Struct):
    """Where a link for a new password is mailed."""

    mail_address: str = ""


class PasswordForm(Struct):
    """The present password, and the one to take its place."""

    present: str = ""
    password: str = ""


async def _drawn(
    reading: AsyncConnection, caller: Caller, settings: Settings, live_since: str, fault: str = ""
) -> Template:
    assert caller.user_id is not None
    assert caller.session is not None
    memberships = await memberships_of(reading, caller.user_id)
    return await page(
        reading,
        caller,
        live_since,
        "settings",
        "settings/settings.html",
        status=422 if fault else 200,
        sessions=await sessions_of(reading, caller.user_id, datetime.now(UTC)),
        factor=await second_factor_of(reading, caller.user_id),
        passkeys=await passkeys_of(reading, caller.user_id),
        this=await session_number(reading, caller.session),
        names={one.organization_id: one.organization for one in memberships},
        device_name=device_name,
        issuer=settings.oidc_issuer,
        linked=await linked_issuer(reading, caller.user_id),
        has_password=await has_password(reading, caller.user_id),
        mail_address=await mail_address_of(reading, caller.user_id),
        zones=zones_by_region(),
        week_starts={one: one.capitalize() for one in WEEK_STARTS},
        number_formats={one: one for one in NUMBER_FORMATS},
        densities=DENSITIES,
        start_pages={one.path: one.title for one in offered(caller.permissions) if one.path in START_PAGES},
        fault=fault,
    )


@get("/settings")
async def settings_page(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    settings: NamedDependency[Settings],
    live_since: NamedDependency[str],
) -> Template:
    """The user's open sessions, and a form for another password."""
    return await _drawn(reading, caller, settings, live_since)


@post("/settings/password", status_code=200)
async def change_password(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    live_since: NamedDependency[str],
    data: Form[PasswordForm],
) -> Response[Any]:
    """Another password: all other sessions end, and this one has a new cookie."""
    assert caller.user_id is not None
    assert caller.session is not None
    try:
        await check_own_password(request, caller, db, settings, data.present, datetime.now(UTC))
        async with db.transaction() as transaction, acting(transaction, caller, "account.change_password", caller.name):
            await set_password(
                transaction, caller.user_id, data.password, words=[caller.organization], but=caller.session
            )
            await withdraw_links_of(transaction, caller.user_id)
            session_id = await renew_session(transaction, caller.session)
    except Invalid as error:
        async with db.reading() as reading:
            return await _drawn(reading, caller, settings, live_since, error.message)
    return Redirect(BACK, status_code=303, cookies=[session_cookie(settings, session_id)])


@post("/settings/mail-address", status_code=200)
async def change_mail(
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    live_since: NamedDependency[str],
    data: Form[MailForm],
) -> Response[Any]:
    """Where a link for a new password is mailed; empty for nowhere. Whoever has that mailbox can set one."""
    assert caller.user_id is not None
    address = data.mail_address.strip() or None
    try:
        async with (
            db.transaction() as transaction,
            acting(transaction, caller, "account.change_mail", caller.name) as act,
        ):
            act.before = {"given": await mail_address_of(transaction.connection, caller.user_id) is not None}
            await withdraw_links_of(transaction, caller.user_id)  # they are in the mailbox before
            act.after = {"given": address is not None}
            await set_mail_address(transaction, caller.user_id, address)
    except Invalid as error:
        async with db.reading() as reading:
            return await _drawn(reading, caller, settings, live_since, error.message)
    return Redirect(BACK, status_code=303)


async def _choose(db: Database, caller: Caller, form: PreferencesForm) -> None:
    assert caller.user_id is not None
    if not (chosen := differing(caller.preferences, form)):
        return
    async with (
        db.transaction() as transaction,
        acting(transaction, caller, "account.change_preferences", caller.name) as act,
    ):
        act.before, act.after = {name: getattr(caller.preferences, name) for name in chosen}, chosen
        await set_preferences(transaction, caller.user_id, chosen)


@post("/settings/preferences", status_code=200)
async def change_preferences(
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    live_since: NamedDependency[str],
    data: Form[PreferencesForm],
) -> Response[Any]:
    """How this user wants the console shown, on every device."""
    try:
        await _choose(db, caller, data)
    except Invalid as error:
        async with db.reading() as reading:
            return await _drawn(reading, caller, settings, live_since, error.message)
    return Redirect(BACK, status_code=303)


@post("/settings/sim-list", status_code=204)
async def change_sim_list(
    caller: NamedDependency[Caller], db: NamedDependency[Database], data: Form[PreferencesForm]
) -> None:
    """Columns and density, as the list of SIMs sends them by itself. Raises Invalid."""
    await _choose(db, caller, data)


router = Router(
    "/",
    route_handlers=[
        start,
        settings_page,
        change_password,
        change_mail,
        change_preferences,
        change_sim_list,
        own_sessions.router,
    ],
    request_max_body_size=FORM_BYTES,
    opt={"permission": None},
)
