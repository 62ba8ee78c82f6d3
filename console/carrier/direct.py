"""The circuit breaker and what 1NCE offers, as prepared statements."""

from typing import Any

import sqlalchemy as sa

from console.carrier.rules import OPERATIONS
from console.carrier.tables import carrier_circuits, carrier_operations
from console.facts.carrier import CircuitStatus
from console.store.direct_reads import DirectReads, Question


async def circuit(direct: DirectReads, organization_id: int) -> tuple[str, int]:
    """State of the circuit breaker, and how many calls failed in a row; "unknown" before the first call."""
    row = await direct.row(CIRCUIT, organization_id=organization_id)
    return (row[0], row[1]) if row else (CircuitStatus().state, CircuitStatus().failures)


async def available(direct: DirectReads, organization_id: int) -> dict[str, bool | None]:
    """Of each operation whether 1NCE offers it; None where that is not known."""
    rows = await direct.rows(AVAILABLE, organization_id=organization_id)
    return {**dict.fromkeys(OPERATIONS), **{row[0]: row[1] for row in rows}}


def _mine(table: sa.Table, *names: str) -> "sa.Select[Any]":
    mine = table.c.organization_id == sa.bindparam("organization_id", type_=sa.Integer)
    return sa.select(*(table.c[name] for name in names)).where(mine)


def _circuit() -> "sa.Select[Any]":
    return _mine(carrier_circuits, "state", "failures")


def _available() -> "sa.Select[Any]":
    return _mine(carrier_operations, "operation", "available")


CIRCUIT, AVAILABLE = Question(_circuit), Question(_available)
