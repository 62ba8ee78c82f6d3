"""Queries of the accounts at 1NCE."""

from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.carrier.rules import OPERATIONS
from console.carrier.tables import carrier_circuits, carrier_operations
from console.facts.carrier import CarrierStatus, CircuitStatus, Operation
from console.organizations.tables import organizations

CIRCUIT = tuple(carrier_circuits.c[name] for name in CircuitStatus.__struct_fields__)
REPORTED = tuple(name for name in Operation.__struct_fields__ if name not in ("name", "description"))


async def circuit(connection: AsyncConnection, organization_id: int) -> CircuitStatus:
    """The state of the circuit breaker; "unknown" before the first call."""
    row = (await connection.execute(circuit_query(organization_id))).first()
    return CircuitStatus(**row._mapping) if row else CircuitStatus()


def circuit_query(organization_id: "int | sa.BindParameter[int]") -> "sa.Select[Any]":
    """The SELECT of `circuit`: no row before the first call."""
    return sa.select(*CIRCUIT).where(carrier_circuits.c.organization_id == organization_id)


async def operations(connection: AsyncConnection, organization_id: int) -> list[Operation]:
    """Everything that 1NCE can be asked to do, and whether it does it for this organization."""
    c = carrier_operations.c
    query = sa.select(c.operation, *(c[name] for name in REPORTED)).where(c.organization_id == organization_id)
    rows = {row.operation: row._asdict() for row in (await connection.execute(query)).all()}
    names = [*OPERATIONS, *sorted(rows.keys() - OPERATIONS.keys())]
    return [
        Operation(
            name=name,
            description=OPERATIONS.get(name, name),
            **{key: rows[name][key] for key in REPORTED if name in rows},
        )
        for name in names
    ]


async def status(connection: AsyncConnection, organization_id: int) -> CarrierStatus:
    """The circuit breaker, and every operation."""
    return CarrierStatus(
        circuit=await circuit(connection, organization_id), operations=await operations(connection, organization_id)
    )


async def operation(connection: AsyncConnection, organization_id: int, name: str) -> Operation:
    """One operation: whether 1NCE offers it, and when it answered last."""
    c = carrier_operations.c
    query = sa.select(*(c[one] for one in REPORTED)).where(c.organization_id == organization_id, c.operation == name)
    row = (await connection.execute(query)).first()
    return Operation(name=name, description=OPERATIONS[name], **(row._asdict() if row else {}))


class NotOffered(Struct, frozen=True):
    """An operation that 1NCE does not offer an organization, and why, in words."""

    operation: str
    unavailable_reason: str | None


def not_offered_query(organization_id: "int | sa.BindParameter[int]") -> "sa.Select[Any]":
    """The SELECT of what 1NCE does not offer: each row a NotOffered."""
    c = carrier_operations.c
    mine = sa.and_(c.organization_id == organization_id, c.available.is_(False))
    return sa.select(c.operation, c.unavailable_reason).where(mine)


async def unavailable(connection: AsyncConnection, organization_id: int) -> list[Operation]:
    """What 1NCE does not offer this organization."""
    return [one for one in await operations(connection, organization_id) if one.available is False]


async def summary(connection: AsyncConnection) -> list[tuple[str, str, int]]:
    """Of each organization its slug, the state of its circuit, and how many operations are off: for the figures."""
    mine = carrier_operations.c.organization_id == organizations.c.id
    count = sa.select(sa.func.count()).where(mine, carrier_operations.c.available.is_(False)).scalar_subquery()
    joined = organizations.outerjoin(carrier_circuits, carrier_circuits.c.organization_id == organizations.c.id)
    query = sa.select(organizations.c.slug, carrier_circuits.c.state, count).select_from(joined)
    rows = await connection.execute(query.order_by(organizations.c.id))
    return [(slug, state or "unknown", number) for slug, state, number in rows.all()]
