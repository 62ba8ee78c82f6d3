"""What a worker records of actions: a claim has a number (fence), and one taken over can write no request."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from console.actions.reads import COLUMNS
from console.actions.requester import ended_rights
from console.actions.rules import AFTER_SENDING, LEASE, SendResult, after_lost_claim, next_look, retry_at
from console.actions.sending_reads import LOOKED_FOR, UNSENT, Sought
from console.actions.sending_rules import Finding
from console.actions.tables import actions
from console.actions.turns_writes import waits_for_its_turn
from console.actions.writes import ask_for_sending, ask_for_settling, change
from console.facts.actions import Action, ActionState
from console.sims.watching_writes import request_sync
from console.store.database import Transaction

c = actions.c
S = ActionState


class Claim(Struct, frozen=True, kw_only=True):
    """A worker's right to send an action, until another takes it over."""

    action: Action
    organization_id: int
    fence: int
    parts_taken: int  # of a message: parts that an earlier claim has sent


class Sent(Struct, frozen=True, kw_only=True):
    """What has become of a request."""

    result: SendResult
    message: str | None = None
    order_number: str | None = None
    sms_ids: Sequence[str] = ()
    request: str | None = None
    answer: str | None = None
    retry_after: float | None = None


async def claim(transaction: Transaction, organization_id: int, action_id: int, now: datetime) -> Claim | None:
    """Take an action for sending; None if it is not due, has expired, or is somebody else's.

    It is cancelled if whoever asked for it may not ask for it any more, and nothing of it has been sent.
    """
    mine = sa.and_(c.organization_id == organization_id, c.id == action_id)
    due = sa.and_(mine, c.due_at <= now)
    await expire(transaction, organization_id, now, only=action_id)
    if (why := await ended_rights(transaction.connection, organization_id, action_id, now)) is not None:
        unsent = sa.and_(due, c.sent_at.is_(None))
        for state in (S.HELD, S.QUEUED):
            await change(transaction, unsent, state, S.CANCELLED, {"due_at": None}, now, message=why)
    await change(transaction, sa.and_(due, c.undo_until <= now), S.HELD, S.QUEUED, {}, now)
    values = {"fence": c.fence + 1, "claimed_at": now, "due_at": now + LEASE, "attempts": c.attempts + 1}
    if await waits_for_its_turn(transaction, organization_id, action_id, now):
        return None
    action = await change(transaction, due, S.QUEUED, S.SENDING, values, now)
    if action is None:
        return None
    fence: int = (await transaction.connection.execute(sa.select(c.fence).where(mine))).scalar_one()
    ask_for_settling(transaction, organization_id, now + LEASE)
    return Claim(action=action, organization_id=organization_id, fence=fence, parts_taken=len(action.sms_ids))


async def note_volume(transaction: Transaction, claimed: Claim, accumulated_bytes: int | None) -> None:
    """Note the quota's accumulated volume before a top-up: its rise is the proof."""
    statement = sa.update(actions).where(_claimed(claimed)).values(noted_volume_bytes=accumulated_bytes)
    await transaction.connection.execute(statement)


async def note_sending(transaction: Transaction, claimed: Claim, part: int, request: str, now: datetime) -> bool:
    """Commit that a request is about to be written; False if the claim is no longer held: then it may not be.

    A second time for the same part only by the same claim, whose first request 1NCE answered with 401.
    """
    first = c.parts_sent == part - 1
    anew = sa.and_(c.parts_sent == part, c.sent_by_fence == claimed.fence)
    sent_at = sa.func.clock_timestamp()  # by a wrong clock of a worker its order could seem to be an older one
    values = {"sent_at": sent_at, "sent_by_fence": claimed.fence, "parts_sent": part, "request": request}
    statement = sa.update(actions).where(_claimed(claimed), sa.or_(first, anew), c.expires_at > now).values(**values)
    return bool((await transaction.connection.execute(statement)).rowcount)


