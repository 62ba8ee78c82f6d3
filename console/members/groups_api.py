"""The roles that groups of the identity provider give in the organization, for programs."""

from datetime import UTC, datetime
from typing import Annotated

from litestar import HttpMethod, Router, get, post, route
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.http.fields import FieldNames, selected
from console.members.group_roles import GroupRole, group_role, group_roles_of, judge_again
from console.members.rules import check_grant
from console.organizations.rules import Caller, Permission, Role
from console.organizations.writes import map_group, unmap_group
from console.store.database import Database


class GroupRoles(Struct, frozen=True, kw_only=True):
    """The groups of the identity provider that have a role in your organization."""

    items: Annotated[list[GroupRole], Meta(description="The groups, by name.")]


class NewGroupRole(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A group of the identity provider, and the role that it is to have."""

    name: Annotated[str, Meta(description="The group, as the provider writes it.", examples=["fleet-operators"])]
    role: Annotated[Role, Meta(description="The role of its members here.")]


@get("/group-roles", operation_id="listGroupRoles", summary="List the groups that have a role")
async def list_group_roles(
    caller: NamedDependency[Caller], reading: NamedDependency[AsyncConnection], fields: FieldNames = ""
) -> GroupRoles:
    """Whoever has one of these groups at the identity provider is a member of your organization with its role."""
    return GroupRoles(items=selected(GroupRole, await group_roles_of(reading, caller.organization_id), fields))


@post("/group-roles", operation_id="mapGroup", summary="Give a group a role", status_code=201)
async def map_a_group(
    caller: NamedDependency[Caller], db: NamedDependency[Database], data: JSONBody[NewGroupRole]
) -> GroupRoles:
    """A group that has one is given this one in its place; members who follow it have the new role at once."""
    now = datetime.now(UTC)
    async with db.transaction() as transaction, acting(transaction, caller, "group.map", data.name) as act:
        check_grant(caller, data.role)
        act.after = {"role": data.role}
        await map_group(transaction, caller.organization_id, data.name, data.role, caller.name, now)
        await judge_again(transaction, caller, now)
        return GroupRoles(items=await group_roles_of(transaction.connection, caller.organization_id))


@route(
    "/group-roles/{group_id:int}",
    http_method=HttpMethod.DELETE,
    status_code=204,
    operation_id="unmapGroup",
    summary="Take a group's role",
)
async def unmap_a_group(
    caller: NamedDependency[Caller], db: NamedDependency[Database], group_id: FromPath[int]
) -> None:
    """Members who followed it alone are members no more; their sessions end."""
    async with db.transaction() as transaction, acting(transaction, caller, "group.unmap", str(group_id)) as act:
        mapped = await group_role(transaction.connection, caller.organization_id, group_id)
        check_grant(caller, mapped.role)
        act.before = {"name": mapped.name, "role": mapped.role}
        await unmap_group(transaction, caller.organization_id, group_id)
        await judge_again(transaction, caller, datetime.now(UTC))


router = Router(
    "/",
    route_handlers=[list_group_roles, map_a_group, unmap_a_group],
    tags=["Administration"],
    opt={"permission": Permission.ADMIN},
)
