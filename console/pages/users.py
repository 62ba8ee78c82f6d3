"""The members of the organization, and what each role may do. For administrators."""

from datetime import UTC, datetime
from typing import Any

from litestar import Request, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.api_keys.reads import maker_behind
from console.members import links_writes, reads, writes
from console.members.api import decided_about
from console.members.one_time_links import INVITED_FOR, RESET_FOR, open_links
from console.members.rules import check_grant
from console.organizations.rules import ALLOWS, PERMISSIONS, Caller, Permission, Role
from console.pages.administration import FORM_BYTES, Form, page
from console.sessions.writes import end_sessions_of
from console.store.database import Database

Asked = Request[Any, Any, Any]
BACK = "/users"


class InvitationForm(Struct):
    """A new invitation."""

    role: Role = Role.VIEWER
    note: str = ""


class RoleForm(Struct):
    """A member's new role."""

    role: Role


async def _drawn(
    reading: AsyncConnection,
    caller: Caller,
    live_since: str,
    *,
    link: str = "",
    link_for: str = "",
    link_days: int = 0,
) -> Template:
    now = datetime.now(UTC)
    return await page(
        reading,
        caller,
        live_since,
        "users",
        "users/users.html",
        secret=bool(link),
        me=caller.user_id,
        members=await reads.members_of(reading, caller.organization_id, now),
        links=await open_links(reading, caller.organization_id, now),
        roles=[role for role in Role if caller.may_grant(PERMISSIONS[role])],
        link=link,
        link_for=link_for,
        link_days=link_days,
    )


@get("/users")
async def users(
    caller: NamedDependency[Caller], reading: NamedDependency[AsyncConnection], live_since: NamedDependency[str]
) -> Template:
    """Members with role, last use and sessions; invitations that wait."""
    return await _drawn(reading, caller, live_since)


@get("/roles", opt={"permission": Permission.SIMS_READ})
async def roles(
    caller: NamedDependency[Caller], reading: NamedDependency[AsyncConnection], live_since: NamedDependency[str]
) -> Template:
    """What each role may do, by the table that decides it."""
    return await page(
        reading, caller, live_since, "roles", "users/roles.html", roles=list(Role), granted=PERMISSIONS, allows=ALLOWS
    )


@post("/users/invitations", status_code=200)
async def invite(
    request: Asked,
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    live_since: NamedDependency[str],
    data: Form[InvitationForm],
) -> Template:
    """The page with the link, which is shown this once."""
    async with db.transaction() as transaction, acting(transaction, caller, "user.invite", data.role) as act:
        check_grant(caller, data.role)
        act.after = {"role": data.role, "days": INVITED_FOR.days}  # the note may hold a number of a person
        maker = await maker_behind(transaction.connection, caller)
        token = await links_writes.invite(
            transaction, caller.organization_id, data.role, data.note, maker, datetime.now(UTC)
        )
    whom = f"{data.note.strip()}, {data.role}" if data.note.strip() else f"Invitation as {data.role}"
    return await _with_link(request, db, caller, live_since, token, whom, INVITED_FOR.days)


@post("/users/{user_id:int}/reset", status_code=200)
async def reset(
    request: Asked,
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    live_since: NamedDependency[str],
    user_id: FromPath[int],
) -> Template:
    """The page with a link for a new password, which is shown this once."""
    async with db.transaction() as transaction, acting(transaction, caller, "user.reset_password", str(user_id)) as act:
        member = await decided_about(transaction.connection, caller, user_id)
        act.before = member.standing
        maker = await maker_behind(transaction.connection, caller)
        token = await links_writes.make_reset_link(
            transaction, caller.organization_id, user_id, maker, datetime.now(UTC)
        )
    whom = f"New password of {member.name}"
    return await _with_link(request, db, caller, live_since, token, whom, RESET_FOR.days)


