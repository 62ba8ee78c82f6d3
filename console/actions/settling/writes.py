"""What is found out about actions that were sent."""

from datetime import datetime

import sqlalchemy as sa

from console.actions.rules import next_look
from console.actions.settling.reads import LOOKED_FOR, Sought
from console.actions.settling.rules import Finding
from console.actions.tables import actions
from console.actions.writes import ask_for_settling, change
from console.facts.actions import Action, ActionState
from console.sims.watching.writes import request_sync
from console.store.database import Transaction

c = actions.c


async def settle(
    transaction: Transaction, organization_id: int, sought: Sought, finding: Finding | None, now: datetime
) -> Action | None:
    """Record what the evidence shows, or when it is looked for again; the action if its state has changed."""
    action, pending = sought.action, sought.pending
    which = sa.and_(c.organization_id == organization_id, c.id == action.id)
    look_at = next_look(pending.sent_at, now)
    if finding is None or finding.state is pending.state:
        due_at = look_at if finding is None else None
        statement = sa.update(actions).where(which, c.state == pending.state.value).values(due_at=due_at)
        await transaction.connection.execute(statement)
        if due_at is not None:
            ask_for_settling(transaction, organization_id, due_at)
        return None
    again = finding.state in LOOKED_FOR
    values = {
        "due_at": look_at if again else None,
        "order_number": sa.func.coalesce(c.order_number, finding.order_number),
        "sms_ids": list(finding.sms_ids) if finding.sms_ids else c.sms_ids,
    }
    message = finding.message or None
    found = await change(transaction, which, pending.state, finding.state, values, now, message=message)
    if found is not None and again:
        ask_for_settling(transaction, organization_id, look_at)
    if found is not None and finding.state is ActionState.CONFIRMED:
        request_sync(transaction, organization_id, action.iccid)
    return found
