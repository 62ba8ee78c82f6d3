"""What the pages of events and the overview show as files: the events of a filter, and the chart's steps."""

from datetime import UTC, datetime
from typing import Any

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery
from litestar.response import Stream
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.connectivity import event_list
from console.errors import Invalid
from console.http.list_files import Format, Part, Row
from console.organizations.rules import Caller
from console.pages.address_faults import ALSO, VALUES, OneOf
from console.pages.event_filters import EventQuery, event_query, is_field
from console.pages.fleet_chart import FIRST, SPANS, FleetChart, fleet_chart
from console.pages.list_files import AT_ONCE, WrittenAs, asked_of, row, sent_list, sent_table
from console.store.database import Database
from console.store.keyset import Cursor

MOST_EVENTS = 20_000  # in a file; those before have an address of the page
FIELDS = ("time", "severity", "name", "description", "cause", "operator", "country", "iccid")
BANDS = ("online", "attached", "offline", "blocked", "unknown")


@get("/events.csv", opt={ALSO: is_field}, dependencies={"asked": Provide(event_query)})
async def events_csv(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    asked: NamedDependency[EventQuery],
    written_as: WrittenAs = Format.SPREADSHEET,
) -> Stream:
    """The events of the page's filter, the newest first, each a line of its own."""
    if asked.faults:
        raise Invalid(" ".join(asked.faults))
    written: dict[str, int] = {}  # by part: one that the replica fails is read again

    async def read(connection: AsyncConnection, cursor: Cursor | None) -> Part:
        found = await event_list.matching(
            connection, caller.organization_id, asked.wanted, limit=AT_ONCE, cursor=cursor
        )
        written[cursor.text() if cursor else ""] = len(found.events)
        older = found.older if sum(written.values()) < MOST_EVENTS else None
        return [row(FIELDS, event) for event in found.events], older

    after = await asked_of(request, written_as)
    async with db.transaction() as transaction, acting(transaction, caller, "events.export", "events") as act:
        act.after = after
    return await sent_list(db, written_as, name="events", columns=FIELDS, read=read)


@get("/fleet/chart.csv", opt={VALUES: {"span": OneOf(*SPANS)}})
async def chart_csv(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    span: FromQuery[str] = FIRST,
    written_as: WrittenAs = Format.SPREADSHEET,
) -> Response[bytes]:
    """The chart's steps, as drawn; what is not known is empty."""

    async def read(connection: AsyncConnection, now: datetime) -> list[Row]:
        return chart_lines(await fleet_chart(connection, caller.organization_id, now, SPANS[span]))

    after = await asked_of(request, written_as)
    async with db.transaction() as transaction, acting(transaction, caller, "chart.export", span) as act:
        act.after = after
    return await sent_table(db, written_as, name=f"sims-over-time-{span}", read=read)


def chart_lines(chart: FleetChart) -> list[Row]:
    """A line for each step, under their names."""
    columns = [getattr(chart, name) for name in (*BANDS, "bytes")]
    steps = ([datetime.fromtimestamp(at, UTC), *(one[n] for one in columns)] for n, at in enumerate(chart.times))
    return [["from", *BANDS, "data_bytes"], *steps]


router = Router("/", route_handlers=[events_csv, chart_csv], include_in_schema=False)
