"""Where alerts are sent outside: the channels, and what was sent to each. For engineers."""

from datetime import UTC, datetime
from typing import Annotated, Any

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.errors import ConsoleError
from console.notifications import deliveries_reads as delivery_reads
from console.notifications import reads, writes
from console.notifications.api import described
from console.notifications.asking import ask_for_test
from console.organizations.rules import Caller, Permission
from console.pages.administration import FORM_BYTES, Form, page
from console.pages.channel_forms import CHOICES, ChannelForm, NewChannelForm, setting_of
from console.pages.deliveries_view import DeliveriesView
from console.reports.heartbeats import heartbeat_of
from console.settings import Settings
from console.store.database import Database
from console.store.keyset import read_cursor

BACK = "/notification-channels"
ROWS = 50
Before = Annotated[str, QueryParameter(max_length=300)]
By = NamedDependency[Caller]
Db = NamedDependency[Database]
Reading = NamedDependency[AsyncConnection]
Configured = NamedDependency[Settings]
Since = NamedDependency[str]


async def drawn_list(
    reading: AsyncConnection,
    caller: Caller,
    live_since: str,
    settings: Settings,
    *,
    fault: str = "",
    given: NewChannelForm | None = None,
) -> Template:
    """The channels, what was sent last, the heartbeat, and forms; with the reason why something was refused."""
    number = caller.organization_id
    return await page(
        reading,
        caller,
        live_since,
        "notification-channels",
        "notifications/channels.html",
        view=DeliveriesView,
        status=422 if fault else 200,
        channels=await reads.channels_of(reading, number),
        deliveries=(await delivery_reads.page(reading, number, limit=20))[0],
        mail=settings.smtp_url is not None,
        heartbeat=await heartbeat_of(reading, number),
        **CHOICES,
        fault=fault,
        given=given,
    )


async def _one(
    reading: AsyncConnection,
    caller: Caller,
    live_since: str,
    channel_id: int,
    *,
    secret: str = "",
    made: bool = False,
    fault: str = "",
    before: str = "",
) -> Template:
    channel = await reads.channel(reading, caller.organization_id, channel_id)
    number, cursor = caller.organization_id, read_cursor(before) if before else None
    deliveries, older = await delivery_reads.page(reading, number, channel_id=channel_id, limit=ROWS, cursor=cursor)
    return await page(
        reading,
        caller,
        live_since,
        "notification-channels",
        "notifications/channel.html",
        view=DeliveriesView,
        status=422 if fault else 200,
        secret=bool(secret),
        channel=channel,
        deliveries=deliveries,
        older=f"{BACK}/{channel_id}?before={older}" if older else None,
        newest=f"{BACK}/{channel_id}" if before else None,
        key=secret,
        made=made,
        fault=fault,
        **CHOICES,
    )


@get(BACK)
async def channels_page(caller: By, reading: Reading, settings: Configured, live_since: Since) -> Template:
    """The channels, what was sent last, and a form for another."""
    return await drawn_list(reading, caller, live_since, settings)


@post(BACK, status_code=200)
async def make(
    caller: By, db: Db, settings: Configured, live_since: Since, data: Form[NewChannelForm]
) -> Response[Any]:
    """The new channel, with a webhook's secret, which is shown this once; with the reason if it can't be made."""
    number = caller.organization_id
    try:
        async with db.transaction() as transaction, acting(transaction, caller, "channel.add", data.name) as act:
            channel_id, secret = await writes.add_channel(
                transaction,
                settings,
                number,
                data.kind,
                data.target,
                setting_of(data),
                caller.name,
                datetime.now(UTC),
            )
            act.after = described(await reads.channel(transaction.connection, number, channel_id))
    except ConsoleError as error:
        if error.status not in (409, 422):
            raise
        async with db.reading() as reading:
            return await drawn_list(reading, caller, live_since, settings, fault=error.message, given=data)
    if secret is None:
        return Redirect(f"{BACK}/{channel_id}", status_code=303)
    async with db.reading() as reading:
        return await _one(reading, caller, live_since, channel_id, secret=secret, made=True)


@get(BACK + "/{channel_id:int}")
async def channel_page(
    caller: By, reading: Reading, live_since: Since, channel_id: FromPath[int], before: Before = ""
) -> Template:
    """How it is set, and what was sent to it."""
    return await _one(reading, caller, live_since, channel_id, before=before)


@post(BACK + "/{channel_id:int}", status_code=200)
async def change(
    caller: By, db: Db, settings: Configured, live_since: Since, channel_id: FromPath[int], data: Form[ChannelForm]
) -> Response[Any]:
    """The channel as it is set now; with the reason if it can't be. An empty target leads where it led before."""
    number, name = caller.organization_id, str(channel_id)
    try:
        async with db.transaction() as transaction, acting(transaction, caller, "channel.change", name) as act:
            act.before = described(await reads.channel(transaction.connection, number, channel_id))
            target, setting = data.target.strip() or None, setting_of(data)
            await writes.change_channel(transaction, settings, number, channel_id, target, setting, datetime.now(UTC))
            act.after = described(await reads.channel(transaction.connection, number, channel_id))
    except ConsoleError as error:
        if error.status != 422:
            raise
        async with db.reading() as reading:
            return await _one(reading, caller, live_since, channel_id, fault=error.message)
    return Redirect(f"{BACK}/{channel_id}", status_code=303)


@post(BACK + "/{channel_id:int}/rotate-secret", status_code=200)
async def rotate(caller: By, db: Db, settings: Configured, live_since: Since, channel_id: FromPath[int]) -> Template:
    """The page with the new secret, which is shown this once."""
    name, now = str(channel_id), datetime.now(UTC)
    async with db.transaction() as transaction, acting(transaction, caller, "channel.rotate_secret", name):
        secret = await writes.rotate_secret(transaction, settings, caller.organization_id, channel_id, now)
    async with db.reading() as reading:
        return await _one(reading, caller, live_since, channel_id, secret=secret)


@post(BACK + "/{channel_id:int}/test", status_code=303)
async def test(caller: By, db: Db, channel_id: FromPath[int]) -> Redirect:
    """The delivery of a test, which a worker sends at once."""
    async with db.transaction() as transaction, acting(transaction, caller, "channel.test", str(channel_id)):
        now = datetime.now(UTC)
        delivery_id = await ask_for_test(transaction, caller.organization_id, channel_id, caller.name, now)
    return Redirect(f"/notification-deliveries/{delivery_id}", status_code=303)


@post(BACK + "/{channel_id:int}/remove", status_code=303)
async def remove(caller: By, db: Db, channel_id: FromPath[int]) -> Redirect:
    """The channel takes nothing any more."""
    number = caller.organization_id
    async with db.transaction() as transaction, acting(transaction, caller, "channel.remove", str(channel_id)) as act:
        act.before = described(await reads.channel(transaction.connection, number, channel_id))
        await writes.remove_channel(transaction, number, channel_id, datetime.now(UTC))
    return Redirect(BACK, status_code=303)


router = Router(
    "/",
    route_handlers=[channels_page, make, channel_page, change, rotate, test, remove],
    request_max_body_size=FORM_BYTES,
    opt={"permission": Permission.ALERTS_WRITE},
)
