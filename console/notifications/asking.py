"""Asks that channels are informed: of an alert, by their routes, or as a test."""

from datetime import datetime
from uuid import uuid4

from console.errors import Conflict
from console.facts.alerts import Severity
from console.notifications import reads
from console.notifications.deliveries import reads as delivery_reads
from console.notifications.deliveries import writes
from console.notifications.rules import Notification, routed
from console.store.database import Transaction


async def notify(
    transaction: Transaction,
    organization_id: int,
    notification: Notification,
    key: str,
    now: datetime,
    *,
    after: str | None = None,
) -> list[int]:
    """Ask that every channel whose route matches is informed; the deliveries that were not asked for before.

    In the transaction of the change that it is about: the one is committed with the other. `key` names that change.
    `after`: of the channels that are also informed of ends, those alone that were sent the notification with that key.
    """
    connection = transaction.connection
    routes = await reads.routes(connection, organization_id, resolved=after is not None)
    if after is not None:
        informed = await delivery_reads.channels_sent(connection, organization_id, after)
        routes = [route for route in routes if route.channel_id in informed]
    return await writes.request(transaction, organization_id, notification, key, routed(routes, notification), now)


async def ask_for_test(transaction: Transaction, organization_id: int, channel_id: int, by: str, now: datetime) -> int:
    """Ask that a channel gets a test, whatever its route and hours; the delivery. Raises NotFound, Conflict."""
    channel = await reads.channel(transaction.connection, organization_id, channel_id)
    if not channel.enabled:
        raise Conflict("The channel is disabled", id=channel_id)
    notification = Notification(
        type="test",
        time=now,
        severity=Severity.INFO,
        title="A test of this channel",
        text=f"{by} has asked for it. Nothing is wrong.",
        path="/notification-channels",
    )
    (delivery,) = await writes.request(
        transaction, organization_id, notification, f"test:{uuid4().hex}", {channel_id: now}, now
    )
    return delivery
