"""The chart of a SIM's usage, by hour or day."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Literal

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.facts.sims import SimState
from console.http.database import read_for_chart
from console.http.list_files import Format, Row
from console.organizations.rules import Caller
from console.pages.list_files import WrittenAs, asked_of, sent_table
from console.quotas.forecast import HISTORY_DAYS
from console.store.database import Database
from console.store.replica import Ask, Moment
from console.streamer.reads import is_known, unknown_usage
from console.usage import reads as usage_reads


class UsageChart(Struct, frozen=True, kw_only=True):
    """The usage chart: seconds since 1970, bytes and messages of each hour or day, the present one included. None
    where no usage is known and records are missing."""

    as_of: float
    by: str
    times: list[int]
    bytes: list[int | None]
    sms: list[int | None]


@get("/sims/{iccid:str}/usage.json", include_in_schema=False)
async def usage_chart(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    sim: NamedDependency[SimState],
    by: FromQuery[Literal["hour", "day"]] = "day",
) -> UsageChart:
    """Two days by hour, or thirty days by day; a step without a record counts as none used where records came."""

    def chart(moment: Moment) -> Ask[UsageChart]:
        return partial(_chart, organization_id=caller.organization_id, iccid=sim.iccid, by=by, now=moment.as_of)

    return await read_for_chart(request.scope, db.replica, chart)


async def _chart(
    reading: AsyncConnection, organization_id: int, iccid: str, by: Literal["hour", "day"], now: datetime
) -> UsageChart:
    step, steps = (timedelta(hours=1), 48) if by == "hour" else (timedelta(days=1), HISTORY_DAYS)
    last = now.replace(minute=0, second=0, microsecond=0)
    last = last if by == "hour" else last.replace(hour=0)
    times = [last - step * number for number in reversed(range(steps))]
    found = await usage_reads.of_sim(reading, organization_id, iccid, by=by, since=times[0], until=last + step)
    unknown = await unknown_usage(reading, organization_id, times[0], now, now)
    used = {one.time: one for one in found}
    zero = {time: 0 for time in times if is_known(unknown, time, time + step)}
    return UsageChart(
        as_of=now.timestamp(),
        by=by,
        times=[int(time.timestamp()) for time in times],
        bytes=[used[time].data_bytes if time in used else zero.get(time) for time in times],
        sms=[used[time].sms if time in used else zero.get(time) for time in times],
    )


@get("/sims/{iccid:str}/usage.csv", include_in_schema=False)
async def usage_csv(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    sim: NamedDependency[SimState],
    by: FromQuery[Literal["hour", "day"]] = "day",
    written_as: WrittenAs = Format.SPREADSHEET,
) -> Response[bytes]:
    """The chart's steps; what is not known is empty."""

    async def read(connection: AsyncConnection, now: datetime) -> list[Row]:
        chart = await _chart(connection, caller.organization_id, sim.iccid, by, now)
        times = [datetime.fromtimestamp(time, UTC) for time in chart.times]
        return [["from", "data_bytes", "sms"], *zip(times, chart.bytes, chart.sms, strict=True)]

    name = f"usage-{sim.iccid}-by-{by}"
    after = await asked_of(request, written_as)
    async with db.transaction() as transaction, acting(transaction, caller, "chart.export", sim.iccid) as act:
        act.after = after
    return await sent_table(db, written_as, name=name, read=read)


router = Router("/", route_handlers=[usage_chart, usage_csv])
