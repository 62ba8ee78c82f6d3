"""The overview's chart: how many SIMs were where, what they used, and what happened meanwhile."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Literal

from litestar import Request, Router, get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.actions.explanations import NAMES
from console.actions.requested import requested
from console.alerts.fired import Fired, fired
from console.carrier.outages import Outage, outages
from console.connectivity.bands import bands
from console.facts.actions import ActionKind
from console.http.database import read_for_chart
from console.organizations.rules import Caller
from console.store.database import Database
from console.store.replica import Ask, Moment
from console.streamer.reads import is_known, unknown_usage
from console.usage import reads as usage_reads

MINUTE = timedelta(minutes=1)
By = Literal["minute", "hour"]


class Span(Struct, frozen=True, kw_only=True):
    """So many steps of so many seconds, at most 300."""

    steps: int
    seconds: int
    by: By = "minute"  # what usage is summed by


SPANS: Mapping[str, Span] = {
    "1h": Span(steps=60, seconds=60),
    "6h": Span(steps=180, seconds=120),
    "24h": Span(steps=288, seconds=300),
    "7d": Span(steps=168, seconds=3600, by="hour"),
}
FIRST = "1h"


class MarkOfAlerts(Struct, frozen=True, kw_only=True):
    """Alerts that fired in one step."""

    at: int
    number: int
    severity: str  # the worst
    text: str


class MarkOfOutage(Struct, frozen=True, kw_only=True):
    """A time in which 1NCE did not answer."""

    since: int
    until: int | None  # None: it goes on


class MarkOfActions(Struct, frozen=True, kw_only=True):
    """Actions that were requested in one step."""

    at: int
    number: int
    text: str


class FleetChart(Struct, frozen=True, kw_only=True):
    """Step by step: seconds since 1970 at which each begins; None where it is not known."""

    as_of: float
    step: int  # seconds
    is_open: bool  # the last step is not over
    times: list[int]
    online: list[int | None]  # of the minute of the step with the fewest online, as the next four
    attached: list[int | None]
    offline: list[int | None]
    blocked: list[int | None]
    unknown: list[int | None]
    bytes: list[int | None]
    alerts: list[MarkOfAlerts]
    outages: list[MarkOfOutage]
    actions: list[MarkOfActions]


async def fleet_chart(connection: AsyncConnection, organization_id: int, now: datetime, span: Span) -> FleetChart:
    """The chart's numbers until the last whole minute."""
    end = now.replace(second=0, microsecond=0)
    last = int((end - MINUTE).timestamp()) // span.seconds * span.seconds
    times = [last - span.seconds * number for number in reversed(range(span.steps))]
    since = datetime.fromtimestamp(times[0], UTC)
    found = await bands(connection, organization_id, since, end, span.seconds)
    numbers = {
        name: [getattr(found[time], name) if time in found else None for time in times]
        for name in ("online", "attached", "offline", "blocked", "unknown")
    }
    return FleetChart(
        as_of=now.timestamp(),
        step=span.seconds,
        is_open=last + span.seconds > end.timestamp(),
        times=times,
        **numbers,
        bytes=await _used(connection, organization_id, times, span, now, end),
        alerts=[_of_alerts(one) for one in await fired(connection, organization_id, since, span.seconds)],
        outages=[_of_outage(one, times[0]) for one in await outages(connection, organization_id, since)],
        actions=[
            MarkOfActions(at=at, number=sum(kinds.values()), text=_text(kinds))
            for at, kinds in (await requested(connection, organization_id, since, span.seconds)).items()
        ],
    )


async def _used(
    connection: AsyncConnection, organization_id: int, times: Sequence[int], span: Span, now: datetime, end: datetime
) -> list[int | None]:
    """Zero only where usage records came all the time."""
    since = datetime.fromtimestamp(times[0], UTC)
    used: Counter[int] = Counter()
    for one in await usage_reads.of_fleet(connection, organization_id, by=span.by, since=since, until=end):
        used[int(one.time.timestamp()) // span.seconds * span.seconds] += one.data_bytes
    unknown = await unknown_usage(connection, organization_id, since, end, now)

    def amount(time: int) -> int | None:
        begins = datetime.fromtimestamp(time, UTC)
        ends = min(begins + timedelta(seconds=span.seconds), end)
        return used.get(time, 0 if is_known(unknown, begins, ends) else None)

    return [amount(time) for time in times]


def _of_alerts(one: Fired) -> MarkOfAlerts:
    text = one.title if one.number == 1 else f"{one.number:,} alerts, the worst: {one.title}"
    return MarkOfAlerts(at=one.begins, number=one.number, severity=one.severity, text=text)


def _of_outage(one: Outage, first: int) -> MarkOfOutage:
    until = None if one.until is None else int(one.until.timestamp())
    return MarkOfOutage(since=max(first, int(one.since.timestamp())), until=until)


def _text(kinds: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} × {NAMES[ActionKind(kind)]}" for kind, number in kinds.items())


@get("/fleet/chart.json", include_in_schema=False)
async def chart(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    span: FromQuery[str] = FIRST,
) -> FleetChart:
    """The moving chart's numbers; of an unknown span, those of the last hour."""
    asked = SPANS.get(span, SPANS[FIRST])

    def drawn(moment: Moment) -> Ask[FleetChart]:
        return partial(fleet_chart, organization_id=caller.organization_id, now=moment.as_of, span=asked)

    return await read_for_chart(request.scope, db.replica, drawn)


router = Router("/", route_handlers=[chart])
