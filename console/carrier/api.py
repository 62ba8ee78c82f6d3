"""The account at 1NCE for programs."""

from litestar import Router, get
from litestar.di import NamedDependency
from sqlalchemy.ext.asyncio import AsyncConnection

from console.carrier import reads
from console.facts.carrier import CarrierStatus
from console.organizations.rules import Caller


@get("/carrier", operation_id="getCarrier", summary="Whether 1NCE answers, and what it offers")
async def get_carrier(caller: NamedDependency[Caller], reading: NamedDependency[AsyncConnection]) -> CarrierStatus:
    """As the workers last found it: this calls nothing at 1NCE."""
    return await reads.status(reading, caller.organization_id)


router = Router("/", route_handlers=[get_carrier], tags=["Carrier"])
