"""Messages for programs."""

from collections.abc import Sequence

from litestar import Router, get
from litestar.di import NamedDependency, Provide
from sqlalchemy.ext.asyncio import AsyncConnection

from console.facts.masking import masked_sms
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
    return asked.listing(Sms, shown(caller, items), more, total)


def shown(caller: Caller, messages: Sequence[Sms]) -> list[Sms]:
    """The messages as this caller may see them."""
    return list(messages) if caller.sees_identifiers else [masked_sms(one) for one in messages]


router = Router("/", route_handlers=[sim_sms], tags=["SMS"], dependencies={"asked": Provide(list_request)})
