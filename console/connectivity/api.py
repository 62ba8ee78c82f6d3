"""Status history and network events for programs."""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from litestar import Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery

from console.connectivity.listing import EVENTS, ICCID, SEVERITIES, STATUS_CHANGES, change_of, event_of
from console.connectivity.reads import StatusChange
from console.errors import SimNotFound
from console.facts.network import NetworkEvent
from console.http.paging import Listing, ListRequest, list_request
from console.organizations.rules import Caller
from console.sims.api import plain_iccid
from console.store.direct_pages import DirectPage, PagedRows
from console.store.direct_reads import DirectReads

Severity: TypeAlias = Literal["info", "warn", "error", "critical"]


@get("/sims/{iccid:str}/connectivity", operation_id="getSimConnectivity", summary="Where a SIM has been on the network")
async def sim_connectivity(
    caller: NamedDependency[Caller],
    direct_reads: NamedDependency[DirectReads],
    iccid: FromPath[str],
    asked: NamedDependency[ListRequest],
) -> Listing[StatusChange]:
    """Each change, the newest first; six months are kept."""
    return await _status_changes(caller, direct_reads, asked, iccid=plain_iccid(iccid))


@get("/connectivity", operation_id="listConnectivity", summary="Where SIMs have been on the network")
async def fleet_connectivity(
    caller: NamedDependency[Caller],
    direct_reads: NamedDependency[DirectReads],
    asked: NamedDependency[ListRequest],
) -> Listing[StatusChange]:
    """Each change of the whole fleet, the newest first."""
    return await _status_changes(caller, direct_reads, asked)


@get("/sims/{iccid:str}/events", operation_id="getSimEvents", summary="A SIM's network events")
async def sim_events(
    caller: NamedDependency[Caller],
    direct_reads: NamedDependency[DirectReads],
    iccid: FromPath[str],
    asked: NamedDependency[ListRequest],
    severity: FromQuery[Severity | None] = None,
) -> Listing[NetworkEvent]:
    """The newest first; a year is kept."""
    severities = {SEVERITIES: [severity]} if severity else {}
    return await _events(caller, direct_reads, asked, iccid=plain_iccid(iccid), **severities)


@get("/events", operation_id="listEvents", summary="The network events of all SIMs")
async def fleet_events(
    caller: NamedDependency[Caller],
    direct_reads: NamedDependency[DirectReads],
    asked: NamedDependency[ListRequest],
    severity: FromQuery[list[Severity] | None] = None,
) -> Listing[NetworkEvent]:
    """Those of watched SIMs, the newest first; a year is kept."""
    return await _events(caller, direct_reads, asked, **({SEVERITIES: severity} if severity else {}))


async def _events(caller: Caller, direct: DirectReads, asked: ListRequest, **given: Any) -> Listing[NetworkEvent]:
    page = await _page(EVENTS, caller, direct, asked, given)
    return asked.listing(NetworkEvent, [event_of(row) for row in page.rows], page.next_cursor, page.total)


async def _status_changes(
    caller: Caller, direct: DirectReads, asked: ListRequest, **given: Any
) -> Listing[StatusChange]:
    page = await _page(STATUS_CHANGES, caller, direct, asked, given)
    return asked.listing(StatusChange, [change_of(row) for row in page.rows], page.next_cursor, page.total)


async def _page(
    listed: PagedRows, caller: Caller, direct: DirectReads, asked: ListRequest, given: Mapping[str, Any]
) -> DirectPage:
    found = await listed.page(
        direct,
        limit=asked.page_size,
        offset=asked.offset,
        cursor=asked.cursor,
        exact=asked.exact,
        organization_id=caller.organization_id,
        **given,
    )
    if found is None:
        raise SimNotFound(given[ICCID])
    return found


router = Router(
    "/",
    route_handlers=[sim_connectivity, fleet_connectivity, sim_events, fleet_events],
    tags=["Connectivity"],
    dependencies={"asked": Provide(list_request)},
)
