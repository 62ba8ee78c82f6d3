"""What the fleet used: by time and place, the SIMs that used most, and when in the week."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Any

from litestar import Request, Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response import Template
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.facts import Fact
from console.http.database import let_go, snapshot_of
from console.live.pieces import Html
from console.live.view import Receives, Refresh
from console.organizations.rules import Caller
from console.pages.address_faults import VALUES, OneOf
from console.pages.layout import layout_context
from console.pages.reader import Reader, reader
from console.pages.templating import Fragments
from console.pages.usage_by_sim import ranking_of, shares_of
from console.pages.usage_ranges import Range, is_day, range_of
from console.store.database import Database
from console.store.kept_counts import Counted
from console.streamer.reads import is_known, unknown_usage
from console.usage import reads, shares

MOST_PLACES = 7
HEAT_DAYS = 28
TABLES = ("steps", "sims", "hours")  # of the page, each a file too
WEEK = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
OTHERS, NOT_SAID, EVERYTHING = "others", "not known", "all SIMs"
NOT_TAGGED = "no tag"
OPTIONS = {
    VALUES: {
        "range": OneOf("24h", "7d", "30d"),
        "by": OneOf("", *shares.PLACES),
        "since": is_day,
        "until": is_day,
        "table": OneOf(*TABLES),
    }
}
Text = Annotated[str, QueryParameter(max_length=20)]
Day = Annotated[str, QueryParameter(max_length=10)]
RangeText = Annotated[str, QueryParameter(name="range", max_length=20)]


class Row(Struct, frozen=True, kw_only=True):
    """One step: what each place used, in the places' order; None where no usage is known."""

    time: datetime
    parts: list[int] | None

    @property
    def total(self) -> int | None:
        """Of all places."""
        return None if self.parts is None else sum(self.parts)


class UsageView:
    """The page reads itself anew: no fact says what a range of days has used."""

    name = "usage"
    receives = Receives(facts=())

    def __init__(self, fragments: Fragments) -> None:
        self._fragments = fragments

    def draw(self, fact: Fact) -> Sequence[Html | Refresh]:
        """Nothing."""
        return []

    async def refresh(self, reading: AsyncConnection, organization_id: int, what: Refresh) -> Sequence[Html]:
        """Nothing."""
        return []

    def on_return(self, topics: Iterable[str]) -> Sequence[Refresh]:
        """Nothing."""
        return []


async def used(
    reading: AsyncConnection,
    organization_id: int,
    asked: Range,
    by: str,
    now: datetime,
    divided: Sequence[shares.Share],
) -> tuple[list[str], list[Row]]:
    """The places that used most, with the others together, and a row for each step; `divided` is by the place."""
    amounts: Counter[tuple[datetime, str]] = Counter()
    if by in shares.PLACES:
        for one in divided:
            amounts[one.time, one.place or (NOT_TAGGED if by == "tag" else NOT_SAID)] += one.data_bytes
    else:
        for step in await reads.of_fleet(reading, organization_id, by=asked.step, since=asked.since, until=asked.until):
            amounts[step.time, EVERYTHING] += step.data_bytes
    totals: Counter[str] = Counter()
    for (_, place), amount in amounts.items():
        totals[place] += amount
    places = [place for place, _ in sorted(totals.items(), key=lambda item: (-item[1], item[0]))[:MOST_PLACES]]
    rest = [place for place in totals if place not in places]
    unknown = await unknown_usage(reading, organization_id, asked.since, min(asked.until, now), now)
    rows = []
    for time in (one for one in asked.times if one <= now):
        parts = [amounts[time, place] for place in places]
        if rest:
            parts.append(sum(amounts[time, place] for place in rest))
        known = sum(parts) or is_known(unknown, time, min(time + asked.length, now))
        rows.append(Row(time=time, parts=parts if known else None))
    return [*places, *([OTHERS] if rest else [])], rows


async def hours_of_week(
    reading: AsyncConnection, organization_id: int, now: datetime, whom: Reader
) -> list[tuple[str, list[float | None]]]:
    """Bytes an hour by weekday and hour, the mean of HEAT_DAYS; None where no usage is known at all.

    In the reader's zone, from the day on that their week begins with; by the beginning of each hour of UTC.
    """
    end = now.replace(hour=0, minute=0, second=0, microsecond=0)
    since = end - timedelta(days=HEAT_DAYS)
    known = await reads.of_fleet(reading, organization_id, by="hour", since=since, until=end)
    unknown = await unknown_usage(reading, organization_id, since, end, now)
    found = {step.time: step.data_bytes for step in known}
    cells: dict[tuple[int, int], list[int]] = {}
    for number in range(HEAT_DAYS * 24):
        time = since + timedelta(hours=number)
        if time in found or is_known(unknown, time, time + timedelta(hours=1)):
            there = time.astimezone(whom.zone)
            cells.setdefault((there.weekday(), there.hour), []).append(found.get(time, 0))
    means = {at: sum(amounts) / len(amounts) for at, amounts in cells.items()}
    days = ((whom.preferences.first_weekday + number) % 7 for number in range(7))
    return [(WEEK[day], [means.get((day, hour)) for hour in range(24)]) for day in days]


@get("/usage", opt=OPTIONS)
async def usage(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    live_since: NamedDependency[str],
    asked: RangeText = "7d",
    by: Text = "",
    since: Day = "",
    until: Day = "",
) -> Template:
    """Each number as of the moment it was read; the page reads them again by itself.

    Where the fleet is large, what looks at each SIM is counted beside the page, which asks again until it is there.
    """
    now, organization_id = datetime.now(UTC), caller.organization_id
    chosen, by = range_of(asked, now, since, until), by if by in shares.PLACES else ""
    name = f"usage:{chosen.step}:{chosen.since.isoformat()}:{chosen.until.isoformat()}"
    by_place = partial(shares_of, organization_id=organization_id, asked=chosen, by=by)
    ranked = partial(ranking_of, organization_id=organization_id, asked=chosen, now=now)
    await let_go(request.scope)
    divided, ranking = await asyncio.gather(
        db.counts.latest(organization_id, f"{name}:{by}", list[shares.Share], by_place) if by else _nothing(now),
        db.counts.latest(organization_id, f"{name}:most", list[shares.Ranked], ranked),
    )
    places, rows = list[str](), list[Row]()
    async with snapshot_of(request.scope) as reading:
        if divided is not None:
            places, rows = await used(reading, organization_id, chosen, by, divided.as_of, divided.found)
        heat = await hours_of_week(reading, organization_id, now, reader())
        layout = await layout_context(reading, caller, live_since, UsageView)
    context: dict[str, Any] = {
        **layout,
        "chosen": chosen,
        "by": by,
        "divided": f"&by={by}" if by else "",
        "places": places,
        "rows": rows,
        "steps_as_of": divided.as_of if divided else None,
        "largest": max((row.total or 0 for row in rows), default=0),
        "ranking": ranking.found if ranking else [],
        "ranking_as_of": ranking.as_of if ranking else None,
        "heat": heat,
        "heat_zone": str(reader().zone),
        "hottest": max((cell or 0 for _, day in heat for cell in day), default=0),
        "as_of_time": now,
    }
    return Template("usage/usage.html", context=context)


async def _nothing(now: datetime) -> Counted:
    return Counted(now, [])


router = Router("/", route_handlers=[usage], include_in_schema=False)
