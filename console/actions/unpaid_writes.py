"""A bank transfer that was not paid is ended: a person says so, then 1NCE is asked about its order."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from console.actions import reads
from console.actions.guards import said_unpaid
from console.actions.reads import COLUMNS, action_of
from console.actions.rules import next_look
from console.actions.sending_reads import Sought
from console.actions.sending_rules import Finding
from console.actions.tables import actions
from console.actions.writes import ask_for_settling, change
from console.errors import Conflict, NotFound
from console.facts.actions import Action, ActionChanged, ActionState
from console.organizations.rules import Caller
from console.store.database import Transaction

c = actions.c
ANSWERED: dict[str, Any] = {"unpaid_said_by": None, "unpaid_reason": None}


async def say_unpaid(transaction: Transaction, caller: Caller, action_id: int, now: datetime, reason: str) -> Action:
    """Note that it was not paid, and have 1NCE asked about its order: nothing else changes before that.

    Raises NotFound, and as `said_unpaid` does.
    """
    found = await reads.one(transaction.connection, caller.organization_id, action_id)
    if found is None:
        raise NotFound("There is no such action", action=action_id)
    values = {"unpaid_said_by": caller.name, "unpaid_reason": said_unpaid(found, now, reason), "due_at": now}
    message = f"{caller.name} says that it was not paid: 1NCE is asked about order {found.order_number}."
    said = await _note(transaction, caller.organization_id, action_id, values, message, now)
    if said is None:
        raise Conflict("It is not accepted any more: look at it again", action=action_id)
    ask_for_settling(transaction, caller.organization_id, now)
    return said


async def record_unpaid(
    transaction: Transaction, organization_id: int, sought: Sought, finding: Finding | None, now: datetime
) -> Action | None:
    """Record what 1NCE says of its order; None if it has ended meanwhile. Without a finding 1NCE has not answered."""
    action, unpaid = sought.action, sought.unpaid
    assert unpaid is not None
    if finding is None:
        message = f"1NCE gave no answer about order {action.order_number} at {now:%Y-%m-%d %H:%M} UTC: nothing changed."
        finding = Finding(state=ActionState.ACCEPTED, message=f"{message} Ask again.")
    if finding.state is ActionState.ACCEPTED:
        look_at = next_look(sought.pending.sent_at, now)
        ask_for_settling(transaction, organization_id, look_at)
        values = {**ANSWERED, "due_at": look_at}
        return await _note(transaction, organization_id, action.id, values, finding.message, now)
    which = sa.and_(c.organization_id == organization_id, c.id == action.id)
    message = f"It was not paid: {unpaid.reason.rstrip('.')}. {finding.message}"
    values = {**ANSWERED, "due_at": None}
    return await change(
        transaction, which, ActionState.ACCEPTED, finding.state, values, now, by=unpaid.by, message=message
    )


async def _note(
    transaction: Transaction, organization_id: int, action_id: int, values: dict[str, Any], message: str, now: datetime
) -> Action | None:
    """Publish what is said of an action that stays accepted; None if it does not."""
    mine = sa.and_(c.organization_id == organization_id, c.id == action_id, c.state == ActionState.ACCEPTED.value)
    statement = sa.update(actions).where(mine).values(message=message, revision=c.revision + 1, **values)
    row = (await transaction.connection.execute(statement.returning(*COLUMNS))).first()
    if row is None:
        return None
    action = action_of(row)
    transaction.publish(organization_id, ActionChanged(time=now, subject=action.iccid, data=action))
    return action
