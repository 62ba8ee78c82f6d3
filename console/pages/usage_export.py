"""The tables of the page of usage as files."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.http.list_files import Format
from console.organizations.rules import Caller
from console.pages.list_files import WrittenAs, asked_of, sent_table
from console.pages.reader import reader
from console.pages.texts import iso
from console.pages.usage import OPTIONS, Day, RangeText, Text, hours_of_week, used
from console.pages.usage_by_sim import ranking_of, shares_of
from console.pages.usage_ranges import Range, range_of
from console.store.database import Database

Lines = Sequence[Sequence[object]]


@get("/usage.csv", opt=OPTIONS)
async def usage_csv(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    asked: RangeText = "7d",
    by: Text = "",
    since: Day = "",
    until: Day = "",
    table: Text = "steps",
    written_as: WrittenAs = Format.SPREADSHEET,
) -> Response[bytes]:
    """A table of the page, with the same rows. What is not known is empty."""
    name = range_of(asked, datetime.now(UTC), since, until).name
    names = {"steps": f"usage-{name}", "sims": f"usage-sims-{name}", "hours": "usage-hours"}
    of = {"steps": _steps, "sims": _sims, "hours": _hours}.get(table, _steps)

    async def read(connection: AsyncConnection, now: datetime) -> Lines:
        return await of(caller.organization_id, range_of(asked, now, since, until), by, now, connection)

    after = await asked_of(request, written_as)
    async with db.transaction() as transaction, acting(transaction, caller, "usage.export", name) as act:
        act.after = after
    return await sent_table(db, written_as, name=names.get(table, ""), read=read)


async def _steps(organization_id: int, chosen: Range, by: str, now: datetime, reading: AsyncConnection) -> Lines:
    divided = await shares_of(reading, organization_id, chosen, by)
    places, rows = await used(reading, organization_id, chosen, by, now, divided)
    empty: list[int | None] = [None] * len(places)
    by_hour = chosen.step == "hour"
    return [
        ["hour_from" if by_hour else "day_from_utc", *(f"{place}_bytes" for place in places), "total_bytes"],
        *([row.time if by_hour else iso(row.time), *(row.parts or empty), row.total] for row in rows),
    ]


async def _sims(organization_id: int, chosen: Range, by: str, now: datetime, reading: AsyncConnection) -> Lines:
    found = await ranking_of(reading, organization_id, chosen, now)
    return [
        ["iccid", "label", "data_bytes", "usual_bytes", "times_usual"],
        *([one.iccid, one.label, one.data_bytes, one.usual_bytes, one.times and round(one.times, 3)] for one in found),
    ]


async def _hours(organization_id: int, chosen: Range, by: str, now: datetime, reading: AsyncConnection) -> Lines:
    week = await hours_of_week(reading, organization_id, now, reader())
    return [
        [f"weekday ({reader().zone})", *(f"{hour:02d}_mean_bytes" for hour in range(24))],
        *([day, *(None if cell is None else round(cell) for cell in cells)] for day, cells in week),
    ]


router = Router("/", route_handlers=[usage_csv], include_in_schema=False)
