"""The account at 1NCE for programs."""

from litestar import Router, get
from litestar.di import NamedDependency
from msgspec import Struct

from console.auth.rules import Caller
from console.carrier import reads
from console.facts.carrier import CircuitStatus, Operation
from console.store.database import Database


class Account(Struct, frozen=True, kw_only=True):
    """How the line to 1NCE stands, and what 1NCE offers this account."""

    line: CircuitStatus
    operations: list[Operation]


@get("/account", operation_id="getAccount", summary="The line to 1NCE, and what it offers")
async def get_account(caller: NamedDependency[Caller], db: NamedDependency[Database]) -> Account:
    """As the workers last met it: this asks 1NCE nothing."""
    async with db.reading() as reading:
        line = await reads.circuit(reading, caller.organization_id)
        operations = await reads.operations(reading, caller.organization_id)
    return Account(line=line, operations=operations)


router = Router("/", route_handlers=[get_account], tags=["Account"])
