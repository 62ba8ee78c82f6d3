"""Which effects are to be looked for, and what other actions have already been linked to."""

from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.actions.reads import COLUMNS, action_of
from console.actions.sending.rules import Pending
from console.actions.tables import actions
from console.facts.actions import Action, ActionState

c = actions.c
LOOKED_FOR = (ActionState.ACCEPTED, ActionState.UNKNOWN)


class Sought(Struct, frozen=True, kw_only=True):
    """An action whose effect is to be looked for now."""

    action: Action
    pending: Pending


async def due(connection: AsyncConnection, organization_id: int, now: datetime, *, limit: int) -> list[Sought]:
    """The actions whose effects are to be looked for, the longest due: first those that 1NCE has taken.

    What is unknown may need 1NCE's orders, of which few can be read in a minute.
    """
    wanted = sa.and_(c.organization_id == organization_id, c.state.in_(LOOKED_FOR), c.due_at <= now)
    query = sa.select(*COLUMNS, c.noted_volume_bytes).where(wanted).order_by(c.due_at, c.id).limit(limit)
    found = []
    for row in (await connection.execute(query)).all():
        pending = Pending(
            state=ActionState(row.state),
            sent_at=row.sent_at or row.changed_at,
            payment_method=row.parameters.get("payment_method"),
            noted_volume_bytes=row.noted_volume_bytes,
        )
        found.append(Sought(action=action_of(row), pending=pending))
    return sorted(found, key=lambda one: one.pending.state is ActionState.UNKNOWN)


async def linked_orders(connection: AsyncConnection, organization_id: int, since: datetime) -> set[str]:
    """The orders that other top-ups since then have made."""
    query = sa.select(c.order_number).where(
        c.organization_id == organization_id, c.order_number.is_not(None), c.changed_at >= since
    )
    return set((await connection.execute(query)).scalars().all())


async def linked_messages(connection: AsyncConnection, organization_id: int, iccid: str) -> set[str]:
    """The messages to this SIM that its actions have sent."""
    query = sa.select(sa.func.unnest(c.sms_ids)).where(c.organization_id == organization_id, c.iccid == iccid)
    return set((await connection.execute(query)).scalars().all())
