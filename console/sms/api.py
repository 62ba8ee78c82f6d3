"""Messages for programs."""

from litestar import Router, get
from litestar.di import NamedDependency
from sqlalchemy.ext.asyncio import AsyncConnection

from console.facts.sims import SimState
from console.facts.sms import Sms
from console.http.paging import CursorText, Listing, PageSize, cursor_of
from console.organizations.rules import Caller
from console.sms import reads


@get("/sims/{iccid:str}/sms", operation_id="getSimSms", summary="A SIM's messages")
async def sim_sms(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    sim: NamedDependency[SimState],
    page_size: PageSize = 50,
    cursor: CursorText = None,
) -> Listing[Sms]:
    """Both ways, the newest first; a year is kept."""
    items, more = await reads.of_sim(
        reading, caller.organization_id, sim.iccid, limit=page_size, cursor=cursor_of(cursor)
    )
    return Listing(items=items, page_size=page_size, next_cursor=more)


router = Router("/", route_handlers=[sim_sms], tags=["SMS"])
