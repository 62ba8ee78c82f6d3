"""Questions about users."""

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.users.tables import users


class KnownUser(Struct, frozen=True, kw_only=True):
    """An enabled user, for whoever checks the password."""

    id: int
    name: str
    password_hash: str


async def stored_password(connection: AsyncConnection, user_id: int) -> str | None:
    """The stored password of this user, or None."""
    found = await connection.execute(sa.select(users.c.password_hash).where(users.c.id == user_id))
    return found.scalar()


async def by_name(connection: AsyncConnection, name: str) -> KnownUser | None:
    """The enabled user with this name, or None."""
    query = sa.select(users.c.id, users.c.name, users.c.password_hash).where(
        users.c.name == name.lower(), users.c.disabled_at.is_(None)
    )
    row = (await connection.execute(query)).first()
    return KnownUser(**row._mapping) if row else None


async def id_of(connection: AsyncConnection, name: str) -> int | None:
    """The user with this name, disabled or not; None if there is none."""
    found: int | None = (
        await connection.execute(sa.select(users.c.id).where(users.c.name == name.strip().lower()))
    ).scalar()
    return found
