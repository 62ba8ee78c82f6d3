"""Changes of deliveries: asked for, claimed, sent, ended, asked again.

    wanted --> waiting --claim--> sending --note_sending--> (bytes leave) --end--> delivered, failed, or waiting again

A claim is a number that rises: whoever has an older one changes nothing. One that is lost before `note_sending` sent
nothing; one that is lost after it is in doubt, and the next attempt is marked as a possible repetition.
"""

import random
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from msgspec import Struct, convert, to_builtins
from sqlalchemy.dialects.postgresql import insert

from console.errors import Conflict, NotFound
from console.notifications.deliveries_order_writes import comes_too_soon
from console.notifications.deliveries_rules import (
    AGAIN,
    AT_ONCE_A_CHANNEL,
    LEASE,
    TERMINAL,
    AttemptOutcome,
    DeliveryState,
    Ended,
    delay,
    state_after,
)
from console.notifications.rules import Notification, rank
from console.notifications.tables import deliveries, delivery_attempts, notification_channels
from console.store.database import Transaction
from console.unicode_text import visible

d, a, n = deliveries.c, delivery_attempts.c, notification_channels.c
JOB = "deliver"
LOST = "Its worker was lost while it was sent"
DISABLED = "The channel is disabled or removed"
LONGEST_ANSWER = 300


class Claimed(Struct, frozen=True, kw_only=True):
    """A delivery that the caller alone may send, until LEASE has passed."""

    id: int
    channel_id: int
    claim: int
    message_id: str
    attempts: int  # before this one
    may_repeat: bool
    requested_at: datetime
    notification: Notification


async def request(
    transaction: Transaction,
    organization_id: int,
    notification: Notification,
    key: str,
    channels: Mapping[int, datetime],
    now: datetime,
) -> list[int]:
    """Ask that a notification reaches these channels, each when it is due; the ids of what was not asked for before.

    `key` says what it is: of one key a channel gets one.
    """
    made = []
    for channel_id, due_at in channels.items():
        statement = insert(deliveries).values(
            organization_id=organization_id,
            channel_id=channel_id,
            message_id=f"msg_{uuid4().hex}",
            deduplication_key=key,
            severity=rank(notification.severity),
            notification=to_builtins(notification),
            subject=notification.subject,
            state=DeliveryState.WAITING,
            requested_at=now,
            due_at=due_at,
        )
        statement = statement.on_conflict_do_nothing(
            index_elements=["organization_id", "channel_id", "deduplication_key"]
        )
        found = (await transaction.connection.execute(statement.returning(d.id))).scalar()
        if found is not None:
            made.append(int(found))
            _ask_for_job(transaction, organization_id, None if due_at <= now else due_at)
    return made


def _ask_for_job(transaction: Transaction, organization_id: int, due_at: datetime | None) -> None:
    transaction.later(JOB, organization_id=organization_id, key=f"{JOB}:{organization_id}", due_at=due_at)


async def claim(
    transaction: Transaction, organization_id: int, now: datetime, *, most: int, busy: Collection[int]
) -> list[Claimed]:
    """Take some that are due, the most urgent first, a few of each channel; `busy`: channels that have enough.

    Those whose claim was lost are waiting again before, in doubt or not; those of disabled channels are withdrawn.
    """
    connection, mine = transaction.connection, d.organization_id == organization_id
    await _give_back_lost(transaction, organization_id, now)
    off = sa.select(n.id).where(n.organization_id == organization_id, ~n.enabled)
    gone = sa.update(deliveries).where(mine, d.state == DeliveryState.WAITING, d.channel_id.in_(off))
    await connection.execute(gone.values(state=DeliveryState.WITHDRAWN, ended_at=now, message=DISABLED))
    urgency = (d.severity.desc(), d.due_at, d.id)
    nth = sa.func.row_number().over(partition_by=d.channel_id, order_by=urgency)
    due = sa.and_(mine, d.state == DeliveryState.WAITING, d.due_at <= now, d.channel_id.not_in([*busy]))
    ranked = sa.select(d.id, d.severity, d.due_at, nth.label("nth")).where(due, ~comes_too_soon()).subquery().c
    chosen = (
        sa.select(ranked.id)
        .where(ranked.nth <= AT_ONCE_A_CHANNEL)
        .order_by(ranked.severity.desc(), ranked.due_at, ranked.id)
        .limit(most)
    )
    # Another worker that has chosen the same rows waits for them here, and finds them in another state.
    taken = sa.update(deliveries).where(mine, d.id.in_(chosen), d.state == DeliveryState.WAITING)
    taken = taken.values(state=DeliveryState.SENDING, claim=d.claim + 1, claimed_until=now + LEASE, sending_at=None)
    columns = (d.id, d.channel_id, d.claim, d.message_id, d.attempts, d.may_repeat, d.requested_at, d.notification)
    rows = (await connection.execute(taken.returning(*columns))).all()
    return [Claimed(**{**row._mapping, "notification": convert(row.notification, Notification)}) for row in rows]


