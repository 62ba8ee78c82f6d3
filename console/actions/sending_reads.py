"""Which effects are to be looked for, and what other actions have already been linked to."""

from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.actions.reads import COLUMNS, action_of
from console.actions.rules import CLOCK_TOLERANCE, LEASE
from console.actions.sending_rules import NOT_DONE_AFTER, Pending
from console.actions.tables import actions
from console.facts.actions import Action, ActionKind, ActionState

c = actions.c
LOOKED_FOR = (ActionState.ACCEPTED, ActionState.UNKNOWN)
UNSENT = (ActionState.AWAITING_APPROVAL, ActionState.HELD, ActionState.QUEUED)


class Unpaid(Struct, frozen=True, kw_only=True):
    """Who says that a bank transfer was not paid, and why."""

    by: str
    reason: str


class Sought(Struct, frozen=True, kw_only=True):
    """An action whose effect is to be looked for now."""

    action: Action
    pending: Pending
    unpaid: Unpaid | None = None


async def due(connection: AsyncConnection, organization_id: int, now: datetime, *, limit: int) -> list[Sought]:
    """The actions whose effects are to be looked for, the longest due: first those that 1NCE has taken.

    What is unknown may need 1NCE's orders, of which few can be read in a minute.
    """
    wanted = sa.and_(c.organization_id == organization_id, c.state.in_(LOOKED_FOR), c.due_at <= now)
    query = (
        sa.select(*COLUMNS, c.noted_volume_bytes, c.unpaid_said_by, c.unpaid_reason)
        .where(wanted)
        .order_by(c.due_at, c.id)
        .limit(limit)
    )
    found = []
    for row in (await connection.execute(query)).all():
        pending = Pending(
            state=ActionState(row.state),
            sent_at=row.sent_at or row.changed_at,
            taken=any(one["state"] == ActionState.ACCEPTED for one in row.steps),
            payment_method=row.parameters.get("payment_method"),
            noted_volume_bytes=row.noted_volume_bytes,
        )
        said = row.unpaid_said_by is not None and pending.state is ActionState.ACCEPTED
        unpaid = Unpaid(by=row.unpaid_said_by, reason=row.unpaid_reason or "") if said else None
        found.append(Sought(action=action_of(row), pending=pending, unpaid=unpaid))
    return sorted(found, key=lambda one: one.pending.state is ActionState.UNKNOWN)


async def linked_orders(connection: AsyncConnection, organization_id: int, since: datetime) -> set[str]:
    """The orders that other top-ups since then have made."""
    query = sa.select(c.order_number).where(
        c.organization_id == organization_id, c.order_number.is_not(None), c.changed_at >= since
    )
    return set((await connection.execute(query)).scalars().all())


async def done_without_order(connection: AsyncConnection, organization_id: int, sought: Sought) -> int:
    """How many other top-ups of the SIM were done about then of which nobody knows the order."""
    mine = sa.and_(c.organization_id == organization_id, c.kind == ActionKind.TOP_UP.value, c.id != sought.action.id)
    done = sa.and_(c.state.in_((ActionState.ACCEPTED, ActionState.CONFIRMED)), c.order_number.is_(None))
    about_then = c.sent_at >= sought.pending.sent_at - 3 * CLOCK_TOLERANCE
    query = sa.select(sa.func.count()).where(mine, done, c.iccid == sought.action.iccid, about_then)
    return int((await connection.execute(query)).scalar_one())


async def oldest_unproved(connection: AsyncConnection, organization_id: int, began_at: datetime) -> datetime | None:
    """Back to when the orders must be read for all unknown top-ups that a reading begun then can prove undone."""
    last = began_at - NOT_DONE_AFTER
    mine = sa.and_(c.organization_id == organization_id, c.kind == ActionKind.TOP_UP.value)
    query = sa.select(sa.func.min(c.sent_at)).where(mine, c.state == ActionState.UNKNOWN.value, c.sent_at <= last)
    sent_at: datetime | None = (await connection.execute(query)).scalar()
    return None if sent_at is None else sent_at - CLOCK_TOLERANCE


async def linked_messages(connection: AsyncConnection, organization_id: int, iccid: str) -> set[str]:
    """The messages to this SIM that its actions have sent."""
    query = sa.select(sa.func.unnest(c.sms_ids)).where(c.organization_id == organization_id, c.iccid == iccid)
    return set((await connection.execute(query)).scalars().all())


async def waits(connection: AsyncConnection, organization_id: int, now: datetime) -> bool:
    """Whether a claim is lost, something unsent has expired, or an effect is to be looked for."""
    lost = sa.and_(c.state == ActionState.SENDING, c.claimed_at <= now - LEASE)
    past = sa.and_(c.state.in_(UNSENT), c.expires_at <= now)
    sought = sa.and_(c.state.in_(LOOKED_FOR), c.due_at <= now)
    query = sa.select(sa.exists().where(c.organization_id == organization_id, sa.or_(lost, past, sought)))
    return bool((await connection.execute(query)).scalar_one())
