"""The last 24 hours of what the console depends on, half an hour a bar: 1NCE, the Data Streamer, workers, jobs."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.carrier.outages import outages
from console.connectivity.sampled import minutes_sampled
from console.pages.templating import job_title
from console.runs.failed_runs import failed_runs
from console.streamer.silent_spans import silent_spans

STEP, STEPS = timedelta(minutes=30), 48
MISSED = 2  # minutes without a count in half an hour that are worth a colour; one may be late
Level = Literal["ok", "some", "bad", "unknown"]
Span = tuple[datetime, datetime]


class Bar(Struct, frozen=True, kw_only=True):
    """Half an hour of a dependency."""

    since: datetime
    level: Level
    text: str
    failing_since: datetime | None = None  # of what goes on: it is in no text


class Dependency(Struct, frozen=True, kw_only=True):
    """What the console depends on, its day, and where more is said of it."""

    name: str
    href: str
    bars: Sequence[Bar]

    @property
    def trouble(self) -> Sequence[Bar]:
        """The bars that are not as they should be, the latest first."""
        return [one for one in reversed(self.bars) if one.level in ("bad", "some")]

    @property
    def known(self) -> int:
        """Of how many bars something is known."""
        return sum(one.level != "unknown" for one in self.bars)


def of_spans(
    times: Sequence[datetime], now: datetime, spans: Sequence[Span], known: Callable[[int], bool]
) -> list[Bar]:
    """Bars of something that failed in these spans; `known` says of a step whether anybody looked.

    A span that ends `now` goes on. Its bar says since when, which stays true while the page stands.
    """
    bars = []
    for number, time in enumerate(times):
        end = min(time + STEP, now)
        failing_since = min((since for since, until in spans if until == now == end), default=None)
        over = _within(time, end, [span for span in spans if span[0] != failing_since])
        lost = over + (end - max(failing_since, time) if failing_since else timedelta(0))
        if lost:
            level: Level = "bad" if lost * 2 >= end - time else "some"
            text = f"not for {_minutes(over)}" if over else ""
            bars.append(Bar(since=time, level=level, text=text, failing_since=failing_since))
        elif known(number):
            bars.append(Bar(since=time, level="ok", text="all the time"))
        else:
            bars.append(Bar(since=time, level="unknown", text="not known"))
    return bars


def _within(begin: datetime, end: datetime, spans: Sequence[Span]) -> timedelta:
    return sum((max(timedelta(0), min(until, end) - max(since, begin)) for since, until in spans), timedelta(0))


def _minutes(length: timedelta) -> str:
    seconds = round(length.total_seconds())
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"


def of_minutes(times: Sequence[datetime], now: datetime, sampled: dict[int, int]) -> list[Bar]:
    """Bars of what works each minute. What was before the first such minute is not known."""
    bars = []
    for number, time in enumerate(times):
        expected = int((min(time + STEP, now) - time).total_seconds() // 60)
        there = sampled.get(number, 0)
        missed = max(0, expected - there)
        first = number == min(sampled, default=STEPS)
        if number < min(sampled, default=STEPS):
            bars.append(Bar(since=time, level="unknown", text="not known"))
        elif missed < MISSED or first:
            bars.append(Bar(since=time, level="ok", text=f"in {there} minutes"))
        else:
            level: Level = "bad" if missed * 2 >= expected else "some"
            bars.append(Bar(since=time, level=level, text=f"not in {missed} of {expected} minutes"))
    return bars


def of_runs(times: Sequence[datetime], failed: dict[int, dict[str, int]], known: Callable[[int], bool]) -> list[Bar]:
    """Bars of the runs that failed."""
    bars = []
    for number, time in enumerate(times):
        jobs = failed.get(number, {})
        text = ", ".join(
            f"{job_title(job)} failed {'once' if runs == 1 else f'{runs} times'}" for job, runs in jobs.items()
        )
        level: Level = "bad" if jobs else "ok" if known(number) else "unknown"
        bars.append(Bar(since=time, level=level, text=text or ("none failed" if level == "ok" else "not known")))
    return bars


async def day_of_dependencies(connection: AsyncConnection, organization_id: int, now: datetime) -> Sequence[Dependency]:
    """Each with STEPS bars, the last of which is not over."""
    begun = now.replace(minute=now.minute // 30 * 30, second=0, microsecond=0)
    times = [begun - STEP * (STEPS - 1 - number) for number in range(STEPS)]
    sampled = await minutes_sampled(connection, organization_id, times[0], STEP, STEPS)
    lost = await outages(connection, organization_id, times[0])
    failed = await failed_runs(connection, organization_id, times[0], STEP, STEPS)
    found = [
        Dependency(
            name="1NCE answers",
            href="/carrier",
            bars=of_spans(times, now, [(one.since, one.until or now) for one in lost], sampled.__contains__),
        )
    ]
    for kind, name in (("event", "Data Streamer, events"), ("usage", "Data Streamer, usage")):
        silent = await silent_spans(connection, organization_id, kind, times[0], now)
        first = silent.first_post_at
        came = [first is not None and time + STEP > first for time in times]
        found.append(Dependency(name=name, href="/carrier", bars=of_spans(times, now, silent.spans, came.__getitem__)))
    workers = of_minutes(times, now, sampled)
    jobs = of_runs(times, failed, sampled.__contains__)
    return [
        *found,
        Dependency(name="Workers, PostgreSQL, Valkey", href="/jobs?job=sample_fleet", bars=workers),
        Dependency(name="Runs of jobs", href="/jobs?state=failed", bars=jobs),
    ]
