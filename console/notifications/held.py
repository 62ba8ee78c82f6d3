"""What waited for the hours of channels that take it as one."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec import convert
from sqlalchemy.ext.asyncio import AsyncConnection

from console.notifications.deliveries_rules import DeliveryState
from console.notifications.digests import FEWEST, Held
from console.notifications.rules import Notification
from console.notifications.tables import deliveries, notification_channels

d, n = deliveries.c, notification_channels.c


async def held(connection: AsyncConnection, organization_id: int, now: datetime) -> list[Held]:
    """What has waited for the hours of channels that take it as one, and is due now; two of a channel at least."""
    digests = sa.select(n.id).where(n.organization_id == organization_id, n.enabled, n.digest)
    query = sa.select(d.id, d.channel_id, d.notification).where(
        d.organization_id == organization_id,
        d.state == DeliveryState.WAITING,
        d.attempts == 0,
        d.due_at <= now,
        d.due_at > d.requested_at,
        d.notification["type"].astext != "digest",
        d.channel_id.in_(digests),
    )
    found: dict[int, list[Any]] = {}
    for row in (await connection.execute(query.order_by(d.id).with_for_update())).all():
        found.setdefault(row.channel_id, []).append(row)
    return [
        Held(
            channel_id=channel_id,
            ids=[row.id for row in rows],
            notifications=[convert(row.notification, Notification) for row in rows],
        )
        for channel_id, rows in found.items()
        if len(rows) >= FEWEST
    ]
