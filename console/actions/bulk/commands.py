"""What people do with a bulk action: begin, pause, resume, stop, try again. Each locks its row first."""

import contextlib
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from console.actions.approvals import rule_of
from console.actions.approving import GOOD_FOR, roles_needed, why_needed
from console.actions.bulk import reads, writes
from console.actions.bulk.asking import may_begin
from console.actions.bulk.plan import BulkPlan, plan_of
from console.actions.bulk.rules import NEXT, PLAN_GOOD_FOR, never_begun
from console.actions.bulk.selection import Selection
from console.actions.bulk.tables import bulk_actions
from console.actions.ending import cancel
from console.actions.requests import Asked
from console.actions.rules import NOT_SENT
from console.actions.tables import actions
from console.errors import Conflict, NotFound
from console.facts.actions import ActionKind
from console.facts.bulk_actions import BulkAction, BulkState
from console.organizations.rules import Caller
from console.store.database import Transaction

b, a = bulk_actions.c, actions.c
S = BulkState


async def locked(transaction: Transaction, organization_id: int, bulk_action_id: int) -> BulkAction:
    """The bulk action as it is now; nobody else changes it before the transaction ends. Raises NotFound."""
    query = sa.select(b.id).where(b.organization_id == organization_id, b.id == bulk_action_id).with_for_update()
    await transaction.connection.execute(query)
    found = await reads.one(transaction.connection, organization_id, bulk_action_id)
    if found is None:
        raise NotFound("There is no such bulk action", bulk_action=bulk_action_id)
    return found


class _Undone(Exception):
    """Ends the attempt of a dry run."""


async def dry_run(
    transaction: Transaction, caller: Caller, asked: Asked, selection: Selection, now: datetime, *, stop_percent: int
) -> BulkPlan:
    """The plan of a bulk action, of which nothing is kept. Raises Invalid as `writes.plan` does."""
    found: list[BulkPlan] = []
    with contextlib.suppress(_Undone):
        async with transaction.attempt():
            key = f"dry-run:{now.isoformat()}"
            made, _ = await writes.plan(transaction, caller, asked, selection, key, key, now, stop_percent=stop_percent)
            found.append(
                await plan_of(transaction.connection, caller.organization_id, made, mask=not caller.sees_identifiers)
            )
            raise _Undone
    return found[0]


async def begin(
    transaction: Transaction, caller: Caller, bulk_action_id: int, now: datetime, *, undo: timedelta
) -> BulkAction:
    """Let a planned bulk action begin after the time to undo it, or wait for approval first; twice is once.

    It acts as whoever lets it begin, and within their budgets, whoever has planned it.
    Raises Conflict if it is too late, and Invalid if it needs approval and its reason says nothing.
    """
    known = await locked(transaction, caller.organization_id, bulk_action_id)
    state = S(known.state)
    if state is S.EXPIRED or (state is S.PLANNED and known.expires_at <= now):
        raise Conflict("The plan is more than an hour old: make a new one", bulk_action=bulk_action_id)
    if state is not S.PLANNED:
        return known
    if not known.counts.sims:
        raise Conflict("The plan leaves every SIM out: there is nothing to do", bulk_action=bulk_action_id)
    rule = await rule_of(transaction.connection, caller.organization_id)
    price = None if known.price_minor is None else known.price_minor * known.counts.sims
    begun_by = {"caller": caller.handle, "requested_by": caller.name, "idempotency_key": _key_of(caller)}
    if (why := why_needed(rule, ActionKind(known.kind), known.counts.sims, price)) is None:
        return await start(transaction, caller.organization_id, known, now, undo=undo, **begun_by)
    waits = {"begun_at": now, "expires_at": now + GOOD_FOR, **begun_by}
    waiting = await writes.change(transaction, caller.organization_id, known, S.AWAITING_APPROVAL, now, **waits)
    roles = roles_needed(rule, ActionKind(known.kind), price)
    await writes.add_approval(transaction, caller, why, known.reason, now, roles=roles, bulk_action_id=bulk_action_id)
    return waiting


def _key_of(caller: Caller) -> "sa.ColumnElement[str]":
    """Its key, if it is this caller's; another's may have made something of theirs."""
    own = b.caller == caller.handle
    return sa.case((own, b.idempotency_key), else_=sa.func.concat(b.idempotency_key, ":", b.id))


