"""Status history and network events for programs."""

from typing import Literal

from litestar import Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery
from sqlalchemy.ext.asyncio import AsyncConnection

from console.connectivity import reads
from console.connectivity.reads import StatusChange
from console.facts.network import NetworkEvent
from console.facts.sims import SimState
from console.http.paging import Listing, ListRequest, list_request
from console.organizations.rules import Caller


@get("/sims/{iccid:str}/connectivity", operation_id="getSimConnectivity", summary="Where a SIM has been on the network")
async def sim_connectivity(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    sim: NamedDependency[SimState],
    asked: NamedDependency[ListRequest],
) -> Listing[StatusChange]:
    """Each change, the newest first; six months are kept."""
    items, more = await reads.history(
        reading,
        caller.organization_id,
        iccid=sim.iccid,
        limit=asked.page_size,
        offset=asked.offset,
        cursor=asked.cursor,
    )
    total = await reads.count_history(reading, caller.organization_id, sim.iccid, exact=asked.exact)
    return asked.listing(StatusChange, items, more, total)


@get("/connectivity", operation_id="listConnectivity", summary="Where SIMs have been on the network")
async def fleet_connectivity(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    asked: NamedDependency[ListRequest],
) -> Listing[StatusChange]:
    """Each change of the whole fleet, the newest first."""
    items, more = await reads.history(
        reading, caller.organization_id, iccid=None, limit=asked.page_size, offset=asked.offset, cursor=asked.cursor
    )
    total = await reads.count_history(reading, caller.organization_id, None, exact=asked.exact)
    return asked.listing(StatusChange, items, more, total)


@get("/sims/{iccid:str}/events", operation_id="getSimEvents", summary="A SIM's network events")
async def sim_events(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    sim: NamedDependency[SimState],
    asked: NamedDependency[ListRequest],
    severity: FromQuery[Literal["info", "warn", "error", "critical"] | None] = None,
) -> Listing[NetworkEvent]:
    """The newest first; a year is kept."""
    severities = (severity,) if severity else ()
    items, more = await reads.events(
        reading,
        caller.organization_id,
        iccid=sim.iccid,
        severities=severities,
        limit=asked.page_size,
        offset=asked.offset,
        cursor=asked.cursor,
    )
    total = await reads.count_events(reading, caller.organization_id, sim.iccid, severities, exact=asked.exact)
    return asked.listing(NetworkEvent, items, more, total)


@get("/events", operation_id="listEvents", summary="The network events of all SIMs")
async def fleet_events(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    asked: NamedDependency[ListRequest],
    severity: FromQuery[list[Literal["info", "warn", "error", "critical"]] | None] = None,
) -> Listing[NetworkEvent]:
    """Those of watched SIMs, the newest first; a year is kept."""
    severities = tuple(severity or ())
    items, more = await reads.events(
        reading,
        caller.organization_id,
        severities=severities,
        limit=asked.page_size,
        offset=asked.offset,
        cursor=asked.cursor,
    )
    total = await reads.count_events(reading, caller.organization_id, None, severities, exact=asked.exact)
    return asked.listing(NetworkEvent, items, more, total)


router = Router(
    "/",
    route_handlers=[sim_connectivity, fleet_connectivity, sim_events, fleet_events],
    tags=["Connectivity"],
    dependencies={"asked": Provide(list_request)},
)
