"""Questions about users, and whose a session is."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.organizations.rules import PERMISSIONS, Caller, Role
from console.organizations.tables import organizations
from console.sessions.tables import sessions
from console.users.tables import users


class User(Struct, frozen=True, kw_only=True):
    """A user as an administrator sees them."""

    id: int
    organization_id: int
    name: str
    role: str
    created_at: datetime
    disabled_at: datetime | None
    last_sign_in_at: datetime | None


async def password_of(connection: AsyncConnection, name: str) -> tuple[int, str] | None:
    """Id and stored password of an enabled user, or None."""
    query = sa.select(users.c.id, users.c.password_hash).where(
        users.c.name == name.lower(), users.c.disabled_at.is_(None)
    )
    row = (await connection.execute(query)).first()
    return (row.id, row.password_hash) if row else None


async def callers_of_sessions(
    connection: AsyncConnection, id_hashes: Collection[bytes], now: datetime
) -> dict[bytes, tuple[Caller, datetime]]:
    """Who has these sessions and when each was last used, by hashed id. Ended ones and disabled users' are left out."""
    query = (
        sa.select(users, organizations.c.name.label("organization"), sessions.c.id_hash, sessions.c.seen_at)
        .join(users, users.c.id == sessions.c.user_id)
        .join(organizations, organizations.c.id == users.c.organization_id)
        .where(sessions.c.expires_at > now, users.c.disabled_at.is_(None), sessions.c.id_hash.in_(id_hashes))
    )
    found = {}
    for row in await connection.execute(query):
        caller = Caller(
            organization_id=row.organization_id,
            organization=row.organization,
            name=row.name,
            permissions=PERMISSIONS[Role(row.role)],
            role=Role(row.role),
            user_id=row.id,
            session=row.id_hash,
        )
        found[row.id_hash] = (caller, row.seen_at)
    return found


async def every_user(connection: AsyncConnection) -> list[User]:
    """All users, by name."""
    columns = [users.c[name] for name in User.__struct_fields__]
    return [User(**row._mapping) for row in await connection.execute(sa.select(*columns).order_by(users.c.name))]
