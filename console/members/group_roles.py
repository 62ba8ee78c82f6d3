"""The roles that groups of the identity provider give: which there are, and members who follow theirs."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import Actor, acting
from console.errors import NotFound
from console.members.tables import members
from console.members.writes import give_by_group
from console.organizations.rules import Caller, Role, highest
from console.organizations.tables import group_roles
from console.store.database import Transaction
from console.users.tables import identities, users


class GroupRole(Struct, frozen=True, kw_only=True):
    """The role in your organization that a group of the identity provider gives."""

    id: Annotated[int, Meta(description="Its number, to remove it by.", examples=[4])]
    name: Annotated[str, Meta(description="The group, as the provider writes it.", examples=["fleet-operators"])]
    role: Annotated[Role, Meta(description="The role of its members here.")]
    created_by: Annotated[str, Meta(description="Who decided it.", examples=["ada"])]
    created_at: Annotated[datetime, Meta(description="Since when.", examples=["2026-11-20T10:00:00Z"])]


async def group_roles_of(connection: AsyncConnection, organization_id: int) -> list[GroupRole]:
    """The roles that groups give in this organization, by the groups' names."""
    c = group_roles.c
    query = (
        sa.select(c.id, c.name, c.role, c.created_by, c.created_at)
        .where(c.organization_id == organization_id)
        .order_by(c.name)
    )
    return [GroupRole(**{**row._mapping, "role": Role(row.role)}) for row in await connection.execute(query)]


async def group_role(connection: AsyncConnection, organization_id: int, number: int) -> GroupRole:
    """The one with this number. Raises NotFound if it is none of this organization."""
    found = [one for one in await group_roles_of(connection, organization_id) if one.id == number]
    if not found:
        raise NotFound("There is no such group", id=number)
    return found[0]


async def roles_given(connection: AsyncConnection, groups: Collection[str]) -> dict[int, Role]:
    """The role that these groups give in each organization, of several the one that may do the most."""
    c = group_roles.c
    found: dict[int, list[Role]] = {}
    for row in await connection.execute(sa.select(c.organization_id, c.role).where(c.name.in_(groups))):
        found.setdefault(row.organization_id, []).append(Role(row.role))
    return {organization_id: role for organization_id, roles in found.items() if (role := highest(roles))}


async def follow_groups(
    transaction: Transaction, who: Actor, user_id: int, name: str, given: Mapping[int, Role], now: datetime
) -> None:
    """Make a user the member that their groups say, in every organization; each change is a line of its audit trail.

    What administrators have given by themselves stays as it is.
    """
    c = members.c
    query = sa.select(c.organization_id, c.role, c.by_group).where(c.user_id == user_id)
    there = {row.organization_id: row for row in await transaction.connection.execute(query)}
    for organization_id in sorted({*given, *there}):
        present, role = there.get(organization_id), given.get(organization_id)
        before = present.role if present is not None else None
        if present is not None and (not present.by_group or before == role):
            continue
        action = "user.add" if present is None else "user.change" if role else "user.remove"
        async with acting(transaction, who, action, name, organization_id=organization_id) as act:
            act.before = {"role": before} if present else None
            act.after = {"role": role, "by_group": True} if role else None
            await give_by_group(transaction, who, organization_id, user_id, role, now)


async def judge_again(transaction: Transaction, caller: Caller, now: datetime) -> None:
    """Judge the members of the caller's organization by the groups that they had at their last sign-in.

    For what a group gives here has changed: whom it gives another role or none has it at once. Who was no member
    becomes one at the next sign-in.
    """
    m, i, organization_id = members.c, identities.c, caller.organization_id
    query = (
        sa.select(m.user_id, m.role, users.c.name, i.groups)
        .join(users, users.c.id == m.user_id)
        .join(identities, i.user_id == m.user_id)
        .where(m.organization_id == organization_id, m.by_group)
        .order_by(i.signed_in_at)
    )
    latest = {row.user_id: row for row in await transaction.connection.execute(query)}
    here = {one.name: one.role for one in await group_roles_of(transaction.connection, organization_id)}
    for row in latest.values():
        before, role = row.role, highest(here[name] for name in row.groups if name in here)
        if before == role:
            continue
        async with acting(transaction, caller, "user.change" if role else "user.remove", row.name) as act:
            act.before, act.after = {"role": before}, {"role": role, "by_group": True} if role else None
            await give_by_group(transaction, caller, organization_id, row.user_id, role, now)
