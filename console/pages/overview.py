"""The fleet at a glance."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Template
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.connectivity import reads as connectivity_reads
from console.connectivity.warnings import warnings
from console.facts import Fact
from console.facts.actions import ActionChanged
from console.facts.alerts import AlertChanged
from console.facts.approvals import ApprovalChanged
from console.facts.jobs import JobChanged
from console.facts.network import NetworkEvent, NetworkEventReported
from console.facts.sims import SimChanged
from console.facts.sms import SmsChanged
from console.facts.streamer import StreamerChanged
from console.facts.usage import SimUsageChanged
from console.live.pieces import Html, outdated, prepend, replace
from console.live.view import Receives, Refresh
from console.organizations.rules import Caller
from console.pages import fleet_numbers
from console.pages.address_faults import VALUES, OneOf
from console.pages.fleet_chart import FIRST, SPANS
from console.pages.layout import layout_context
from console.pages.needs_somebody import needs_somebody
from console.pages.open_now import open_now
from console.pages.templating import Fragments
from console.streamer.reads import streamer

EVENTS = 20
LATEST = timedelta(hours=1)  # an event that comes later than that is seldom one of the latest
LATE = Refresh(part="events")
OPEN = Refresh(part="open")
PARTS: dict[type[Struct], tuple[str, ...]] = {
    SimUsageChanged: ("usage", "fleet"),
    StreamerChanged: ("streamer", "usage"),
    SimChanged: ("fleet",),
    JobChanged: ("fleet", "warnings", "needs"),
    AlertChanged: ("open", "needs", "fleet"),
    SmsChanged: ("fleet",),
    ApprovalChanged: ("needs",),
    ActionChanged: ("needs",),
}
PLAIN = "info"
TAGS = Refresh(part="tags")
BY = ("operator", "country", "map", "radio", "tag")
EVERY_SECONDS = 10.0  # for the tags


def _now() -> datetime:
    return datetime.now(UTC)


class OverviewView:
    """New events at once; counts, usage, warnings and the Data Streamer from the database."""

    name = "overview"
    receives = Receives(facts=(NetworkEventReported, *PARTS), topics=("fleet", "actions"))

    def __init__(self, fragments: Fragments, clock: Callable[[], datetime] = _now) -> None:
        self._fragments = fragments
        self._clock = clock
        self._latest: dict[int, tuple[str, ...]] = {}  # the events last read, by organization

    def draw(self, fact: Fact) -> Sequence[Html | Refresh]:
        """A new event on top of the list; what else has changed is counted anew."""
        if isinstance(fact, NetworkEventReported):
            if fact.time - fact.data.time > LATEST:
                drawn: Html | Refresh = LATE
            else:
                drawn = self._event(fact.data)
            return [drawn, OPEN] if fact.data.severity == PLAIN else [drawn, OPEN, Refresh(part="warnings")]
        parts = PARTS[type(fact)]
        if isinstance(fact, SimChanged) and fact.moves_lists:
            return [outdated()]
        return [Refresh(part=part) for part in parts]

    async def refresh(self, reading: AsyncConnection, organization_id: int, what: Refresh) -> Sequence[Html]:
        """One of the panels."""
        draw = self._fragments.draw
        match what.part:
            case "fleet":
                now = self._clock()
                fleet = await fleet_numbers.fleet(reading, organization_id, now)
                found = await open_now(reading, organization_id, now, fleet["kinds"])
                return [
                    replace("open-now", draw("overview/_open_now.html", open_now=found)),
                    replace("fleet-counts", draw("overview/_counts.html", counts=fleet["counts"])),
                    *(
                        replace(f"fleet-by-{by}", draw("overview/_places.html", places=fleet[f"by_{by}"]))
                        for by in BY
                        if by != "tag"
                    ),
                ]
            case "tags":
                places = await fleet_numbers.by_tag(reading, organization_id, self._clock())
                return [replace("fleet-by-tag", draw("overview/_places.html", places=places))]
            case "open":
                found = await open_now(reading, organization_id, self._clock())
                return [replace("open-now", draw("overview/_open_now.html", open_now=found))]
            case "needs":
                needs = await needs_somebody(reading, organization_id, self._clock())
                return [
                    replace("needs-somebody", draw("overview/_needs.html", needs=needs)),
                    replace("needs-sims", draw("overview/_needs_sims.html", needs=needs)),
                ]
            case "warnings":
                html = draw("overview/_warnings.html", warnings=await warnings(reading, organization_id, self._clock()))
                return [replace("fleet-warnings", html)]
            case "usage":
                usage = await fleet_numbers.used(reading, organization_id, self._clock())
                return [replace("fleet-usage", draw("overview/_usage.html", usage=usage))]
            case "events":
                return await self._events(reading, organization_id, always=bool(what.subject))
            case _:
                now = self._clock()
                html = draw("overview/_streamer.html", streamer=await streamer(reading, organization_id, now))
                return [replace("fleet-streamer", html)]

    async def _events(self, reading: AsyncConnection, organization_id: int, *, always: bool) -> Sequence[Html]:
        """The latest events, if late ones have come among them; or always, for a page that may have missed that."""
        events, _ = await connectivity_reads.events(reading, organization_id, limit=EVENTS)
        ids = tuple(event.id for event in events)
        if self._latest.get(organization_id) == ids and not always:
            return []
        self._latest[organization_id] = ids
        return [self._event(event) for event in reversed(events)]

    def _event(self, event: NetworkEvent) -> Html:
        return prepend("events", f"event-{event.id}", self._fragments.draw("overview/_event.html", event=event))

    def on_return(self, topics: Iterable[str]) -> Sequence[Refresh]:
        """Every panel."""
        panels = [Refresh(part=part) for part in sorted({part for parts in PARTS.values() for part in parts})]
        return [*panels, Refresh(part="events", subject="all")]


class OverviewByTagView(OverviewView):
    """The same with the tags, which are counted each ten seconds: that looks at each SIM that has one."""

    name = "overview-tags"

    def on_return(self, topics: Iterable[str]) -> Sequence[Refresh]:
        """Every panel, and the tags."""
        return [*super().on_return(topics), TAGS]


@get("/", include_in_schema=False, opt={VALUES: {"by": OneOf(*BY), "span": OneOf(*SPANS)}})
async def overview(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    live_since: NamedDependency[str],
    by: FromQuery[str] = "operator",
    span: FromQuery[str] = FIRST,
) -> Template:
    """Counts, places, usage, the last hour, warnings, the latest events: each number a link to the list behind it."""
    now = datetime.now(UTC)
    events, _ = await connectivity_reads.events(reading, caller.organization_id, limit=EVENTS)
    fleet = await fleet_numbers.fleet(reading, caller.organization_id, now)
    by = by if by in BY else "operator"
    tagged = by == "tag"
    places = await fleet_numbers.by_tag(reading, caller.organization_id, now) if tagged else fleet[f"by_{by}"]
    context = {
        **await layout_context(reading, caller, live_since, OverviewByTagView if tagged else OverviewView),
        "open_now": await open_now(reading, caller.organization_id, now, fleet["kinds"]),
        "needs": await needs_somebody(reading, caller.organization_id, now),
        "counts": fleet["counts"],
        "places": places,
        "by": by,
        "span": span if span in SPANS else FIRST,
        "spans": SPANS,
        "usage": await fleet_numbers.used(reading, caller.organization_id, now),
        "streamer": await streamer(reading, caller.organization_id, now),
        "warnings": await warnings(reading, caller.organization_id, now),
        "events": events,
        "limit": EVENTS,
        "events_as_of": now,
    }
    return Template("overview/overview.html", context=context)


router = Router("/", route_handlers=[overview])
