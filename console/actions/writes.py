"""Changes of actions that people and programs make, and how every change of one is made and published."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from msgspec import structs
from sqlalchemy.dialects.postgresql import JSONB, insert

from console.actions import reads
from console.actions.budgets import BudgetLimit, checked
from console.actions.guards import may_begin, said_by_person
from console.actions.reads import COLUMNS, action_of
from console.actions.replacing import move
from console.actions.requests import Asked, repeats
from console.actions.rules import EXPIRES_AFTER, NOT_SENT, SPENDING, step
from console.actions.spending import names_of
from console.actions.tables import actions, budgets
from console.errors import Conflict, Invalid, NotFound
from console.facts.actions import Action, ActionChanged, ActionKind, ActionState
from console.organizations.rules import Caller
from console.store.database import Transaction
from console.store.locks import AdvisoryLock, transaction_lock

c = actions.c
ONE_AFTER_ANOTHER = SPENDING | {ActionKind.REPLACE}  # budgets are shared, and a SIM takes one other's place
SAME_KEY = "This Idempotency-Key was used for another request: take a new key for a new action"


async def request(
    transaction: Transaction, caller: Caller, asked: Asked, key: str, now: datetime, *, undo: timedelta
) -> tuple[Action, bool]:
    """Make an action of what is asked for; the action, and whether the key had made it before.

    A top-up reserves its price in the budgets by that; one that they do not allow is refused from the beginning.
    Raises Invalid for a key that has made another action, and Conflict where a top-up may not start.
    """
    connection = transaction.connection
    if asked.kind in ONE_AFTER_ANOTHER:  # those of one organization wait for each other from here on
        await connection.execute(transaction_lock(AdvisoryLock.ACTION, caller.organization_id))
    if (before := await _same(transaction, caller, asked, key)) is not None:
        return before, True
    price = await may_begin(connection, caller, asked, now)
    held = undo > timedelta(0) and price.refusal is None
    state = ActionState.HELD if held else ActionState.QUEUED
    due_at: datetime | None = now + undo
    if price.refusal is not None:
        state, due_at = ActionState.REFUSED, None
    elif asked.approval_until is not None:
        state, due_at, held = ActionState.AWAITING_APPROVAL, None, False
    values = {
        "organization_id": caller.organization_id,
        "iccid": asked.iccid,
        "kind": asked.kind.value,
        "state": state.value,
        "parameters": asked.parameters,
        "reason": asked.reason,
        "caller": caller.handle,
        "idempotency_key": key,
        "requested_by": caller.name,
        "bulk_action_id": asked.bulk_action_id,
        "requested_at": now,
        "changed_at": now,
        "undo_until": due_at if held else None,
        "expires_at": asked.approval_until or now + EXPIRES_AFTER,
        "due_at": due_at,
        "price_minor": price.amount_minor,
        "currency": price.currency,
        "message": price.refusal,
        "steps": [_step(state, now, caller.name, price.refusal)],
    }
    statement = insert(actions).values(**values)
    statement = statement.on_conflict_do_nothing(index_elements=["organization_id", "caller", "idempotency_key"])
    row = (await connection.execute(statement.returning(*COLUMNS))).first()
    if row is None:  # the same request has come twice at the same moment
        found = await _same(transaction, caller, asked, key)
        assert found is not None
        return found, True
    action = action_of(row)
    transaction.publish(caller.organization_id, ActionChanged(time=now, subject=action.iccid, data=action))
    if due_at is not None:
        ask_for_sending(transaction, caller.organization_id, action.id, due_at)
    return action, False


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


def ask_for_sending(transaction: Transaction, organization_id: int, action_id: int, due_at: datetime) -> None:
    """Ask for the job that sends this action, when it is due."""
    transaction.later(
        "act", key=f"act:{action_id}", organization_id=organization_id, due_at=due_at, action_id=action_id
    )


def ask_for_settling(transaction: Transaction, organization_id: int, due_at: datetime) -> None:
    """Ask for the job that looks for the effects of actions, when the next look is due."""
    transaction.later("settle", key=f"settle:{organization_id}", organization_id=organization_id, due_at=due_at)


async def change(
    transaction: Transaction,
    which: "sa.ColumnElement[bool]",
    before: ActionState,
    after: ActionState,
    values: dict[str, Any],
    now: datetime,
    *,
    by: str | None = None,
    message: str | None = None,
) -> Action | None:
    """Lead the action from one state to the next, publish it, and return it; None if it is no longer `which`.

    Raises WrongStep for a step that the machine of states does not have.
    """
    if after is ActionState.CONFIRMED:
        message = await move(transaction, sa.and_(which, c.state == before.value), now) or message
    entry = sa.cast([_step(step(before, after), now, by, message)], JSONB)
    statement = sa.update(actions).where(which, c.state == before.value)
    statement = statement.values(
        state=after.value,
        changed_at=now,
        message=message,
        steps=c.steps.op("||")(entry),
        revision=c.revision + 1,
        **values,
    )
    row = (await transaction.connection.execute(statement.returning(c.organization_id, *COLUMNS))).first()
    if row is None:
        return None
    action = action_of(row)
    transaction.publish(row.organization_id, ActionChanged(time=now, subject=action.iccid, data=action))
    return action


async def put_budgets(
    transaction: Transaction, organization_id: int, limits: Sequence[BudgetLimit], now: datetime
) -> None:
    """Put these in the place of all budgets of the organization. Raises Invalid for what can't be a budget."""
    connection = transaction.connection
    await connection.execute(transaction_lock(AdvisoryLock.ACTION, organization_id))
    kept = checked(limits, await names_of(connection, organization_id, now))
    await connection.execute(sa.delete(budgets).where(budgets.c.organization_id == organization_id))
    if kept:
        rows = [structs.asdict(limit) | {"subject": limit.subject or ""} for limit in kept]
        of = {"organization_id": organization_id}
        await connection.execute(sa.insert(budgets).values([of | row for row in rows]))


async def _same(transaction: Transaction, caller: Caller, asked: Asked, key: str) -> Action | None:
    """What this key has made before. Raises Invalid if that is something else."""
    found = await reads.by_key(transaction.connection, caller.organization_id, caller.handle, key)
    if found is None:
        return None
    if not repeats(asked, found.kind, found.iccid, found.parameters, found.reason):
        raise Invalid(SAME_KEY, action=found.id)
    return found


def _step(state: ActionState, at: datetime, by: str | None, message: str | None) -> dict[str, Any]:
    return {"state": state.value, "at": at.isoformat(), "by": by, "message": message}
