"""Notification channels for programs."""

from datetime import UTC, datetime
from typing import Annotated

from litestar import HttpMethod, Router, get, post, put, route
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct, to_builtins
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.http.fields import FieldNames, one_selected, selected
from console.notifications import reads, writes
from console.notifications.asking import ask_for_test
from console.notifications.bodies import ChangedChannel, NewChannel
from console.notifications.deliveries_api import router as deliveries_router
from console.notifications.reads import Channel
from console.organizations.rules import Caller, Permission
from console.settings import Settings
from console.store.database import Database

SECRET = Annotated[
    str | None,
    Meta(
        description="Signs a webhook's posts, as Standard Webhooks says; it is shown this once. Null for mail.",
        examples=["whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="],
    ),
]
By = NamedDependency[Caller]
Db = NamedDependency[Database]
Reading = NamedDependency[AsyncConnection]


class Channels(Struct, frozen=True, kw_only=True):
    """The notification channels of your organization."""

    items: Annotated[list[Channel], Meta(description="The channels, the oldest first.")]


class ChannelWithSecret(Struct, frozen=True, kw_only=True):
    """A channel that was made, or has a new secret."""

    channel: Annotated[Channel, Meta(description="The channel.")]
    secret: SECRET


class TestRequested(Struct, frozen=True, kw_only=True):
    """A test of a channel that is on its way."""

    delivery_id: Annotated[int, Meta(description="Its delivery: ask for it to see how it ended.", examples=[812])]


@get("/notification-channels", operation_id="listNotificationChannels", summary="List the notification channels")
async def list_channels(caller: By, reading: Reading, fields: FieldNames = "") -> Channels:
    """Where people and programs outside are informed of alerts."""
    return Channels(items=selected(Channel, await reads.channels_of(reading, caller.organization_id), fields))


@post(
    "/notification-channels",
    operation_id="makeNotificationChannel",
    summary="Make a notification channel",
    status_code=201,
)
async def make_channel(
    caller: By, db: Db, settings: NamedDependency[Settings], data: JSONBody[NewChannel]
) -> ChannelWithSecret:
    """A webhook's secret is shown in this answer alone. Posts go to public https addresses; no redirect is followed."""
    number, now = caller.organization_id, datetime.now(UTC)
    async with db.transaction() as transaction, acting(transaction, caller, "channel.add", data.name) as act:
        channel_id, secret = await writes.add_channel(
            transaction, settings, number, data.kind, data.target, data, caller.name, now
        )
        made = await reads.channel(transaction.connection, number, channel_id)
        act.after = described(made)
        return ChannelWithSecret(channel=made, secret=secret)


@get(
    "/notification-channels/{channel_id:int}",
    operation_id="getNotificationChannel",
    summary="A notification channel",
)
async def get_channel(caller: By, reading: Reading, channel_id: FromPath[int], fields: FieldNames = "") -> Channel:
    """As it is set."""
    return one_selected(await reads.channel(reading, caller.organization_id, channel_id), fields)


@put(
    "/notification-channels/{channel_id:int}",
    operation_id="putNotificationChannel",
    summary="Change a notification channel",
)
async def put_channel(
    caller: By,
    db: Db,
    settings: NamedDependency[Settings],
    channel_id: FromPath[int],
    data: JSONBody[ChangedChannel],
) -> Channel:
    """What already waits for it is sent by the new settings."""
    number, now = caller.organization_id, datetime.now(UTC)
    async with db.transaction() as transaction, acting(transaction, caller, "channel.change", str(channel_id)) as act:
        act.before = described(await reads.channel(transaction.connection, number, channel_id))
        await writes.change_channel(transaction, settings, number, channel_id, data.target, data, now)
        changed = await reads.channel(transaction.connection, number, channel_id)
        act.after = described(changed)
        return changed


@post(
    "/notification-channels/{channel_id:int}/rotate-secret",
    operation_id="rotateNotificationChannelSecret",
    summary="Give a webhook a new secret",
    status_code=200,
)
async def rotate_secret(
    caller: By, db: Db, settings: NamedDependency[Settings], channel_id: FromPath[int]
) -> ChannelWithSecret:
    """For 24 hours each post has two signatures, the new secret's first. It is shown in this answer alone."""
    number, now = caller.organization_id, datetime.now(UTC)
    async with (
        db.transaction() as transaction,
        acting(transaction, caller, "channel.rotate_secret", str(channel_id)),
    ):
        secret = await writes.rotate_secret(transaction, settings, number, channel_id, now)
        return ChannelWithSecret(channel=await reads.channel(transaction.connection, number, channel_id), secret=secret)


@post(
    "/notification-channels/{channel_id:int}/test",
    operation_id="testNotificationChannel",
    summary="Test a notification channel",
    status_code=202,
)
async def test_channel(caller: By, db: Db, channel_id: FromPath[int]) -> TestRequested:
    """A worker sends it at once, whatever the channel's route and hours."""
    async with db.transaction() as transaction, acting(transaction, caller, "channel.test", str(channel_id)):
        delivery_id = await ask_for_test(
            transaction, caller.organization_id, channel_id, caller.name, datetime.now(UTC)
        )
        return TestRequested(delivery_id=delivery_id)


@route(
    "/notification-channels/{channel_id:int}",
    http_method=HttpMethod.DELETE,
    status_code=204,
    operation_id="removeNotificationChannel",
    summary="Remove a notification channel",
)
async def remove_channel(caller: By, db: Db, channel_id: FromPath[int]) -> None:
    """What waits for it is withdrawn; what was sent stays in the log."""
    number = caller.organization_id
    async with db.transaction() as transaction, acting(transaction, caller, "channel.remove", str(channel_id)) as act:
        act.before = described(await reads.channel(transaction.connection, number, channel_id))
        await writes.remove_channel(transaction, number, channel_id, datetime.now(UTC))


def described(channel: Channel) -> dict[str, object]:
    """A channel for the audit trail: what people may see of it."""
    shown = (
        "kind",
        "name",
        "target_shown",
        "least_severity",
        "tags",
        "hours",
        "digest",
        "send_resolved",
        "by_route",
        "enabled",
    )
    return {name: to_builtins(getattr(channel, name)) for name in shown}


router = Router(
    "/",
    route_handlers=[
        list_channels,
        make_channel,
        get_channel,
        put_channel,
        rotate_secret,
        test_channel,
        remove_channel,
        deliveries_router,
    ],
    tags=["Notifications"],
    opt={"permission": Permission.ALERTS_WRITE},
)
