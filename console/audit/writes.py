"""Changes of the audit trail: lines are added, and that is all."""

import sqlalchemy as sa

from console.audit.rules import Line, shortened, without_secrets
from console.audit.tables import lines
from console.store.database import Transaction


async def add_line(transaction: Transaction, line: Line) -> None:
    """Write a line down, without a number: the sealer gives it one."""
    await transaction.connection.execute(
        sa.insert(lines).values(
            organization_id=line.organization_id,
            at=line.at,
            actor_kind=line.actor.kind,
            actor_id=line.actor.id,
            actor=shortened(line.actor.name),
            on_behalf_of=shortened(line.on_behalf_of),
            action=line.action,
            subject=shortened(line.subject),
            before=without_secrets(line.before),
            after=without_secrets(line.after),
            outcome=line.outcome,
            reason=shortened(line.reason),
            request_id=line.request_id,
            address=line.address,
        )
    )
