"""When a SIM's data quota runs out, if it goes on as it did."""

from datetime import UTC, datetime, time, timedelta

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.facts.sims import SimState
from console.quotas.rules import days_left
from console.usage import reads

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
