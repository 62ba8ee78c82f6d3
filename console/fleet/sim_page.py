"""One SIM, with all that the slices know of it."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Template

from console.auth.rules import Caller
from console.connectivity import reads as connectivity_reads
from console.cursors import read_cursor
from console.database import Database
from console.fleet.forecast import HISTORY_DAYS, forecast
from console.layout import common
from console.sims.api import the_sim
from console.usage import reads as usage_reads
from console.usage.api import Usage, summed

EVENTS = 25


@get("/sims/{iccid:str}", include_in_schema=False)
async def sim_page(
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    live_since: NamedDependency[str],
    iccid: FromPath[str],
    before: Annotated[str, QueryParameter(max_length=300)] = "",
) -> Template:
    """What it is, where it is, what it has left, what it used, what happened to it."""
    sim = await the_sim(caller, db, iccid)
    cursor = read_cursor(before) if before else None
    async with db.reading() as reading:
        events, older = await connectivity_reads.events(
            reading, caller.organization_id, iccid=sim.iccid, limit=EVENTS, cursor=cursor
        )
        context: dict[str, Any] = {
            **await common(reading, caller, live_since, "sim", [f"sim:{sim.iccid}"]),
            "here": "sims",
            "sim": sim,
            "forecast": await forecast(reading, caller.organization_id, sim, datetime.now(UTC)),
            "events": events,
            "events_as_of": datetime.now(UTC),
            "older": f"/sims/{sim.iccid}?before={older}" if older else None,
            "newest": f"/sims/{sim.iccid}" if cursor else None,
        }
    return Template("sims/sim.html", context=context)


@get("/sims/{iccid:str}/usage.json", include_in_schema=False)
async def usage_chart(
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    iccid: FromPath[str],
    by: FromQuery[Literal["hour", "day"]] = "day",
) -> Usage:
    """The usage chart's numbers: two days by hour, or thirty days by day."""
    sim = await the_sim(caller, db, iccid)
    now = datetime.now(UTC)
    since = now - (timedelta(days=2) if by == "hour" else timedelta(days=HISTORY_DAYS))
    async with db.reading() as reading:
        items = await usage_reads.of_sim(reading, caller.organization_id, sim.iccid, by=by, since=since, until=now)
    return summed(by, since, now, items)


router = Router("/", route_handlers=[sim_page, usage_chart])
