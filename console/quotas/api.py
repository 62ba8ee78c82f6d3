"""Quotas for programs."""

from typing import Literal

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from sqlalchemy.ext.asyncio import AsyncConnection

from console.facts.sims import SimState
from console.http.paging import CursorText, Listing, PageSize, cursor_of
from console.organizations.rules import Caller
from console.quotas import reads, reconciliation
from console.quotas.reads import Quota
from console.quotas.reconciliation import Difference


@get("/sims/{iccid:str}/quotas", operation_id="getSimQuotas", summary="What a SIM has left")
async def sim_quotas(
    caller: NamedDependency[Caller], reading: NamedDependency[AsyncConnection], sim: NamedDependency[SimState]
) -> Listing[Quota]:
    """Data in bytes, SMS in messages. A quota that 1NCE has not reported yet is not in the list."""
    items = await reads.of_sim(reading, caller.organization_id, sim.iccid)
    return Listing(items=items, total=len(items), page=1, pages=1, page_size=2, next_cursor=None)


@get("/quotas", operation_id="listQuotas", summary="What the fleet has left")
async def fleet_quotas(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    service: FromQuery[Literal["data", "sms"] | None] = None,
    page_size: PageSize = 50,
    cursor: CursorText = None,
) -> Listing[Quota]:
    """By ICCID."""
    items, more = await reads.of_fleet(
        reading, caller.organization_id, service=service, limit=page_size, cursor=cursor_of(cursor)
    )
    return Listing(items=items, page_size=page_size, next_cursor=more)


@get("/quotas/reconciliation", operation_id="listDifferences", summary="SIMs whose usage records do not add up")
async def differing(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    page_size: PageSize = 50,
    cursor: CursorText = None,
) -> Listing[Difference]:
    """SIMs whose data quota fell by another amount than 1NCE's usage records add up to, by ICCID: by more than 1 MB and
    5 %, and for longer than a record takes to come. Empty where the Data Streamer posts no usage records."""
    items, more = await reconciliation.differences(
        reading, caller.organization_id, limit=page_size, cursor=cursor_of(cursor)
    )
    return Listing(items=items, page_size=page_size, next_cursor=more)


router = Router("/", route_handlers=[sim_quotas, fleet_quotas, differing], tags=["Quotas"])
