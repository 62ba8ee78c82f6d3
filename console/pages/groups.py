"""The roles that groups of the identity provider give in the organization. For administrators."""

from datetime import UTC, datetime
from typing import Any

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.errors import Invalid
from console.members.group_roles import group_role, group_roles_of, judge_again
from console.members.rules import check_grant
from console.organizations.rules import PERMISSIONS, Caller, Permission, Role
from console.organizations.writes import map_group, unmap_group
from console.pages.administration import FORM_BYTES, Form, page
from console.settings import Settings
from console.store.database import Database

Asked = Request[Any, Any, Any]
BACK = "/groups"


class GroupForm(Struct):
    """A group of the provider, and the role that it is to have."""

    name: str = ""
    role: Role = Role.VIEWER


async def _drawn(
    request: Asked, reading: AsyncConnection, caller: Caller, live_since: str, settings: Settings, fault: str = ""
) -> Template:
    here = str(request.base_url).rstrip("/")
    return await page(
        reading,
        caller,
        live_since,
        "users",
        "groups/groups.html",
        status=422 if fault else 200,
        groups=await group_roles_of(reading, caller.organization_id),
        roles=[role for role in Role if caller.may_grant(PERMISSIONS[role])],
        issuer=settings.oidc_issuer,
        claim=settings.oidc_groups_claim,
        origin=here if not settings.public_origin or here in settings.public_origin else settings.public_origin[0],
        fault=fault,
    )


@get("/groups")
async def groups_page(
    request: Asked,
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    settings: NamedDependency[Settings],
    live_since: NamedDependency[str],
) -> Template:
    """The groups that have a role, and a form for another."""
    return await _drawn(request, reading, caller, live_since, settings)


@post("/groups", status_code=200)
async def map_a_group(
    request: Asked,
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    live_since: NamedDependency[str],
    data: Form[GroupForm],
) -> Response[Any]:
    """A group has this role from now on; members who follow it have it at once. With the reason if it is refused."""
    now = datetime.now(UTC)
    try:
        async with db.transaction() as transaction, acting(transaction, caller, "group.map", data.name) as act:
            check_grant(caller, data.role)
            act.after = {"role": data.role}
            await map_group(transaction, caller.organization_id, data.name, data.role, caller.name, now)
            await judge_again(transaction, caller, now)
    except Invalid as error:
        async with db.reading() as reading:
            return await _drawn(request, reading, caller, live_since, settings, error.message)
    return Redirect(BACK, status_code=303)


@post("/groups/{group_id:int}/remove", status_code=303)
async def unmap_a_group(
    caller: NamedDependency[Caller], db: NamedDependency[Database], group_id: FromPath[int]
) -> Redirect:
    """A group has no role any more; members who followed it alone are none, and their sessions end."""
    async with db.transaction() as transaction, acting(transaction, caller, "group.unmap", str(group_id)) as act:
        mapped = await group_role(transaction.connection, caller.organization_id, group_id)
        check_grant(caller, mapped.role)
        act.before = {"name": mapped.name, "role": mapped.role}
        await unmap_group(transaction, caller.organization_id, group_id)
        await judge_again(transaction, caller, datetime.now(UTC))
    return Redirect(BACK, status_code=303)


router = Router(
    "/",
    route_handlers=[groups_page, map_a_group, unmap_a_group],
    request_max_body_size=FORM_BYTES,
    opt={"permission": Permission.ADMIN},
)
