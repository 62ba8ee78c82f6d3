"""A SIM's last day, week or month on one axis of time: connection, operator, data, SMS, events."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncConnection

from console.alerts.waiting import firing_of
from console.connectivity.spans import Connected, counted_events, spans
from console.facts.sims import SimState
from console.organizations.rules import Caller, Permission
from console.pages.address_faults import VALUES, OneOf
from console.pages.sim_axis import Axis, Shape, joined
from console.pages.sim_place import LONGEST_LIST
from console.pages.sim_tabs import TABS, Tab
from console.streamer.reads import is_known, unknown_usage
from console.usage import reads as usage_reads
from console.usage.volumes import volume

RANGES = {
    "24h": (timedelta(hours=24), "hour", timedelta(minutes=15)),
    "7d": (timedelta(days=7), "hour", timedelta(hours=2)),
    "30d": (timedelta(days=30), "day", timedelta(hours=8)),
}  # its length, by what usage is summed, the step of events
USUAL = "24h"
HEIGHTS = {"online": 100, "attached": 60, "offline": 20, "blocked": 100}
SEVERITIES = ("critical", "error", "warn", "info")  # the worst first
LISTED = 50  # spans in the table
ALERTS = 5
Asked = Annotated[str, QueryParameter(max_length=10)]


async def timeline_context(
    connection: AsyncConnection, caller: Caller, sim: SimState, asked: str, kept: Mapping[str, str]
) -> dict[str, Any]:
    """What `sim/_timeline.html` shows. `asked`: one of RANGES, else the usual one; `kept`: what else the page's address
    says."""
    chosen = asked if asked in RANGES else USUAL
    length, by, event_step = RANGES[chosen]
    step = timedelta(hours=1) if by == "hour" else timedelta(days=1)
    now = datetime.now(UTC)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    begun = midnight if by == "day" else now.replace(minute=0, second=0, microsecond=0)
    axis = Axis(begun + step - length, begun + step)
    found = await spans(connection, caller.organization_id, sim.iccid, axis.since, now)
    steps = int(length / event_step)
    events = await counted_events(connection, caller.organization_id, sim.iccid, axis.since, event_step, steps)
    return {
        "range": chosen,
        "ranges": {
            name: (f"/sims/{sim.iccid}?{urlencode({'range': name, **kept})}", _address(sim, name, kept))
            for name in RANGES
        },
        "timeline_src": _address(sim, chosen, kept),
        "connections": [_state(axis, one) for one in found],
        "operators": _operators(axis, found),
        "shares": _shares(found),
        "spans": [one for one in found[::-1] if one.connection][:LISTED],
        "more_spans": max(0, len(found) - LISTED),
        "events_counted": _ticks(axis, event_step, [(one.step, one.severity, one.events) for one in events]),
        "all_events": sum(one.events for one in events),
        "sim_alerts": await firing_of(connection, caller.organization_id, sim.iccid, limit=ALERTS)
        if caller.may(Permission.ALERTS_READ)
        else [],
        **await _usage(connection, caller, sim, axis, by, step, now),  # type: ignore[arg-type]
        "marks": [axis.since + (axis.until - axis.since) * part / 4 for part in range(5)],
        "mark_style": "axis" if chosen == USUAL else "date",
        "as_of_time": now,
    }


def _state(axis: Axis, one: Connected) -> Shape:
    word = one.connection if one.connection in HEIGHTS else "unknown"
    return axis.shape(one.since, one.until, word, one.connection or "not known", HEIGHTS.get(word, 100))


def _address(sim: SimState, chosen: str, kept: Mapping[str, str]) -> str:
    return f"/sims/{sim.iccid}/timeline?{urlencode({'range': chosen, **kept})}"


def _operators(axis: Axis, found: Sequence[Connected]) -> list[Shape]:
    """One shape for each time at one operator, whether online or not."""
    joined: list[list[Any]] = []
    for one in found:
        name = f"{one.operator or ''} {one.country or ''}".strip()
        if joined and joined[-1][2] == name:
            joined[-1][1] = one.until
        else:
            joined.append([one.since, one.until, name])
    return [axis.shape(since, until, "operator", name) for since, until, name in joined if name]


def _shares(found: Sequence[Connected]) -> list[tuple[str, int]]:
    """The percent of the time in each state, the largest first."""
    seconds: dict[str, float] = {}
    for one in found:
        word = one.connection or "unknown"
        seconds[word] = seconds.get(word, 0) + (one.until - one.since).total_seconds()
    total = sum(seconds.values()) or 1
    ordered = sorted(seconds.items(), key=lambda item: -item[1])
    return [(word, round(100 * spent / total)) for word, spent in ordered]


def _ticks(axis: Axis, step: timedelta, counted: Sequence[tuple[int, str, int]]) -> list[Shape]:
    by_step: dict[int, dict[str, int]] = {}
    for number, severity, events in counted:
        by_step.setdefault(number, {})[severity] = events
    ticks = []
    for number, found in by_step.items():
        worst = next((one for one in SEVERITIES if one in found), "info")
        text = ", ".join(f"{events} {severity}" for severity, events in found.items())
        begin = axis.since + step * number
        height = 30 if worst == "info" else 65 if worst == "warn" else 100
        ticks.append(axis.shape(begin, begin + step * 0.8, worst, text, height))
    return ticks


async def _usage(
    connection: AsyncConnection,
    caller: Caller,
    sim: SimState,
    axis: Axis,
    by: Literal["hour", "day"],
    step: timedelta,
    now: datetime,
) -> dict[str, Any]:
    """Bars of data and SMS; a step whose records are missing is not known, which is not none."""
    used = await usage_reads.of_sim(
        connection, caller.organization_id, sim.iccid, by=by, since=axis.since, until=axis.until
    )
    missing = await unknown_usage(connection, caller.organization_id, axis.since, now, now)
    times = [axis.since + step * number for number in range(int((axis.until - axis.since) / step))]
    there = {one.time for one in used}
    unknown = [t for t in times if t < now and t not in there and not is_known(missing, t, t + step)]
    gaps = [axis.shape(since, until, "gap", "not known") for since, until in joined(unknown, step)]
    most, most_sms = (max((getattr(one, name) for one in used), default=0) for name in ("data_bytes", "sms"))

    def bars(name: str, largest: int, text: Any) -> list[Shape]:
        return [
            axis.shape(one.time, one.time + step * 0.9, name, text(value), max(3, round(100 * value / largest)))
            for one in used
            if (value := getattr(one, name))
        ]

    return {
        "gaps": gaps,
        "data_bars": bars("data_bytes", most, volume),
        "data_sum": None if gaps and not used else sum(one.data_bytes for one in used),
        "sms_bars": bars("sms", most_sms, lambda value: f"{value} SMS"),
        "sms_sum": None if gaps and not used else sum(one.sms for one in used),
        "usage_step": by,
    }


@get(
    "/sims/{iccid:str}/timeline", include_in_schema=False, opt={VALUES: {"range": OneOf(*RANGES), "tab": OneOf(*TABS)}}
)
async def timeline(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    sim: NamedDependency[SimState],
    asked: Annotated[str, QueryParameter(name="range", max_length=10)] = USUAL,
    tab: Tab = "",
    list_address: Annotated[str | None, QueryParameter(name="list", max_length=LONGEST_LIST)] = None,
) -> Template:
    """The same as it is now; `tab` and `list` stay in the addresses of the other ranges."""
    kept = {"tab": tab} if tab in TABS else {}
    kept |= {"list": list_address} if list_address is not None else {}
    context = await timeline_context(reading, caller, sim, asked, kept)
    return Template("sim/_timeline.html", context=context)


router = Router("/", route_handlers=[timeline])
