"""Changes of the audit trail: lines are added, numbered and sealed; after seven years they go."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from console.audit.chain import Head, canonical, sealed
from console.audit.reads import heads_of
from console.audit.rules import Line, shortened, without_secrets
from console.audit.tables import lines, seals, unsealed, verifications
from console.audit.verifying import Verification
from console.store.database import Transaction
from console.store.locks import AdvisoryLock, transaction_lock

AT_ONCE = 1_000  # lines that are sealed in one transaction
RETENTION = timedelta(days=7 * 366)  # a little more than the seven years within which the database refuses


async def add_line(transaction: Transaction, line: Line) -> None:
    """Write a line down, without a number: the sealer gives it one."""
    await add_lines(transaction, [line])


async def add_lines(transaction: Transaction, added: Sequence[Line]) -> None:
    """Write lines down, as `add_line` does."""
    rows = [{"organization_id": line.organization_id, **_said(line)} for line in added]
    await transaction.connection.execute(sa.insert(lines), rows)


def _said(line: Line) -> dict[str, Any]:
    return {
        "at": line.at,
        "actor_kind": line.actor.kind,
        "actor_id": line.actor.id,
        "actor": shortened(line.actor.name),
        "on_behalf_of": shortened(line.on_behalf_of),
        "action": line.action,
        "subject": shortened(line.subject),
        "before": without_secrets(line.before),
        "after": without_secrets(line.after),
        "outcome": line.outcome,
        "reason": shortened(line.reason),
        "request_id": line.request_id,
        "address": line.address,
    }


async def seal_lines(transaction: Transaction, keys: Mapping[str, bytes], now: datetime) -> dict[int, Head]:
    """Number and seal the lines that wait, at most AT_ONCE; the new head of each organization that had some.

    One sealer at a time. A line that was committed late gets its number late: numbers have no gap.
    """
    connection = transaction.connection
    await connection.execute(transaction_lock(AdvisoryLock.AUDIT_SEAL))
    query = sa.select(lines).join(unsealed, unsealed.c.line_id == lines.c.id).order_by(lines.c.id).limit(AT_ONCE)
    waiting = (await connection.execute(query)).mappings().all()
    if not waiting:
        return {}
    heads = await heads_of(connection, {row["organization_id"] for row in waiting})
    name, key = next(iter(keys.items()))
    rows = []
    for row in waiting:
        line = dict(row)
        of = line["organization_id"]
        before = heads.get(of, Head())
        content = canonical(line, before.number + 1)
        heads[of] = sealed(key, before, content)
        rows.append(
            {
                "organization_id": of,
                "number": heads[of].number,
                "line_id": line["id"],
                "key_id": name,
                "canonical": content,
                "hmac": heads[of].hmac,
                "sealed_at": now,
            }
        )
    await connection.execute(sa.insert(seals), rows)
    await connection.execute(sa.delete(unsealed).where(unsealed.c.line_id.in_([row["id"] for row in waiting])))
    return heads


async def keep_verification(transaction: Transaction, found: Verification, now: datetime) -> None:
    """What the last verification of an organization's lines found."""
    values = {"verified_at": now, "number": found.number, "fault": found.fault}
    statement = insert(verifications).values(organization_id=found.organization_id, **values)
    again = statement.on_conflict_do_update(index_elements=["organization_id"], set_=values)
    await transaction.connection.execute(again)


async def prune_lines(transaction: Transaction, organization_id: int, head: Head) -> int:
    """Delete an organization's lines up to this number, with their seals; how many. They must be past RETENTION."""
    mine = sa.and_(seals.c.organization_id == organization_id, seals.c.number <= head.number)
    sealed_in = lines.c.id.in_(sa.select(seals.c.line_id).where(mine))
    gone = await transaction.connection.execute(
        sa.delete(lines).where(lines.c.organization_id == organization_id, sealed_in)
    )
    await transaction.connection.execute(sa.delete(seals).where(mine))
    return gone.rowcount
