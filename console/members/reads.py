"""Questions about members, and whose a session is."""

from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.api_keys.tables import api_keys
from console.members.tables import members
from console.organizations.rules import PERMISSIONS, Caller, Role
from console.organizations.tables import organizations
from console.sessions.tables import sessions
from console.users.factors_reads import proves
from console.users.tables import users


class Member(Struct, frozen=True, kw_only=True):
    """A user in an organization, as its administrators see them."""

    user_id: Annotated[int, Meta(description="The user's number.", examples=[3])]
    name: Annotated[str, Meta(description="What they sign in with.", examples=["otto"])]
    role: Annotated[Role, Meta(description="What they may do here.")]
    created_at: Annotated[datetime, Meta(description="When they became a member.", examples=["2026-11-20T10:00:00Z"])]
    disabled_at: Annotated[
        datetime | None, Meta(description="Since when they may not sign in.", examples=["2026-11-20T10:00:00Z"])
    ]
    last_seen_at: Annotated[
        datetime | None, Meta(description="When they last did something here.", examples=["2026-11-20T10:00:00Z"])
    ]
    sessions: Annotated[int, Meta(description="How many sessions of theirs are open here.", examples=[1])]
    organizations: Annotated[int, Meta(description="In how many organizations they are a member.", examples=[1])]
    by_group: Annotated[
        bool, Meta(description="Whether a group of the identity provider gives the role.", examples=[False])
    ]
    second_factor: Annotated[bool, Meta(description="Whether they have a second factor.", examples=[True])]
    api_keys: Annotated[
        int,
        Meta(
            description="How many API keys in use they made here: those that may do more than their maker are revoked.",
            examples=[2],
        ),
    ]

    @property
    def standing(self) -> dict[str, Any]:
        """What the audit trail keeps of them before something is decided about them."""
        return {"name": self.name, "role": self.role, "disabled": self.disabled_at is not None}


class ListedUser(Struct, frozen=True, kw_only=True):
    """A user of the installation, with the role in each organization by its short name."""

    id: int
    name: str
    roles: dict[str, str]
    created_at: datetime
    disabled_at: datetime | None
    last_sign_in_at: datetime | None


class Membership(Struct, frozen=True, kw_only=True):
    """An organization that a user is a member of."""

    organization_id: int
    organization: str
    role: Role
    second_factor_from: datetime | None  # since when its members need a second factor

    def demands_second_factor(self, now: datetime) -> bool:
        """Whether its members need one now."""
        return self.second_factor_from is not None and self.second_factor_from <= now


async def caller_of_member(connection: AsyncConnection, organization_id: int, user_id: int) -> Caller | None:
    """A member as they are now, without a session: for what they have asked for. None if disabled or gone."""
    m = members.c
    query = (
        sa.select(m.role, users.c.name, organizations.c.name.label("there"))
        .join(users, users.c.id == m.user_id)
        .join(organizations, organizations.c.id == m.organization_id)
        .where(m.organization_id == organization_id, m.user_id == user_id)
        .where(m.disabled_at.is_(None), users.c.disabled_at.is_(None))
    )
    row = (await connection.execute(query)).first()
    if row is None:
        return None
    role = Role(row.role)
    permissions = PERMISSIONS[role]
    return Caller(
        organization_id=organization_id,
        organization=row.there,
        name=row.name,
        permissions=permissions,
        role=role,
        user_id=user_id,
    )


async def members_of(connection: AsyncConnection, organization_id: int, now: datetime) -> list[Member]:
    """The members of an organization, by name."""
    m, s, k = members.c, sessions.c, api_keys.c
    elsewhere = members.alias()
    signed_in = (
        sa.select(sa.func.count())
        .where(s.user_id == m.user_id, s.organization_id == m.organization_id, s.expires_at > now)
        .scalar_subquery()
    )
    memberships = sa.select(sa.func.count()).where(elsewhere.c.user_id == m.user_id).scalar_subquery()
    made = (
        sa.select(sa.func.count())
        .where(k.created_by_user_id == m.user_id, k.organization_id == m.organization_id, k.revoked_at.is_(None))
        .where(k.expires_at.is_(None) | (k.expires_at > now))
        .scalar_subquery()
    )
    query = (
        sa.select(
            m.user_id,
            users.c.name,
            m.role,
            m.created_at,
            sa.func.coalesce(m.disabled_at, users.c.disabled_at).label("disabled_at"),
            m.last_seen_at,
            signed_in.label("sessions"),
            memberships.label("organizations"),
            m.by_group,
            proves(m.user_id).label("second_factor"),
            made.label("api_keys"),
        )
        .join(users, users.c.id == m.user_id)
        .where(m.organization_id == organization_id)
        .order_by(users.c.name)
    )
    return [Member(**{**row._mapping, "role": Role(row.role)}) for row in await connection.execute(query)]


async def member(connection: AsyncConnection, organization_id: int, user_id: int, now: datetime) -> Member | None:
    """This member of the organization, or None."""
    return next((one for one in await members_of(connection, organization_id, now) if one.user_id == user_id), None)


async def names_of(connection: AsyncConnection, organization_id: int) -> list[str]:
    """The names of the members of an organization who are not disabled, in their order."""
    m = members.c
    query = (
        sa.select(users.c.name)
        .join(members, m.user_id == users.c.id)
        .where(m.organization_id == organization_id, m.disabled_at.is_(None), users.c.disabled_at.is_(None))
        .order_by(users.c.name)
    )
    return list((await connection.execute(query)).scalars())


async def memberships_of(connection: AsyncConnection, user_id: int) -> list[Membership]:
    """The organizations that a user may enter, the one that they were in last first."""
    rows = await connection.execute(memberships_query(user_id))
    return [Membership(**{**row._mapping, "role": Role(row.role)}) for row in rows]


def memberships_query(user_id: "int | sa.BindParameter[int]") -> "sa.Select[Any]":
    """The SELECT of `memberships_of`."""
    m = members.c
    return (
        sa.select(
            m.organization_id, organizations.c.name.label("organization"), m.role, organizations.c.second_factor_from
        )
        .join(organizations, organizations.c.id == m.organization_id)
        .where(m.user_id == user_id, m.disabled_at.is_(None))
        .order_by(m.last_seen_at.desc().nulls_last(), m.organization_id)
    )


async def every_user(connection: AsyncConnection) -> list[ListedUser]:
    """All users of the installation with their memberships, by name."""
    roles = sa.func.json_object_agg(organizations.c.slug, members.c.role)
    kept = sa.func.coalesce(roles.filter(organizations.c.id.is_not(None)), sa.cast(sa.literal("{}"), sa.JSON))
    u = users.c
    query = (
        sa.select(u.id, u.name, kept.label("roles"), u.created_at, u.disabled_at, u.last_sign_in_at)
        .outerjoin(members, members.c.user_id == u.id)
        .outerjoin(organizations, organizations.c.id == members.c.organization_id)
        .group_by(u.id)
        .order_by(u.name)
    )
    return [ListedUser(**row._mapping) for row in await connection.execute(query)]