async def _give_back_lost(transaction: Transaction, organization_id: int, now: datetime) -> None:
    connection, mine = transaction.connection, d.organization_id == organization_id
    lost = sa.and_(mine, d.state == DeliveryState.SENDING, d.claimed_until < now)
    values = {"state": DeliveryState.WAITING, "due_at": now, "claimed_until": None}
    in_doubt = sa.update(deliveries).where(lost, d.sending_at.is_not(None))
    marked = in_doubt.values(**values, may_repeat=True, message=LOST).returning(d.id, d.claim)
    for row in (await connection.execute(marked)).all():
        attempt = sa.update(delivery_attempts).where(a.delivery_id == row.id, a.claim == row.claim)
        ended = {"ended_at": now, "outcome": AttemptOutcome.IN_DOUBT, "answer": LOST}
        await connection.execute(attempt.where(a.outcome.is_(None)).values(ended))
    await connection.execute(sa.update(deliveries).where(lost, d.sending_at.is_(None)).values(values))


async def note_sending(transaction: Transaction, organization_id: int, claimed: Claimed, now: datetime) -> bool:
    """Write down that bytes leave from now on; False if the claim is lost, and nothing may be sent."""
    mine = sa.update(deliveries).where(d.organization_id == organization_id, _is(claimed), d.claimed_until > now)
    noted = await transaction.connection.execute(mine.values(sending_at=now, attempts=d.attempts + 1))
    if not noted.rowcount:
        return False
    values = {"organization_id": organization_id, "began_at": now, "may_repeat": claimed.may_repeat}
    attempt = sa.insert(delivery_attempts).values(delivery_id=claimed.id, claim=claimed.claim, **values)
    await transaction.connection.execute(attempt)
    return True


async def end(
    transaction: Transaction, organization_id: int, claimed: Claimed, ended: Ended, now: datetime
) -> DeliveryState | None:
    """Write down how the attempt ended, and ask for the next; the new state, None if the claim was lost meanwhile."""
    answer = visible(ended.answer[:LONGEST_ANSWER], " ") or None
    noted = {"ended_at": now, "outcome": ended.outcome, "status": ended.status, "answer": answer}
    attempt = sa.update(delivery_attempts).where(a.delivery_id == claimed.id, a.claim == claimed.claim)
    await transaction.connection.execute(attempt.values(noted))
    state = state_after(ended, attempts := claimed.attempts + 1)
    values: dict[str, Any] = {"state": state, "claimed_until": None, "message": answer}
    if ended.outcome is AttemptOutcome.IN_DOUBT:
        values["may_repeat"] = True
    if state in TERMINAL:
        values["ended_at"] = now
    elif (wait := delay(attempts, random.random(), ended.wait)) is not None:
        values["due_at"] = now + wait
    mine = sa.update(deliveries).where(d.organization_id == organization_id, _is(claimed))
    if not (await transaction.connection.execute(mine.values(values))).rowcount:
        return None
    if state is DeliveryState.WAITING:
        _ask_for_job(transaction, organization_id, values["due_at"])
    return state


async def redeliver(transaction: Transaction, organization_id: int, delivery_id: int, now: datetime) -> None:
    """Send one that has ended again, with the same id, marked as a possible repetition if it may have arrived.

    Raises NotFound, and Conflict if it has not ended.
    """
    mine = sa.and_(d.organization_id == organization_id, d.id == delivery_id)
    again = sa.update(deliveries).where(mine, d.state.in_([*AGAIN]))
    repeats = sa.or_(d.may_repeat, d.state == DeliveryState.DELIVERED)
    values = {"state": DeliveryState.WAITING, "due_at": now, "attempts": 0, "ended_at": None, "message": None}
    if (await transaction.connection.execute(again.values(**values, may_repeat=repeats))).rowcount:
        _ask_for_job(transaction, organization_id, None)
    elif (await transaction.connection.execute(sa.select(d.id).where(mine))).first() is None:
        raise NotFound("There is no such delivery", id=delivery_id)
    else:
        raise Conflict("It is tried again by itself, or is part of another delivery", id=delivery_id)


async def prune_deliveries(transaction: Transaction, before: datetime) -> int:
    """Delete those that ended before, with their attempts; how many."""
    return (await transaction.connection.execute(sa.delete(deliveries).where(d.ended_at < before))).rowcount


def _is(claimed: Claimed) -> "sa.ColumnElement[bool]":
    return sa.and_(d.id == claimed.id, d.claim == claimed.claim, d.state == DeliveryState.SENDING)
