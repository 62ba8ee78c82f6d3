"""The account at 1NCE for programs."""

from litestar import Router, get
from litestar.di import NamedDependency

from console.carrier import reads
from console.facts.carrier import CarrierStatus
from console.organizations.rules import Caller
from console.store.database import Database


@get("/carrier", operation_id="getCarrier", summary="Whether 1NCE answers, and what it offers")
async def get_carrier(caller: NamedDependency[Caller], db: NamedDependency[Database]) -> CarrierStatus:
    """As the workers last found it: this calls nothing at 1NCE."""
    async with db.reading() as reading:
        return await reads.status(reading, caller.organization_id)


router = Router("/", route_handlers=[get_carrier], tags=["Carrier"])
