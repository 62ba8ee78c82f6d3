"""A second person decides: what was asked for goes on, or ends. Nobody decides about what they have asked for."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec import structs

from console.actions import approvals
from console.actions.approving import Decider, is_reason, is_second, roles_missing
from console.actions.bulk import writes
from console.actions.bulk.commands import locked, start
from console.actions.guards import lock_spending, may_go_on
from console.actions.reads import one
from console.actions.requester import ended_rights
from console.actions.rules import EXPIRES_AFTER, SPENDING
from console.actions.tables import actions
from console.actions.tables import approvals as stored
from console.actions.writes import ask_for_sending, change
from console.errors import Conflict, Invalid, NotAllowed, NotFound
from console.facts.actions import ActionState
from console.facts.approvals import Approval, ApprovalGiven, ApprovalState
from console.facts.bulk_actions import BulkState
from console.organizations.rules import Caller, Role
from console.store.database import Transaction

p, a = stored.c, actions.c


async def approve(
    transaction: Transaction, caller: Caller, approval_id: int, reason: str | None, now: datetime, *, undo: timedelta
) -> Approval:
    """Let it go on, after the time to undo it; twice is once. Raises NotAllowed to whoever asked, and Conflict.

    Where several roles must approve, it goes on with the last of them. Raises NotAllowed to a role that is not missing.
    """
    found = await _pending(transaction, caller, approval_id, ApprovalState.APPROVED, now)
    if found.state == ApprovalState.APPROVED or any(one.by == caller.name for one in found.given):
        return found
    organization_id = caller.organization_id
    if found.roles:
        found = structs.replace(found, given=[*found.given, _given(caller, found, now)])
        if roles_missing(found.roles, [one.role for one in found.given]):
            return await writes.record_decision(transaction, caller, found, reason, now)
    if found.bulk_action_id is not None:
        bulk = await locked(transaction, organization_id, found.bulk_action_id)
        await start(transaction, organization_id, bulk, now, undo=undo)
    elif found.action_id is not None:
        if (why := await ended_rights(transaction.connection, organization_id, found.action_id, now)) is not None:
            raise Conflict(f"{why} Reject it, or ask for it yourself", approval=approval_id)
        now = await _check_spending(transaction, organization_id, found.action_id, now)
        held = undo > timedelta(0)
        values = {"due_at": now + undo, "undo_until": now + undo if held else None, "expires_at": now + EXPIRES_AFTER}
        values["approved_at"] = now
        after = ActionState.HELD if held else ActionState.QUEUED
        mine = sa.and_(a.organization_id == organization_id, a.id == found.action_id)
        by = caller.name
        await change(transaction, mine, ActionState.AWAITING_APPROVAL, after, values, now, by=by, message="Approved.")
        ask_for_sending(transaction, organization_id, found.action_id, now + undo)
    decided = structs.replace(found, state=ApprovalState.APPROVED)
    return await writes.record_decision(transaction, caller, decided, reason, now)


async def reject(
    transaction: Transaction, caller: Caller, approval_id: int, reason: str | None, now: datetime
) -> Approval:
    """End it; twice is once. Raises Invalid without a reason, NotAllowed to whoever asked, and Conflict."""
    if not is_reason(reason):
        raise Invalid("Say why, in a few words: whoever asked reads it")
    found = await _pending(transaction, caller, approval_id, ApprovalState.REJECTED, now)
    if found.state == ApprovalState.REJECTED:
        return found
    organization_id, why = caller.organization_id, f"By {caller.name}: {reason}"
    if found.bulk_action_id is not None:
        bulk = await locked(transaction, organization_id, found.bulk_action_id)
        await writes.change(transaction, organization_id, bulk, BulkState.REJECTED, now, message=why)
    elif found.action_id is not None:
        mine, after = sa.and_(a.organization_id == organization_id, a.id == found.action_id), ActionState.REJECTED
        ends = {"due_at": None}
        await change(transaction, mine, ActionState.AWAITING_APPROVAL, after, ends, now, by=caller.name, message=why)
    decided = structs.replace(found, state=ApprovalState.REJECTED)
    return await writes.record_decision(transaction, caller, decided, reason, now)


async def _check_spending(transaction: Transaction, organization_id: int, action_id: int, now: datetime) -> datetime:
    """The time to date it by, of a top-up the database's. Raises Conflict for a top-up that may not go on.

    Top-ups of an organization wait for each other from here.
    """
    connection = transaction.connection
    action = await one(connection, organization_id, action_id)
    if action is None or action.kind not in SPENDING:
        return now
    now = await lock_spending(connection, organization_id)
    mine = sa.and_(a.organization_id == organization_id, a.id == action_id)
    handle = (await connection.execute(sa.select(a.caller).where(mine))).scalar_one()
    await may_go_on(connection, organization_id, handle, action, now)
    return now


def _given(caller: Caller, approval: Approval, now: datetime) -> ApprovalGiven:
    """This user's approval in their role. Raises NotAllowed to keys, and where it would bring nothing."""
    given = [one.role for one in approval.given]
    missing = roles_missing(approval.roles, given)
    if caller.key_id is not None:
        raise NotAllowed("Several users must approve this in person: no API key can")
    role = caller.role or Role.VIEWER
    if roles_missing(approval.roles, [*given, role]) == missing:
        raise NotAllowed(f"What is missing is the approval of: {', '.join(missing)}", missing=[*missing])
    return ApprovalGiven(by=caller.name, role=role, at=now)


async def _pending(
    transaction: Transaction, caller: Caller, approval_id: int, wanted: ApprovalState, now: datetime
) -> Approval:
    """The approval, locked with what it is for; or as it is, if this caller has decided the same before."""
    connection, organization_id = transaction.connection, caller.organization_id
    query = sa.select(p.caller, p.person, p.action_id, p.bulk_action_id)
    query = query.where(p.organization_id == organization_id, p.id == approval_id).with_for_update()
    row = (await connection.execute(query)).first()
    if row is None:
        raise NotFound("There is no such approval", approval=approval_id)
    if row.bulk_action_id is not None:
        await locked(transaction, organization_id, row.bulk_action_id)
    else:
        mine = sa.and_(a.organization_id == organization_id, a.id == row.action_id)
        await connection.execute(sa.select(a.id).where(mine).with_for_update())
    found = await approvals.one(connection, organization_id, approval_id)
    assert found is not None
    asked, decides = Decider(handle=row.caller, person=row.person), await approvals.decider_of(connection, caller)
    if not is_second(asked, decides):
        raise NotAllowed("You have asked for it: a second person decides")
    if found.state == wanted and found.decided_by == caller.name:
        return found
    if found.state != ApprovalState.PENDING:
        by = f" by {found.decided_by}" if found.decided_by else ""
        raise Conflict(f"It is {found.state}{by} already", approval=approval_id, state=found.state)
    return found
