"""Messages for programs."""

from litestar import Router, get
from litestar.di import NamedDependency, Provide
from sqlalchemy.ext.asyncio import AsyncConnection

from console.facts.sims import SimState
from console.facts.sms import Sms
from console.http.paging import Listing, ListRequest, list_request
from console.organizations.rules import Caller
from console.sms import reads


@get("/sims/{iccid:str}/sms", operation_id="getSimSms", summary="A SIM's messages")
async def sim_sms(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    sim: NamedDependency[SimState],
    asked: NamedDependency[ListRequest],
) -> Listing[Sms]:
    """Both ways, the newest first; a year is kept."""
    items, more = await reads.of_sim(
        reading, caller.organization_id, sim.iccid, limit=asked.page_size, offset=asked.offset, cursor=asked.cursor
    )
    total = await reads.count(reading, caller.organization_id, sim.iccid, exact=asked.exact)
    return asked.listing(Sms, items, more, total)


router = Router("/", route_handlers=[sim_sms], tags=["SMS"], dependencies={"asked": Provide(list_request)})
