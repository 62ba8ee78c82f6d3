"""In how many minutes the fleet was counted: a minute is, if workers, PostgreSQL and Valkey have all worked in it."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from console.connectivity.tables import fleet_samples


async def minutes_sampled(
    connection: AsyncConnection, organization_id: int, since: datetime, step: timedelta, steps: int
) -> dict[int, int]:
    """The number of such minutes by step, from 0; steps without any are left out."""
    c = fleet_samples.c
    number = sa.cast(
        sa.func.floor(sa.extract("epoch", c.time - sa.literal(since, c.time.type)) / step.total_seconds()), sa.Integer
    )
    minutes = sa.func.count(sa.distinct(sa.func.date_trunc("minute", c.time)))
    query = (
        sa.select(number.label("step"), minutes.label("minutes"))
        .where(c.organization_id == organization_id, c.time >= since, c.time < since + step * steps)
        .group_by(sa.literal_column("1"))
    )
    return {row.step: row.minutes for row in await connection.execute(query)}
