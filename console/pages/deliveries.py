"""A notification on its way to a channel: its attempts, and sending it again. For engineers."""

from datetime import UTC, datetime

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.notifications import deliveries_writes as writes
from console.notifications import reads
from console.notifications.deliveries_api import found
from console.organizations.rules import Caller, Permission
from console.pages.administration import page
from console.pages.deliveries_view import DeliveriesView
from console.store.database import Database


@get("/notification-deliveries/{delivery_id:int}")
async def delivery_page(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    live_since: NamedDependency[str],
    delivery_id: FromPath[int],
) -> Template:
    """A delivery with its attempts."""
    log = await found(reading, caller.organization_id, delivery_id)
    names = {one.id: one.name for one in await reads.channels_of(reading, caller.organization_id)}
    return await page(
        reading,
        caller,
        live_since,
        "notification-channels",
        "notifications/delivery.html",
        view=DeliveriesView,
        log=log,
        channel_name=names.get(log.delivery.channel_id),
    )


@post("/notification-deliveries/{delivery_id:int}/redeliver", status_code=303)
async def redeliver(
    caller: NamedDependency[Caller], db: NamedDependency[Database], delivery_id: FromPath[int]
) -> Redirect:
    """It is sent again, with the same id."""
    async with db.transaction() as transaction, acting(transaction, caller, "delivery.redeliver", str(delivery_id)):
        await writes.redeliver(transaction, caller.organization_id, delivery_id, datetime.now(UTC))
    return Redirect(f"/notification-deliveries/{delivery_id}", status_code=303)


router = Router("/", route_handlers=[delivery_page, redeliver], opt={"permission": Permission.ALERTS_WRITE})