async def record_sent(transaction: Transaction, claimed: Claim, sent: Sent, now: datetime) -> Action | None:
    """Record what has become of the request; None if somebody else has recorded it.

    A worker that was taken over may still bring 1NCE's answer: it ends what is unknown, and 1NCE has taken what was
    said to have failed.
    """
    after = AFTER_SENDING[sent.result]
    values: dict[str, Any] = {"answer": sent.answer, "sms_ids": _with(sent.sms_ids)}
    if sent.order_number is not None:
        values["order_number"] = sent.order_number
    if sent.request is not None:
        values["request"] = sent.request
    action = claimed.action
    if after is S.QUEUED:
        again_at = retry_at(now, action.attempts, sent.retry_after)
        taken = claimed.parts_taken + len(sent.sms_ids)
        values |= {"due_at": again_at, "parts_sent": taken, "sent_at": c.sent_at if taken else None}
        ask_for_sending(transaction, claimed.organization_id, action.id, again_at)
    elif after in (S.ACCEPTED, S.UNKNOWN):
        values["due_at"] = next_look(now, now)
        ask_for_settling(transaction, claimed.organization_id, next_look(now, now))
    else:
        values["due_at"] = None
    found = await change(transaction, _claimed(claimed), S.SENDING, after, values, now, message=sent.message)
    if found is None and sent.result in (SendResult.TAKEN, SendResult.REFUSED):
        late = sa.and_(c.id == action.id, c.sent_by_fence == claimed.fence)
        found = await change(transaction, late, S.UNKNOWN, after, values, now, message=sent.message)
        if found is None and after is S.ACCEPTED:
            found = await change(transaction, late, S.FAILED, after, values, now, message=sent.message)
    return found


async def take_lost_claims(transaction: Transaction, organization_id: int, now: datetime) -> list[Action]:
    """End the claims of workers that are lost. What they may have sent is unknown, the rest is queued again.

    They are locked before they are read: a worker that notes its sending now is waited for, or finds its claim gone.
    """
    lost = sa.and_(c.organization_id == organization_id, c.state == S.SENDING.value, c.claimed_at <= now - LEASE)
    query = sa.select(*COLUMNS, c.sent_by_fence, c.fence).where(lost).order_by(c.id).with_for_update()
    rows = (await transaction.connection.execute(query)).all()
    found = []
    for row in rows:
        # A request of an earlier claim that proved nothing has no mark left: `record_sent` has removed it.
        sent_at = row.sent_at if row.sent_by_fence == row.fence else None
        after = after_lost_claim(sent_at)
        values: dict[str, Any] = {"fence": c.fence + 1, "due_at": now}
        if after is S.QUEUED:
            values |= {"parts_sent": len(row.sms_ids)}
            ask_for_sending(transaction, organization_id, row.id, now)
        which = sa.and_(lost, c.id == row.id, c.fence == row.fence)
        message = "Its worker was lost."
        if action := await change(transaction, which, S.SENDING, after, values, now, message=message):
            found.append(action)
    return found


async def expire(
    transaction: Transaction, organization_id: int, now: datetime, *, only: int | None = None
) -> list[Action]:
    """End what has not been sent in time."""
    found = []
    past = sa.and_(c.organization_id == organization_id, c.expires_at <= now)
    if only is not None:
        past = sa.and_(past, c.id == only)
    for state in UNSENT:
        query = sa.select(c.id).where(past, c.state == state.value)
        for action_id in (await transaction.connection.execute(query)).scalars().all():
            if action := await change(
                transaction, sa.and_(past, c.id == action_id), state, S.EXPIRED, {"due_at": None}, now
            ):
                found.append(action)
    return found


def _with(sms_ids: Sequence[str]) -> "sa.Function[Any]":
    return sa.func.array_cat(c.sms_ids, sa.literal(list(sms_ids), sa.ARRAY(sa.Text)))


def _claimed(claimed: Claim) -> "sa.ColumnElement[bool]":
    return sa.and_(c.id == claimed.action.id, c.fence == claimed.fence, c.state == S.SENDING.value)


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
        "ticket_id": sa.func.coalesce(c.ticket_id, finding.ticket_id),
        "sms_ids": list(finding.sms_ids) if finding.sms_ids else c.sms_ids,
    }
    message = finding.message or None
    found = await change(transaction, which, pending.state, finding.state, values, now, message=message)
    if found is not None and again:
        ask_for_settling(transaction, organization_id, look_at)
    if found is not None and finding.state is ActionState.CONFIRMED:
        request_sync(transaction, organization_id, action.iccid)
    return found
