"""In which order a channel receives what is about an alert: that it has ended, after all that it was sent before."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from console.notifications.deliveries_rules import OPEN, DeliveryState
from console.notifications.tables import deliveries
from console.store.database import Transaction

ENDS = "alert.resolved"
d = deliveries.c


def comes_too_soon() -> "sa.ColumnElement[bool]":
    """Of a delivery that says that an alert has ended: whether what its channel was sent before is still on its way.

    Else a receiver that was down for a while would receive last that the alert fires. What was sent before is about the
    same alert, or of several as one.
    """
    earlier = deliveries.alias("earlier")
    e = earlier.c
    before = sa.and_(e.organization_id == d.organization_id, e.channel_id == d.channel_id, e.id < d.id)
    about = sa.or_(e.subject == d.subject, e.notification["type"].astext == "digest")
    waits = sa.exists().where(before, e.state.in_([*OPEN]), about)
    return sa.and_(d.notification["type"].astext == ENDS, waits)


async def hasten(
    transaction: Transaction, organization_id: int, subject: str | None, channels: Collection[int], now: datetime
) -> None:
    """Try what these channels have not taken about this at once, rather than let the end of it wait as long."""
    mine = sa.and_(d.organization_id == organization_id, d.subject == subject, d.channel_id.in_(sorted(channels)))
    tried = sa.and_(d.state == DeliveryState.WAITING, d.attempts > 0, d.due_at > now)
    await transaction.connection.execute(sa.update(deliveries).where(mine, tried).values(due_at=now))
