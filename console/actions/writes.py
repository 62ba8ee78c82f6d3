"""Changes of actions that people and programs make, and how every change of one is made and published."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from msgspec import structs
from sqlalchemy.dialects.postgresql import JSONB, insert

from console.actions import reads
from console.actions.auto_top_ups import AutoTopUpSetting, checked_rule
from console.actions.budgets import BudgetLimit, checked
from console.actions.guards import lock_spending, may_begin
from console.actions.reads import COLUMNS, action_of
from console.actions.replacing import move
from console.actions.requests import Asked, repeats
from console.actions.rules import EXPIRES_AFTER, SPENDING, step
from console.actions.spending import names_of
from console.actions.tables import actions, auto_top_ups, budgets
from console.errors import Invalid, NotFound
from console.facts.actions import Action, ActionChanged, ActionKind, ActionState
from console.organizations.rules import Caller
from console.store.database import Transaction

c, r = actions.c, auto_top_ups.c
ONE_AFTER_ANOTHER = SPENDING | {ActionKind.REPLACE}  # budgets are shared, and a SIM takes one other's place
SAME_KEY = "This Idempotency-Key was used for another request: take a new key for a new action"


async def request(
    transaction: Transaction, caller: Caller, asked: Asked, key: str, now: datetime, *, undo: timedelta
) -> tuple[Action, bool]:
    """Make an action of what is asked for; the action, and whether the key had made it before.

    A top-up reserves its price in the budgets by that; one that they do not allow is refused from the beginning.
    It and a replacement are dated by the database's clock, whatever `now` is.
    Raises Invalid for a key that has made another action, and Conflict where a top-up may not start.
    """
    connection = transaction.connection
    if asked.kind in ONE_AFTER_ANOTHER:  # those of one organization wait for each other from here on
        now = await lock_spending(connection, caller.organization_id)
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
    await lock_spending(connection, organization_id)
    kept = checked(limits, await names_of(connection, organization_id, now))
    await connection.execute(sa.delete(budgets).where(budgets.c.organization_id == organization_id))
    if kept:
        rows = [structs.asdict(limit) | {"subject": limit.subject or ""} for limit in kept]
        of = {"organization_id": organization_id}
        await connection.execute(sa.insert(budgets).values([of | row for row in rows]))


async def put_auto_top_up(
    transaction: Transaction, caller: Caller, rule_id: int | None, setting: AutoTopUpSetting, now: datetime
) -> int:
    """Keep a new rule, or this in the place of one; its number. Raises as `checked_rule` does, and NotFound."""
    organization_id = caller.organization_id
    await lock_spending(transaction.connection, organization_id)
    values = await checked_rule(transaction.connection, organization_id, rule_id, setting)
    values |= {"caller": caller.handle, "changed_by": caller.name, "changed_at": now, "message": None}
    statement: Any = insert(auto_top_ups).values(organization_id=organization_id, **values)
    if rule_id is not None:
        mine = sa.and_(r.organization_id == organization_id, r.id == rule_id)
        statement = sa.update(auto_top_ups).where(mine).values(**values)
    found = (await transaction.connection.execute(statement.returning(r.id))).scalar_one_or_none()
    if found is None:
        raise NotFound("There is no such rule", rule=rule_id)
    return int(found)


async def remove_auto_top_up(transaction: Transaction, organization_id: int, rule_id: int) -> None:
    """Remove a rule; what it has asked for goes on. Raises NotFound."""
    await lock_spending(transaction.connection, organization_id)
    statement = sa.delete(auto_top_ups).where(r.organization_id == organization_id, r.id == rule_id)
    if not (await transaction.connection.execute(statement)).rowcount:
        raise NotFound("There is no such rule", rule=rule_id)


async def note_look(
    transaction: Transaction, organization_id: int, rule_id: int, message: str | None, now: datetime
) -> None:
    """Note when a rule was looked at, and why it did nothing."""
    mine = sa.and_(r.organization_id == organization_id, r.id == rule_id)
    await transaction.connection.execute(sa.update(auto_top_ups).where(mine).values(checked_at=now, message=message))


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
