"""Between the password and the second factor: who it is, and how it becomes a session."""

from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.members.tables import members
from console.organizations.tables import organizations
from console.sessions.rules import SessionKind
from console.sessions.tables import sessions
from console.users.tables import users


class FirstStep(Struct, frozen=True, kw_only=True):
    """Who has given the right password, and not yet the second factor."""

    user_id: int
    name: str
    organization_id: int
    organization: str


async def first_step_of(connection: AsyncConnection, session: bytes, now: datetime) -> FirstStep | None:
    """Who has given the right password and got this id, hashed; None if it has ended or become a session."""
    s, m = sessions.c, members.c
    query = (
        sa.select(s.user_id, users.c.name, s.organization_id, organizations.c.name.label("organization"))
        .join(members, (m.organization_id == s.organization_id) & (m.user_id == s.user_id))
        .join(users, users.c.id == s.user_id)
        .join(organizations, organizations.c.id == s.organization_id)
        .where(s.id_hash == session, s.kind == SessionKind.FIRST_STEP, s.expires_at > now)
        .where(m.disabled_at.is_(None), users.c.disabled_at.is_(None))
    )
    row = (await connection.execute(query)).first()
    return FirstStep(**row._mapping) if row else None