async def start(
    transaction: Transaction, organization_id: int, bulk: BulkAction, now: datetime, *, undo: timedelta, **values: Any
) -> BulkAction:
    """Lead it to the first state that acts; held while it can be undone."""
    held = undo > timedelta(0)
    ask_for_running(transaction, organization_id, now + undo)
    return await writes.change(
        transaction,
        organization_id,
        bulk,
        S.HELD if held else S.RUNNING,
        now,
        begun_at=now,
        undo_until=now + undo if held else None,
        expires_at=now + undo + PLAN_GOOD_FOR,
        **values,
    )


async def pause(transaction: Transaction, caller: Caller, bulk_action_id: int, now: datetime) -> BulkAction:
    """Start no further SIM until it is resumed; the few that were handed over go on. Raises Conflict."""
    return await _lead(transaction, caller, bulk_action_id, S.PAUSED, now)


async def resume(transaction: Transaction, caller: Caller, bulk_action_id: int, now: datetime) -> BulkAction:
    """Go on after a pause. Raises Conflict, and as `may_begin` does: what costs money is resumed by who may spend."""
    may_begin(caller, ActionKind((await locked(transaction, caller.organization_id, bulk_action_id)).kind))
    ask_for_running(transaction, caller.organization_id, now)
    return await _lead(transaction, caller, bulk_action_id, S.RUNNING, now)


async def stop(transaction: Transaction, caller: Caller, bulk_action_id: int, now: datetime) -> BulkAction:
    """End it: no further SIM is started, and what has not been sent is cancelled. Raises Conflict."""
    return await _lead(transaction, caller, bulk_action_id, S.STOPPED, now)


async def retry(
    transaction: Transaction, caller: Caller, bulk_action_id: int, key: str, now: datetime
) -> tuple[BulkAction, bool]:
    """A plan for the SIMs that have failed or were not started; whether it was there already.

    Raises Conflict while it is not over, if it never began, and if there are none.
    """
    bulk = await locked(transaction, caller.organization_id, bulk_action_id)
    if NEXT[S(bulk.state)]:
        raise Conflict(f"It is {bulk.state}: stop it first", bulk_action=bulk_action_id, state=bulk.state)
    if never_begun(S(bulk.state), bulk.undo_until):
        why = "It never began: there is nothing to try again. Make a new plan"
        raise Conflict(why, bulk_action=bulk_action_id, state=bulk.state)
    return await writes.plan_again(transaction, caller, bulk, key, now)


async def cancel_unsent(transaction: Transaction, caller: Caller, bulk_action_id: int, now: datetime) -> None:
    """Cancel its actions that have not been sent: they are few, for only a few are made ahead."""
    mine = sa.and_(a.organization_id == caller.organization_id, a.bulk_action_id == bulk_action_id)
    query = sa.select(a.id).where(mine, a.state.in_([*NOT_SENT]))
    for action_id in (await transaction.connection.execute(query)).scalars().all():
        with contextlib.suppress(Conflict):  # a worker has begun to send it
            await cancel(transaction, caller, action_id, now)


def ask_for_running(transaction: Transaction, organization_id: int, due_at: datetime) -> None:
    """Ask for the job that goes on with the bulk actions of an organization."""
    transaction.later("run_bulk_actions", key=f"bulk:{organization_id}", organization_id=organization_id, due_at=due_at)


async def _lead(
    transaction: Transaction, caller: Caller, bulk_action_id: int, after: BulkState, now: datetime
) -> BulkAction:
    """To this state; twice is once. What has not begun is cancelled where it would be stopped."""
    organization_id = caller.organization_id
    known = await locked(transaction, organization_id, bulk_action_id)
    state = S(known.state)
    if after is S.STOPPED and S.CANCELLED in NEXT[state]:
        after = S.CANCELLED
    if state is after:
        return known
    if after not in NEXT[state] or (after is S.RUNNING and state is not S.PAUSED):
        raise Conflict(f"It is {state}: that is not possible now", bulk_action=bulk_action_id, state=state.value)
    if after is S.STOPPED:
        await cancel_unsent(transaction, caller, bulk_action_id, now)
    message = None if after is S.RUNNING else f"By {caller.name}."
    return await writes.change(transaction, organization_id, known, after, now, message=message)
