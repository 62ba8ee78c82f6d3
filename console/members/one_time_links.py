"""Questions about one-time links."""

from datetime import datetime, timedelta
from typing import Annotated, Any

import sqlalchemy as sa
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.api_keys.tables import api_keys
from console.members.tables import one_time_links
from console.organizations.rules import Role
from console.organizations.sealing import hashed
from console.organizations.tables import organizations
from console.users.tables import users

INVITED_FOR = timedelta(days=7)
RESET_FOR = timedelta(days=1)


class Link(Struct, frozen=True, kw_only=True):
    """A link that has not been used: an invitation, which has a role, or a member's for a new password."""

    id: Annotated[int, Meta(description="Its number, to withdraw it by.", examples=[7])]
    role: Annotated[Role | None, Meta(description="Of an invitation: the role that it gives.")]
    user: Annotated[str | None, Meta(description="Of a link for a new password: whose.", examples=["otto"])]
    note: Annotated[str, Meta(description="For whom it is.", examples=["Otto, field service"])]
    created_by: Annotated[str, Meta(description="Who made it.", examples=["ada"])]
    created_at: Annotated[datetime, Meta(description="When it was made.", examples=["2026-11-20T10:00:00Z"])]
    expires_at: Annotated[datetime, Meta(description="After this it opens nothing.", examples=["2026-11-20T10:00:00Z"])]


class OpenedLink(Struct, frozen=True, kw_only=True):
    """A link as whoever has its token sees it."""

    id: int
    organization_id: int
    organization: str
    role: Role | None
    user_id: int | None
    user: str | None
    created_by: str

    @property
    def invites_as(self) -> Role | None:
        """The role that an invitation gives; None for a link for a new password."""
        return self.role


async def open_links(connection: AsyncConnection, organization_id: int, now: datetime) -> list[Link]:
    """The links of an organization that can still be used, the newest first."""
    c = one_time_links.c
    query = (
        sa.select(c.id, c.role, users.c.name.label("user"), c.note, c.created_by, c.created_at, c.expires_at)
        .outerjoin(users, users.c.id == c.user_id)
        .where(c.organization_id == organization_id, c.used_at.is_(None), c.expires_at > now, _key_holds(now))
        .order_by(c.id.desc())
    )
    return [Link(**_with_role(row)) for row in await connection.execute(query)]


async def opened(connection: AsyncConnection, token: str, now: datetime) -> OpenedLink | None:
    """The link that this token opens; None if there is none, or it has been used, or is too old."""
    c = one_time_links.c
    query = (
        sa.select(
            c.id,
            c.organization_id,
            organizations.c.name.label("organization"),
            c.role,
            c.user_id,
            users.c.name.label("user"),
            c.created_by,
        )
        .join(organizations, organizations.c.id == c.organization_id)
        .outerjoin(users, users.c.id == c.user_id)
        .where(c.token_hash == hashed(token), c.used_at.is_(None), c.expires_at > now, _key_holds(now))
    )
    row = (await connection.execute(query)).first()
    return OpenedLink(**_with_role(row)) if row else None


def _key_holds(now: datetime) -> "sa.ColumnElement[bool]":
    """Whether the API key by which a link was made, if one was, has neither been revoked nor ended."""
    k, c = api_keys.c, one_time_links.c
    ended = sa.exists().where(
        k.organization_id == c.organization_id,
        k.id == c.created_by_key_id,
        k.revoked_at.is_not(None) | (k.expires_at <= now),
    )
    return ~ended


def _with_role(row: Any) -> dict[str, Any]:
    return {**row._mapping, "role": Role(row.role) if row.role else None}
