"""What is usual of the fleet at this hour, and how it went in the last day."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.connectivity.tables import fleet_samples, operator_samples

DAYS = 7  # before today that the usual is made of
LEAST_DAYS = 3  # of them with samples, or nothing is usual yet
AROUND = timedelta(minutes=30)  # this time of day
DAY = timedelta(days=1)
STEP_SECONDS = 900  # of the day's curve

c = fleet_samples.c
IS_KNOWN = c.online + c.attached + c.offline + c.blocked > c.unknown


class Usual(Struct, frozen=True, kw_only=True):
    """How many SIMs were online at this time of the days before: at least, at most."""

    low: int
    high: int
    days: int


class Step(Struct, frozen=True, kw_only=True):
    """A quarter of an hour: how many were online in its middle."""

    time: datetime
    online: int


async def usual(connection: AsyncConnection, organization_id: int, now: datetime) -> Usual | None:
    """Of this hour; None before there are enough days. Reads an hour of samples of each day, by their index."""
    spans = [c.time.between(now - DAY * day - AROUND, now - DAY * day + AROUND) for day in range(1, DAYS + 1)]
    ago = sa.func.floor(sa.extract("epoch", sa.literal(now + AROUND, c.time.type) - c.time) / DAY.total_seconds())
    days = sa.func.count(ago.distinct())  # not the days of the calendar: an hour may lie in two of them
    query = sa.select(sa.func.min(c.online).label("low"), sa.func.max(c.online).label("high"), days.label("days"))
    row = (await connection.execute(query.where(c.organization_id == organization_id, IS_KNOWN, sa.or_(*spans)))).one()
    return Usual(**row._mapping) if row.days >= LEAST_DAYS else None


async def day(connection: AsyncConnection, organization_id: int, now: datetime) -> Sequence[Step]:
    """The last 24 hours in quarters, the oldest first; a quarter of which nothing is known is left out."""
    quarter = sa.func.floor(sa.extract("epoch", c.time) / STEP_SECONDS) * STEP_SECONDS
    time = sa.func.to_timestamp(quarter).label("time")
    query = sa.select(time, sa.cast(sa.func.avg(c.online), sa.Integer).label("online")).group_by(time).order_by(time)
    rows = await connection.execute(query.where(c.organization_id == organization_id, c.time > now - DAY, IS_KNOWN))
    return [Step(time=row.time, online=row.online) for row in rows]


async def first_sample(connection: AsyncConnection, organization_id: int, since: datetime) -> datetime | None:
    """When operators were first sampled since then."""
    o = operator_samples.c
    query = sa.select(sa.func.min(o.time)).where(o.organization_id == organization_id, o.time >= since)
    found: datetime | None = (await connection.execute(query)).scalar_one()
    return found
