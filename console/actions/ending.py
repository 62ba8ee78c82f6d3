"""People end an action: they cancel what has not been sent, and say what has become of one that is unknown."""

from datetime import datetime

import sqlalchemy as sa

from console.actions import reads
from console.actions.guards import said_by_person
from console.actions.rules import NOT_SENT
from console.actions.tables import actions
from console.actions.writes import change
from console.errors import Conflict, NotFound
from console.facts.actions import Action, ActionState
from console.organizations.rules import Caller
from console.store.database import Transaction

c = actions.c


async def cancel(transaction: Transaction, caller: Caller, action_id: int, now: datetime) -> Action:
    """Cancel an action that has not been sent. Twice is once. Raises NotFound, and Conflict when it is too late."""
    known = sa.select(c.state).where(c.organization_id == caller.organization_id, c.id == action_id).with_for_update()
    row = (await transaction.connection.execute(known)).first()
    if row is None:
        raise NotFound("There is no such action", action=action_id)
    state = ActionState(row.state)
    if state in NOT_SENT:
        values = {"due_at": None}
        found = await change(transaction, c.id == action_id, state, ActionState.CANCELLED, values, now, by=caller.name)
        assert found is not None
        return found
    action = await reads.one(transaction.connection, caller.organization_id, action_id)
    assert action is not None
    if state is not ActionState.CANCELLED:
        raise Conflict(f"It can't be cancelled any more: it is {state}", action=action_id, state=state.value)
    return action


async def end_unknown(
    transaction: Transaction, caller: Caller, action_id: int, now: datetime, *, happened: bool, reason: str
) -> Action:
    """End an action that is unknown by what a person has found out.

    Raises NotFound; Invalid without a reason; Conflict if it is not unknown, or "not done" is said too early.
    """
    found = await reads.one(transaction.connection, caller.organization_id, action_id)
    if found is None:
        raise NotFound("There is no such action", action=action_id)
    said = said_by_person(found, now, happened=happened, reason=reason)
    which = sa.and_(c.organization_id == caller.organization_id, c.id == action_id)
    after = ActionState.CONFIRMED if happened else ActionState.FAILED
    ended = await change(
        transaction, which, ActionState.UNKNOWN, after, {"due_at": None}, now, by=caller.name, message=said
    )
    if ended is None:
        raise Conflict(f"It is not unknown any more: it is {found.state}", action=action_id, state=found.state)
    return ended
