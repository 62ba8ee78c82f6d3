"""The fleet at a glance."""

from datetime import UTC, datetime

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.response import Template

from console.auth.rules import Caller
from console.connectivity import reads as connectivity_reads
from console.pages import fleet_numbers
from console.pages.fleet_numbers import LastHour
from console.pages.layout import common
from console.store.database import Database
from console.streamer.reads import streamer

EVENTS = 20


@get("/", include_in_schema=False)
async def fleet(
    caller: NamedDependency[Caller], db: NamedDependency[Database], live_since: NamedDependency[str]
) -> Template:
    """Counts, usage, the last hour, the latest events: each number a link to the list behind it."""
    async with db.reading() as reading:
        events, _ = await connectivity_reads.events(reading, caller.organization_id, limit=EVENTS)
        context = {
            **await common(reading, caller, live_since, "fleet", ["fleet"]),
            "counts": await fleet_numbers.counts(reading, caller.organization_id),
            "usage": await fleet_numbers.used(reading, caller.organization_id),
            "stream": await streamer(reading, caller.organization_id, datetime.now(UTC)),
            "events": events,
            "events_as_of": datetime.now(UTC),
        }
    return Template("overview/overview.html", context=context)


@get("/fleet/chart.json", include_in_schema=False)
async def chart(caller: NamedDependency[Caller], db: NamedDependency[Database]) -> LastHour:
    """The moving chart's numbers."""
    async with db.reading() as reading:
        return await fleet_numbers.last_hour(reading, caller.organization_id)


router = Router("/", route_handlers=[fleet, chart])
