"""Quotas for programs."""

from typing import Literal

from litestar import Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery
from sqlalchemy.ext.asyncio import AsyncConnection

from console.facts.sims import SimState
from console.http.fields import FieldNames
from console.http.paging import Listing, ListRequest, list_request
from console.organizations.rules import Caller
from console.quotas import reads, reconciliation
from console.quotas.reads import Quota
from console.quotas.reconciliation import Difference
from console.store.counting import Total


@get("/sims/{iccid:str}/quotas", operation_id="getSimQuotas", summary="What a SIM has left")
async def sim_quotas(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    sim: NamedDependency[SimState],
    fields: FieldNames = "",
) -> Listing[Quota]:
    """Data in bytes, SMS in messages. A quota that 1NCE has not reported yet is not in the list."""
    items = await reads.of_sim(reading, caller.organization_id, sim.iccid)
    asked = ListRequest(page_size=2, fields=fields)
    return asked.listing(Quota, items, None, Total(len(items)))


@get("/quotas", operation_id="listQuotas", summary="What the fleet has left")
async def fleet_quotas(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    asked: NamedDependency[ListRequest],
    service: FromQuery[Literal["data", "sms"] | None] = None,
) -> Listing[Quota]:
    """By ICCID."""
    items, more = await reads.of_fleet(
        reading,
        caller.organization_id,
        service=service,
        limit=asked.page_size,
        offset=asked.offset,
        cursor=asked.cursor,
    )
    total = await reads.count(reading, caller.organization_id, service, exact=asked.exact)
    return asked.listing(Quota, items, more, total)


@get("/quotas/reconciliation", operation_id="listDifferences", summary="SIMs whose usage records do not add up")
async def differing(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    asked: NamedDependency[ListRequest],
) -> Listing[Difference]:
    """SIMs whose data quota fell by another amount than 1NCE's usage records add up to, by ICCID: by more than 1 MB and
    5 %, and for longer than a record takes to come. Empty where the Data Streamer posts no usage records."""
    items, more = await reconciliation.differences(
        reading, caller.organization_id, limit=asked.page_size, offset=asked.offset, cursor=asked.cursor
    )
    total = Total(await reconciliation.count(reading, caller.organization_id))
    return asked.listing(Difference, items, more, total)


router = Router(
    "/",
    route_handlers=[sim_quotas, fleet_quotas, differing],
    tags=["Quotas"],
    dependencies={"asked": Provide(list_request)},
)
