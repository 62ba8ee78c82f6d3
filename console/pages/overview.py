"""The fleet at a glance."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.response import Template
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.connectivity import reads as connectivity_reads
from console.facts import Fact
from console.facts.jobs import JobChanged
from console.facts.network import NetworkEventReported
from console.facts.sims import SimChanged
from console.facts.streamer import StreamerChanged
from console.facts.usage import SimUsageChanged
from console.live.pieces import Html, prepend, replace
from console.live.view import Receives, Refresh
from console.organizations.rules import Caller
from console.pages import fleet_numbers
from console.pages.fleet_numbers import LastHour
from console.pages.layout import layout_context
from console.pages.templating import Fragments
from console.streamer.reads import streamer

EVENTS = 20
LATEST = timedelta(hours=1)  # what a poll finds later than that is none of the latest events
PARTS: dict[type[Struct], tuple[str, ...]] = {
    SimUsageChanged: ("usage",),
    StreamerChanged: ("streamer", "usage"),
    SimChanged: ("counts",),
    JobChanged: ("counts",),
}


def _now() -> datetime:
    return datetime.now(UTC)


class OverviewView:
    """New events at once; counts, usage and the Data Streamer from the database."""

    name = "overview"
    receives = Receives(facts=(NetworkEventReported, *PARTS), topics=("fleet",))

    def __init__(self, fragments: Fragments, clock: Callable[[], datetime] = _now) -> None:
        self._fragments = fragments
        self._clock = clock

    def draw(self, fact: Fact) -> Sequence[Html | Refresh]:
        """A new event on top of the list; what else has changed is counted anew."""
        if isinstance(fact, NetworkEventReported):
            if fact.time - fact.data.time > LATEST:
                return []
            event = self._fragments.draw("overview/_event.html", event=fact.data)
            return [prepend("events", f"event-{fact.data.id}", event)]
        return [Refresh(part=part) for part in PARTS[type(fact)]]

    async def refresh(self, reading: AsyncConnection, organization_id: int, what: Refresh) -> Sequence[Html]:
        """One of the panels."""
        draw = self._fragments.draw
        match what.part:
            case "counts":
                counts = await fleet_numbers.counts(reading, organization_id, datetime.now(UTC))
                return [replace("fleet-counts", draw("overview/_counts.html", counts=counts))]
            case "usage":
                usage = await fleet_numbers.used(reading, organization_id, self._clock())
                return [replace("fleet-usage", draw("overview/_usage.html", usage=usage))]
            case _:
                now = self._clock()
                html = draw("overview/_streamer.html", streamer=await streamer(reading, organization_id, now))
                return [replace("fleet-streamer", html)]

    def on_return(self, topics: Iterable[str]) -> Sequence[Refresh]:
        """Every panel."""
        return [Refresh(part=part) for part in sorted({part for parts in PARTS.values() for part in parts})]

    async def revisions(
        self, reading: AsyncConnection, organization_id: int, topics: Collection[str]
    ) -> Mapping[str, int]:
        """It has none."""
        return {}


@get("/", include_in_schema=False)
async def fleet(
    caller: NamedDependency[Caller], reading: NamedDependency[AsyncConnection], live_since: NamedDependency[str]
) -> Template:
    """Counts, usage, the last hour, the latest events: each number a link to the list behind it."""
    events, _ = await connectivity_reads.events(reading, caller.organization_id, limit=EVENTS)
    context = {
        **await layout_context(reading, caller, live_since, OverviewView),
        "counts": await fleet_numbers.counts(reading, caller.organization_id, datetime.now(UTC)),
        "usage": await fleet_numbers.used(reading, caller.organization_id, datetime.now(UTC)),
        "streamer": await streamer(reading, caller.organization_id, datetime.now(UTC)),
        "events": events,
        "events_as_of": datetime.now(UTC),
    }
    return Template("overview/overview.html", context=context)


@get("/fleet/chart.json", include_in_schema=False)
async def chart(caller: NamedDependency[Caller], reading: NamedDependency[AsyncConnection]) -> LastHour:
    """The moving chart's numbers."""
    return await fleet_numbers.last_hour(reading, caller.organization_id, datetime.now(UTC))


router = Router("/", route_handlers=[fleet, chart])