async def _with_link(
    request: Asked, db: Database, caller: Caller, live_since: str, token: str, whom: str, days: int
) -> Template:
    link = f"{str(request.base_url).rstrip('/')}/join/{token}"
    async with db.reading() as reading:
        return await _drawn(reading, caller, live_since, link=link, link_for=whom, link_days=days)


@post("/users/invitations/{link_id:int}/withdraw", status_code=303)
async def withdraw(caller: NamedDependency[Caller], db: NamedDependency[Database], link_id: FromPath[int]) -> Redirect:
    """The link opens nothing any more."""
    async with db.transaction() as transaction, acting(transaction, caller, "link.withdraw", str(link_id)) as act:
        act.before = await links_writes.withdraw_link(transaction, caller.organization_id, link_id)
    return Redirect(BACK, status_code=303)


@post("/users/{user_id:int}/role", status_code=303)
async def change_role(
    caller: NamedDependency[Caller], db: NamedDependency[Database], user_id: FromPath[int], data: Form[RoleForm]
) -> Redirect:
    """Another role; the member's sessions here end."""
    async with db.transaction() as transaction, acting(transaction, caller, "user.change", str(user_id)) as act:
        check_grant(caller, data.role)
        act.before = (await decided_about(transaction.connection, caller, user_id)).standing
        act.after = {"role": data.role}
        await writes.change_role(transaction, caller, caller.organization_id, user_id, data.role, datetime.now(UTC))
    return Redirect(BACK, status_code=303)


@post("/users/{user_id:int}/disable", status_code=303)
async def disable(caller: NamedDependency[Caller], db: NamedDependency[Database], user_id: FromPath[int]) -> Redirect:
    """The member may not sign in here."""
    async with db.transaction() as transaction, acting(transaction, caller, "user.change", str(user_id)) as act:
        act.before = (await decided_about(transaction.connection, caller, user_id)).standing
        act.after = {"disabled": True}
        await writes.disable_member(transaction, caller, caller.organization_id, user_id, datetime.now(UTC))
    return Redirect(BACK, status_code=303)


@post("/users/{user_id:int}/enable", status_code=303)
async def enable(caller: NamedDependency[Caller], db: NamedDependency[Database], user_id: FromPath[int]) -> Redirect:
    """The member may sign in again."""
    async with db.transaction() as transaction, acting(transaction, caller, "user.change", str(user_id)) as act:
        act.before = (await decided_about(transaction.connection, caller, user_id)).standing
        act.after = {"disabled": False}
        await writes.enable_member(transaction, caller.organization_id, user_id)
    return Redirect(BACK, status_code=303)


@post("/users/{user_id:int}/remove", status_code=303)
async def remove(caller: NamedDependency[Caller], db: NamedDependency[Database], user_id: FromPath[int]) -> Redirect:
    """They are no member any more."""
    async with db.transaction() as transaction, acting(transaction, caller, "user.remove", str(user_id)) as act:
        act.before = (await decided_about(transaction.connection, caller, user_id)).standing
        await writes.remove_member(transaction, caller, caller.organization_id, user_id, datetime.now(UTC))
    return Redirect(BACK, status_code=303)


@post("/users/{user_id:int}/sign-out", status_code=303)
async def sign_out(caller: NamedDependency[Caller], db: NamedDependency[Database], user_id: FromPath[int]) -> Redirect:
    """All of the member's sessions in this organization end."""
    async with db.transaction() as transaction, acting(transaction, caller, "user.sign_out", str(user_id)) as act:
        act.before = (await decided_about(transaction.connection, caller, user_id)).standing
        await end_sessions_of(transaction, user_id, organization_id=caller.organization_id)
    return Redirect(BACK, status_code=303)


deciding = [users, invite, reset, withdraw, change_role, disable, enable, remove, sign_out]
router = Router(
    "/",
    route_handlers=[roles, Router("/", route_handlers=deciding, opt={"permission": Permission.ADMIN})],
    request_max_body_size=FORM_BYTES,
)
