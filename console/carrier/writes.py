"""Changes of the accounts' state at 1NCE, where what is older than the stored one is ignored."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from console.carrier import reads
from console.carrier.rules import CircuitState
from console.carrier.tables import carrier_circuits, carrier_operations, carrier_outages
from console.facts.carrier import CarrierChanged
from console.store.bulk import rows_of
from console.store.database import Transaction


async def record_circuit(
    transaction: Transaction,
    organization_id: int,
    state: CircuitState,
    *,
    reason: str | None,
    failures: int,
    at: datetime,
    retry_at: datetime | None,
) -> bool:
    """Record the state of the circuit breaker since `at`; whether that was a change.

    `since` stays the moment at which the failures began, until the circuit is closed. Half open, it keeps the reason
    and the failures that it was opened for.
    """
    c = carrier_circuits.c
    before = await _lock(transaction, organization_id)
    if before.moved_at is not None and (at < before.moved_at or (before.state, before.retry_at) == (state, retry_at)):
        return False
    begins = before.since is None or CircuitState.CLOSED in (state, before.state)
    tried = state is CircuitState.HALF_OPEN
    values = {
        "state": state,
        "reason": before.reason if tried else reason,
        "failures": before.failures if tried else failures,
        "since": at if begins else before.since,
        "retry_at": retry_at,
        "moved_at": at,
    }
    await transaction.connection.execute(
        sa.update(carrier_circuits).values(values).where(c.organization_id == organization_id)
    )
    await _publish_status(transaction, organization_id, at)
    return True


async def record_unavailable(
    transaction: Transaction,
    organization_id: int,
    operation: str,
    *,
    unavailable_reason: str,
    status: int | None,
    at: datetime,
    retry_at: datetime | None,
) -> bool:
    """Record that 1NCE does not offer an operation, and when it is tried again. Returns whether that is a change."""
    c = carrier_operations.c
    statement = insert(carrier_operations).values(
        organization_id=organization_id,
        operation=operation,
        available=False,
        unavailable_reason=unavailable_reason,
        status=status,
        since=at,
        answered_at=at,
        retry_at=retry_at,
    )
    excluded = statement.excluded
    same = {name: excluded[name] for name in ("available", "unavailable_reason", "status", "answered_at", "retry_at")}
    statement = statement.on_conflict_do_update(
        index_elements=["organization_id", "operation"],
        set_={**same, "since": sa.case((c.available, excluded.since), else_=c.since)},
        where=sa.and_(
            c.answered_at <= excluded.answered_at,
            sa.or_(
                c.available,
                c.unavailable_reason.is_distinct_from(excluded.unavailable_reason),
                c.retry_at < excluded.retry_at,
            ),
        ),
    )
    news = (await transaction.connection.execute(statement.returning(c.operation))).first() is not None
    if news:
        await _publish_status(transaction, organization_id, at)
    return news


async def record_answers(
    transaction: Transaction, organization_id: int, answers: Mapping[str, datetime], now: datetime
) -> list[str]:
    """Record when 1NCE last answered each operation with success. Returns those that are available only now."""
    if not answers:
        return []
    await _answered(transaction, organization_id, max(answers.values()))
    c = carrier_operations.c
    rows = [
        {"organization_id": organization_id, "operation": name, "since": at, "answered_at": at, "available": True}
        for name, at in sorted(answers.items())
    ]
    names = ("organization_id", "operation", "since", "answered_at", "available")
    source = rows_of(carrier_operations, names, rows)
    known = carrier_operations.alias("known")
    mine = sa.and_(known.c.organization_id == source.c.organization_id, known.c.operation == source.c.operation)
    available = sa.select(known.c.operation).where(mine, known.c.available).exists()
    fresh = (await transaction.connection.execute(sa.select(source.c.operation).where(~available))).scalars().all()
    statement = insert(carrier_operations).from_select(names, sa.select(*(source.c[name] for name in names)))
    excluded = statement.excluded
    statement = statement.on_conflict_do_update(
        index_elements=["organization_id", "operation"],
        set_={
            "answered_at": excluded.answered_at,
            "since": sa.case((c.available, c.since), else_=excluded.since),
            "available": True,
            **dict.fromkeys(("unavailable_reason", "status", "retry_at")),
        },
        where=c.answered_at < excluded.answered_at,
    )
    written = set((await transaction.connection.execute(statement.returning(c.operation))).scalars())
    found = [name for name in fresh if name in written]
    if found:
        await _publish_status(transaction, organization_id, now)
    return found


async def prune_outages(transaction: Transaction, before: datetime) -> int:
    """Delete outages that ended before. Returns how many."""
    gone = sa.delete(carrier_outages).where(carrier_outages.c.until < before)
    return (await transaction.connection.execute(gone)).rowcount


async def _lock(transaction: Transaction, organization_id: int) -> "sa.Row[tuple[object, ...]]":
    """Lock the circuit's row until the transaction ends, and return it; it is inserted if it is not there."""
    c = carrier_circuits.c
    made = insert(carrier_circuits).values(organization_id=organization_id, state=CircuitState.UNKNOWN)
    await transaction.connection.execute(made.on_conflict_do_nothing())
    query = sa.select(carrier_circuits).where(c.organization_id == organization_id).with_for_update()
    return (await transaction.connection.execute(query)).one()


async def _answered(transaction: Transaction, organization_id: int, at: datetime) -> None:
    """Record that 1NCE has answered a call: a circuit of unknown state is closed by that."""
    c = carrier_circuits.c
    statement = insert(carrier_circuits).values(
        organization_id=organization_id, state=CircuitState.CLOSED, since=at, moved_at=at, answered_at=at
    )
    unknown = c.state == CircuitState.UNKNOWN
    statement = statement.on_conflict_do_update(
        index_elements=["organization_id"],
        set_={
            "answered_at": sa.func.greatest(c.answered_at, statement.excluded.answered_at),
            "state": sa.case((unknown, statement.excluded.state), else_=c.state),
            "since": sa.case((unknown, statement.excluded.since), else_=c.since),
        },
    )
    await transaction.connection.execute(statement)


async def _publish_status(transaction: Transaction, organization_id: int, now: datetime) -> None:
    status = await reads.status(transaction.connection, organization_id)
    transaction.publish(organization_id, CarrierChanged(time=now, subject=None, data=status))
