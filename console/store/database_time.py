"""The time by the database's clock, which all processes share: a process' own may be wrong."""

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection


async def database_time(connection: AsyncConnection) -> datetime:
    """The time, UTC."""
    at: datetime = (await connection.execute(sa.select(sa.func.clock_timestamp()))).scalar_one()
    return at.astimezone(UTC)
