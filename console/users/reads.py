"""Questions about users."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from console.users.tables import users


async def password_of(connection: AsyncConnection, name: str) -> tuple[int, str] | None:
    """Id and stored password of an enabled user, or None."""
    query = sa.select(users.c.id, users.c.password_hash).where(
        users.c.name == name.lower(), users.c.disabled_at.is_(None)
    )
    row = (await connection.execute(query)).first()
    return (row.id, row.password_hash) if row else None
