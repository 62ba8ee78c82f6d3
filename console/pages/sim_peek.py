"""A SIM beside the list that it stands in: its state, what is wrong with it, and what happened last."""

from datetime import UTC, datetime
from typing import Any

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncConnection

from console.actions.diagnosing import diagnosis_of
from console.connectivity import reads as connectivity_reads
from console.facts.sims import SimState
from console.iccid import InvalidIccid, parse
from console.organizations.rules import Caller
from console.quotas.forecast import forecast
from console.sims import reads
from console.sims.api import shown_sim

EVENTS = 8


def is_peek(text: str) -> bool:
    """Whether this names a SIM."""
    try:
        parse(text)
    except InvalidIccid:
        return False
    return True


async def peeked(connection: AsyncConnection, caller: Caller, iccid: str) -> dict[str, Any] | None:
    """What the address of a list asks to see beside it; None where it asks for nothing, or for no SIM of theirs."""
    sim = await reads.one(connection, caller.organization_id, str(parse(iccid))) if is_peek(iccid) else None
    return None if sim is None else await peek_context(connection, caller, sim)


async def peek_context(connection: AsyncConnection, caller: Caller, sim: SimState) -> dict[str, Any]:
    """What `sims/_peek.html` shows."""
    now = datetime.now(UTC)
    events, _ = await connectivity_reads.events(connection, caller.organization_id, iccid=sim.iccid, limit=EVENTS)
    return {
        "sim": shown_sim(caller, sim),
        "diagnosis": await diagnosis_of(connection, caller.organization_id, sim, now),
        "forecast": await forecast(connection, caller.organization_id, sim.iccid, now),
        "events": events,
        "as_of_time": now,
    }


@get("/sims/{iccid:str}/peek", include_in_schema=False)
async def peek(
    caller: NamedDependency[Caller], reading: NamedDependency[AsyncConnection], sim: NamedDependency[SimState]
) -> Template:
    """The SIM as it is now."""
    return Template("sims/_peek.html", context={"peek": await peek_context(reading, caller, sim)})


router = Router("/", route_handlers=[peek])
