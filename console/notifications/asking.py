"""Asks that channels are informed: of an alert, by their routes, or as a test."""

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from console.errors import Conflict
from console.facts.alerts import Severity
from console.notifications import deliveries_reads as delivery_reads
from console.notifications import deliveries_writes as writes
from console.notifications import reads
from console.notifications.deliveries_order_writes import hasten
from console.notifications.rules import Notification, Route, opening, routed
from console.store.database import Transaction


async def notify(
    transaction: Transaction,
    organization_id: int,
    notification: Notification,
    key: str,
    now: datetime,
    *,
    routes: Sequence[Route] | None = None,
    after: str | None = None,
) -> list[int]:
    """Ask that every channel whose route matches is informed; the deliveries that were not asked for before.

    In the transaction of the change that it is about: the one is committed with the other. `key` names that change.
    `after`: of the channels that are also informed of ends, those that were sent the notification with that key, or
    its pages, whatever their routes are now. `routes`: if they are known, of these channels.
    """
    connection = transaction.connection
    if routes is None:
        routes = await reads.routes(connection, organization_id, resolved=after is not None)
    if after is None:
        channels = routed(routes, notification)
    else:
        informed = await delivery_reads.channels_sent(connection, organization_id, after)
        channels = {
            one.channel_id: opening(one.hours, notification.time) for one in routes if one.channel_id in informed
        }
        await hasten(transaction, organization_id, notification.subject, channels, now)
    return await writes.request(transaction, organization_id, notification, key, channels, now)


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
