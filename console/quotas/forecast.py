"""When a SIM's data quota runs out, if it goes on as it did."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.facts.sims import SimState
from console.quotas.rules import LEAST_DAYS, days_left
from console.usage import reads
from console.usage.tables import usage_daily

HISTORY_DAYS = 30


class Forecast(Struct, frozen=True):
    """In how many days the data quota runs out at the present use."""

    days: int


async def forecast(connection: AsyncConnection, organization_id: int, sim: SimState, now: datetime) -> Forecast | None:
    """From the mean of the last thirty whole days, or of as many as there are; None with too little history."""
    today = datetime.combine(now.date(), time(), UTC)
    days = await reads.of_sim(
        connection, organization_id, sim.iccid, by="day", since=today - timedelta(days=HISTORY_DAYS), until=today
    )
    if not days:
        return None
    used = {day.time: day.data_bytes for day in days}
    span = (today - days[0].time).days
    found = days_left(sim.data_left_bytes, [used.get(days[0].time + timedelta(days=n), 0) for n in range(span)])
    return None if found is None or found > 36_500 else Forecast(round(found))


def measured(organization_id: int, today: date) -> "sa.Select[*tuple[Any, ...]]":
    """Of each SIM with enough history what it used in the same days: organization, ICCID, bytes, days, `today`."""
    c, midnight = usage_daily.c, datetime.combine(today, time(), UTC)
    days = sa.cast(today - sa.cast(sa.func.min(sa.func.timezone("UTC", c.bucket)), sa.Date), sa.SmallInteger)
    used = sa.cast(sa.func.sum(c.data_bytes), sa.BigInteger)
    return (
        sa.select(c.organization_id, c.iccid, used, days, sa.literal(today))
        .where(c.organization_id == organization_id, c.bucket < midnight)
        .where(c.bucket >= midnight - timedelta(days=HISTORY_DAYS))
        .group_by(c.organization_id, c.iccid)
        .having(days >= LEAST_DAYS, used > 0)
    )
