"""Status history and network events for programs."""

from typing import Literal

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from sqlalchemy.ext.asyncio import AsyncConnection

from console.connectivity import reads
from console.connectivity.reads import StatusChange
from console.facts.network import NetworkEvent
from console.facts.sims import SimState
from console.http.paging import CursorText, Listing, PageSize, cursor_of
from console.organizations.rules import Caller


@get("/sims/{iccid:str}/connectivity", operation_id="getSimConnectivity", summary="Where a SIM has been on the network")
async def sim_connectivity(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    sim: NamedDependency[SimState],
    page_size: PageSize = 50,
    cursor: CursorText = None,
) -> Listing[StatusChange]:
    """Each change, the newest first; six months are kept."""
    items, more = await reads.history(
        reading, caller.organization_id, iccid=sim.iccid, limit=page_size, cursor=cursor_of(cursor)
    )
    return Listing(items=items, page_size=page_size, next_cursor=more)


@get("/connectivity", operation_id="listConnectivity", summary="Where SIMs have been on the network")
async def fleet_connectivity(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    page_size: PageSize = 50,
    cursor: CursorText = None,
) -> Listing[StatusChange]:
    """Each change of the whole fleet, the newest first."""
    items, more = await reads.history(
        reading, caller.organization_id, iccid=None, limit=page_size, cursor=cursor_of(cursor)
    )
    return Listing(items=items, page_size=page_size, next_cursor=more)


@get("/sims/{iccid:str}/events", operation_id="getSimEvents", summary="A SIM's network events")
async def sim_events(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    sim: NamedDependency[SimState],
    severity: FromQuery[Literal["info", "warn", "error", "critical"] | None] = None,
    page_size: PageSize = 50,
    cursor: CursorText = None,
) -> Listing[NetworkEvent]:
    """The newest first; a year is kept."""
    items, more = await reads.events(
        reading,
        caller.organization_id,
        iccid=sim.iccid,
        severities=(severity,) if severity else (),
        limit=page_size,
        cursor=cursor_of(cursor),
    )
    return Listing(items=items, page_size=page_size, next_cursor=more)


router = Router("/", route_handlers=[sim_connectivity, fleet_connectivity, sim_events], tags=["Connectivity"])
