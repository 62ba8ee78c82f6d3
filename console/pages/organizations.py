"""The organization's name and its account at 1NCE, for administrators; and entering another, for every member."""

from datetime import UTC, date, datetime, time
from typing import Any

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect, Template
from msgspec import Struct, structs
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.errors import Conflict, Invalid
from console.http.drawn_for import ANY_PAGE
from console.members.entering import switch
from console.members.founding import found_organization
from console.organizations import reads, writes
from console.organizations.rules import SECRET_DUE_SOON, Caller, Permission
from console.pages.administration import FORM_BYTES, Form, page
from console.pages.session_cookie import session_cookie
from console.settings import Settings
from console.store.database import Database

Asked = Request[Any, Any, Any]
BACK = "/organizations"


class OrganizationForm(Struct):
    """What can be changed of an organization; an empty secret stays as it is."""

    name: str = ""
    once_client_id: str = ""
    once_client_secret: str = ""
    streamer_username: str = ""
    streamer_password: str = ""


class SecondFactorForm(Struct):
    """The day in UTC from which members need a second factor; empty: they may have one."""

    since: str = ""

    def begins(self) -> datetime | None:
        """That day's beginning. Raises Invalid for a text that is no day."""
        try:
            return datetime.combine(date.fromisoformat(self.since), time(), UTC) if self.since.strip() else None
        except ValueError as error:
            raise Invalid("A day is like 2026-12-01") from error


class NewOrganizationForm(Struct):
    """A new organization."""

    slug: str = ""
    name: str = ""


class SwitchForm(Struct):
    """The organization to enter."""

    organization_id: int


async def _drawn(
    request: Asked, reading: AsyncConnection, caller: Caller, live_since: str, fault: str = ""
) -> Template:
    found = await reads.settings_of(reading, caller.organization_id)
    return await page(
        reading,
        caller,
        live_since,
        "organizations",
        "organizations/organizations.html",
        status=422 if fault else 200,
        mine=found,
        streamer_address=f"{str(request.base_url).rstrip('/')}/streamer/{found.slug}",
        soon=datetime.now(UTC) + SECRET_DUE_SOON,
        fault=fault,
    )


@get("/organizations")
async def organizations(
    request: Asked,
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    live_since: NamedDependency[str],
) -> Template:
    """The organization that the caller is in."""
    return await _drawn(request, reading, caller, live_since)


@post("/organizations", status_code=200)
async def change(
    request: Asked,
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    live_since: NamedDependency[str],
    data: Form[OrganizationForm],
) -> Response[Any]:
    """Back to the page; with the reason if something is refused."""
    given = {name: value for name, value in structs.asdict(data).items() if value.strip()}
    try:
        async with (
            db.transaction() as transaction,
            acting(transaction, caller, "organization.change", caller.organization),
        ):
            await writes.change_settings(transaction, settings.secret_key, caller.organization_id, given)
    except Invalid as error:
        async with db.reading() as reading:
            return await _drawn(request, reading, caller, live_since, error.message)
    return Redirect(BACK, status_code=303)


@post("/organizations/second-factor", status_code=303)
async def demand(
    caller: NamedDependency[Caller], db: NamedDependency[Database], data: Form[SecondFactorForm]
) -> Redirect:
    """From a day on, its members need a second factor."""
    since = data.begins()
    async with (
        db.transaction() as transaction,
        acting(transaction, caller, "organization.change", caller.organization) as act,
    ):
        act.after = {"second_factor_from": str(since)}
        await writes.demand_second_factor(transaction, caller.organization_id, since)
    return Redirect(BACK, status_code=303)


@post("/organizations/check", status_code=303)
async def check(caller: NamedDependency[Caller], db: NamedDependency[Database]) -> Redirect:
    """A worker tries the credentials at 1NCE."""
    async with db.transaction() as transaction, acting(transaction, caller, "organization.check", caller.organization):
        await writes.request_check(transaction, caller.organization_id, datetime.now(UTC))
    return Redirect(BACK, status_code=303)


@post("/organizations/new", status_code=200)
async def found(
    request: Asked,
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    live_since: NamedDependency[str],
    data: Form[NewOrganizationForm],
) -> Response[Any]:
    """Into a new organization, of which the caller is the first administrator."""
    assert caller.user_id is not None
    assert caller.session is not None
    now = datetime.now(UTC)
    try:
        async with db.transaction() as transaction, acting(transaction, caller, "organization.add", data.slug) as act:
            organization_id = await found_organization(transaction, settings, data.slug, data.name, caller.user_id, now)
            act.after = {"organization_id": organization_id, "name": data.name.strip(), "administrator": caller.name}
            session_id = await switch(transaction, caller.session, caller.user_id, organization_id, now)
    except (Invalid, Conflict) as error:
        async with db.reading() as reading:
            return await _drawn(request, reading, caller, live_since, error.message)
    return Redirect(BACK, status_code=303, cookies=[session_cookie(settings, session_id)])


@post("/organizations/current", status_code=303, opt={"permission": None, ANY_PAGE: True})
async def enter(
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    data: Form[SwitchForm],
) -> Redirect:
    """The overview of another organization of the user; the session has a new cookie."""
    assert caller.user_id is not None
    assert caller.session is not None
    async with (
        db.transaction() as transaction,
        acting(transaction, caller, "session.switch", str(data.organization_id)),
    ):
        session_id = await switch(transaction, caller.session, caller.user_id, data.organization_id, datetime.now(UTC))
    return Redirect("/", status_code=303, cookies=[session_cookie(settings, session_id)])


router = Router(
    "/",
    route_handlers=[
        enter,
        Router("/", route_handlers=[organizations, change, demand, check, found], opt={"permission": Permission.ADMIN}),
    ],
    request_max_body_size=FORM_BYTES,
)
