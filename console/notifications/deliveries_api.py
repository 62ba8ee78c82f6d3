"""Deliveries for programs: the log, and sending again."""

from datetime import UTC, datetime
from typing import Annotated

from litestar import Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, QueryParameter
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.errors import NotFound
from console.http.fields import FieldNames, one_selected
from console.http.paging import Listing, ListRequest, list_request
from console.notifications import deliveries_reads as reads
from console.notifications import deliveries_writes as writes
from console.notifications.deliveries_reads import Delivery, DeliveryLog
from console.notifications.deliveries_rules import DeliveryState
from console.organizations.rules import Caller
from console.store.database import Database

LARGEST = 2**31 - 1
OfChannel = Annotated[int | None, QueryParameter(ge=1, le=LARGEST, description="Of this channel alone.")]
OfState = Annotated[DeliveryState | None, QueryParameter(description="In this state alone.")]
OfSubject = Annotated[str | None, QueryParameter(max_length=100, description="About this alert alone.")]


@get("/notification-deliveries", operation_id="listNotificationDeliveries", summary="List deliveries, the latest first")
async def list_deliveries(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    asked: NamedDependency[ListRequest],
    channel_id: OfChannel = None,
    delivery_state: OfState = None,
    subject: OfSubject = None,
) -> Listing[Delivery]:
    """What was sent, is tried again, or was given up; 90 days are kept."""
    number, states = caller.organization_id, [delivery_state] if delivery_state else []
    items, more = await reads.page(
        reading,
        number,
        channel_id=channel_id,
        states=states,
        subject=subject,
        limit=asked.page_size,
        offset=asked.offset,
        cursor=asked.cursor,
    )
    total = await reads.count(reading, number, channel_id=channel_id, states=states, subject=subject, exact=asked.exact)
    return asked.listing(Delivery, items, more, total)


@get(
    "/notification-deliveries/{delivery_id:int}",
    operation_id="getNotificationDelivery",
    summary="A delivery with its attempts",
)
async def get_delivery(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    delivery_id: FromPath[int],
    fields: FieldNames = "",
) -> DeliveryLog:
    """What each attempt ended with."""
    return one_selected(await found(reading, caller.organization_id, delivery_id), fields)


@post(
    "/notification-deliveries/{delivery_id:int}/redeliver",
    operation_id="redeliverNotification",
    summary="Send a notification again",
    status_code=202,
)
async def redeliver(
    caller: NamedDependency[Caller], db: NamedDependency[Database], delivery_id: FromPath[int]
) -> DeliveryLog:
    """With the same id. Of one that has ended alone: the others are tried again by themselves (409)."""
    async with db.transaction() as transaction, acting(transaction, caller, "delivery.redeliver", str(delivery_id)):
        await writes.redeliver(transaction, caller.organization_id, delivery_id, datetime.now(UTC))
        return await found(transaction.connection, caller.organization_id, delivery_id)


async def found(connection: AsyncConnection, organization_id: int, delivery_id: int) -> DeliveryLog:
    """The delivery with this number. Raises NotFound."""
    log = await reads.log_of(connection, organization_id, delivery_id)
    if log is None:
        raise NotFound("There is no such delivery", id=delivery_id)
    return log


router = Router(
    "/", route_handlers=[list_deliveries, get_delivery, redeliver], dependencies={"asked": Provide(list_request)}
)
