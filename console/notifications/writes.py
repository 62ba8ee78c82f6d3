"""Changes of notification channels."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec import to_builtins

from console.errors import Conflict, Invalid
from console.notifications.bodies import ChannelSetting
from console.notifications.reads import channel, channels_of
from console.notifications.rules import MOST_CHANNELS, MOST_TAGS, ChannelKind, check_hours
from console.notifications.signing import new_secret
from console.notifications.tables import deliveries, notification_channels
from console.notifications.targets import check_target
from console.organizations.sealing import AFTER_ID, key_id, keys_in, seal, unseal
from console.settings import Settings
from console.store.database import Transaction
from console.unicode_text import is_visible

n = notification_channels.c
BOTH_SIGN = timedelta(hours=24)  # after a rotation
SEALED = ("target_sealed", "secret_sealed", "previous_secret_sealed")


async def add_channel(
    transaction: Transaction,
    settings: Settings,
    organization_id: int,
    kind: ChannelKind,
    target: str,
    setting: ChannelSetting,
    created_by: str,
    now: datetime,
) -> tuple[int, str | None]:
    """Make a channel; its id, and the secret of a webhook. Raises Invalid for what can't be, Conflict for too many."""
    if len(await channels_of(transaction.connection, organization_id)) >= MOST_CHANNELS:
        raise Conflict(f"An organization has at most {MOST_CHANNELS} channels")
    if kind is ChannelKind.MAIL and settings.smtp_url is None:
        raise Invalid("The console can't send mail: whoever runs it has not set SMTP_URL and MAIL_FROM")
    secret = new_secret() if kind is ChannelKind.WEBHOOK else None
    values = {
        **_columns(setting),
        **_target(settings, kind, target),
        "secret_sealed": seal(settings.secret_key, secret),
        "secret_set_at": secret and now,
        "created_by": created_by,
        "created_at": now,
        "changed_at": now,
    }
    statement = sa.insert(notification_channels).values(organization_id=organization_id, kind=kind, **values)
    made = await transaction.connection.execute(statement.returning(n.id))
    return int(made.scalar_one()), secret


async def change_channel(
    transaction: Transaction,
    settings: Settings,
    organization_id: int,
    channel_id: int,
    target: str | None,
    setting: ChannelSetting,
    now: datetime,
) -> None:
    """Give a channel these settings, and another target unless that is None. Raises Invalid, NotFound."""
    present = await channel(transaction.connection, organization_id, channel_id)
    values = {**_columns(setting), "changed_at": now, "disabled_reason": None}
    if target is not None:
        values |= _target(settings, present.kind, target)
    await transaction.connection.execute(_one(organization_id, channel_id).values(values))


async def rotate_secret(
    transaction: Transaction, settings: Settings, organization_id: int, channel_id: int, now: datetime
) -> str:
    """Give a webhook a new secret, which is returned; the one before signs too for a day. Raises NotFound, Conflict."""
    present = await channel(transaction.connection, organization_id, channel_id)
    if present.kind is not ChannelKind.WEBHOOK:
        raise Conflict("Only webhooks have a secret", id=channel_id)
    secret = new_secret()
    values = {
        "previous_secret_sealed": n.secret_sealed,
        "previous_secret_until": now + BOTH_SIGN,
        "secret_sealed": seal(settings.secret_key, secret),
        "secret_set_at": now,
        "changed_at": now,
    }
    await transaction.connection.execute(_one(organization_id, channel_id).values(values))
    return secret


async def remove_channel(transaction: Transaction, organization_id: int, channel_id: int, now: datetime) -> None:
    """Send nothing there any more, and delete where it led and its secrets. What was sent stays in the log."""
    await channel(transaction.connection, organization_id, channel_id)
    values = {"enabled": False, "removed_at": now, **dict.fromkeys(SEALED)}
    await transaction.connection.execute(_one(organization_id, channel_id).values(values))


async def disable_channel(
    transaction: Transaction, organization_id: int, channel_id: int, reason: str, now: datetime
) -> None:
    """Send nothing there until somebody enables it again."""
    values = {"enabled": False, "disabled_reason": reason, "changed_at": now}
    await transaction.connection.execute(_one(organization_id, channel_id).values(values))


async def reseal_channels(transaction: Transaction, secret_key: str, *, limit: int) -> tuple[int, int]:
    """Seal some channels' secrets with the newest key; how many, and how many are left. May raise SealBroken."""
    newest = key_id(keys_in(secret_key)[0]).encode() + AFTER_ID
    sealed = [n[name] for name in SEALED]
    older = sa.or_(*[sa.func.substring(column, 1, len(newest)) != newest for column in sealed])
    query = sa.select(n.id, *sealed).where(older).order_by(n.id).limit(limit).with_for_update()
    found = (await transaction.connection.execute(query)).all()
    for row in found:
        values = {name: seal(secret_key, unseal(secret_key, getattr(row, name))) for name in SEALED}
        await transaction.connection.execute(sa.update(notification_channels).where(n.id == row.id).values(values))
    left = (await transaction.connection.execute(sa.select(sa.func.count()).where(older))).scalar_one()
    return len(found), int(left)


def _one(organization_id: int, channel_id: int) -> "sa.Update":
    return sa.update(notification_channels).where(n.organization_id == organization_id, n.id == channel_id)


def _columns(setting: ChannelSetting) -> dict[str, object]:
    """The columns of what people set. Raises Invalid."""
    name, tags = setting.name.strip(), list(dict.fromkeys(tag.strip() for tag in setting.tags if tag.strip()))
    if not 0 < len(name) <= 100 or not is_visible(name):
        raise Invalid("A channel's name has 1 to 100 visible characters")
    if len(tags) > MOST_TAGS or not all(len(tag) <= 60 and is_visible(tag) for tag in tags):
        raise Invalid(f"At most {MOST_TAGS} tags, of 60 visible characters each")
    check_hours(setting.hours)
    return {
        "name": name,
        "tags": tags,
        "least_severity": setting.least_severity,
        "hours": sa.null() if setting.hours is None else to_builtins(setting.hours),
        "send_resolved": setting.send_resolved,
        "by_route": setting.by_route,
        "digest": setting.digest,
        "enabled": setting.enabled,
    }


def _target(settings: Settings, kind: ChannelKind, target: str) -> dict[str, object]:
    """The columns of where it leads. Raises Invalid."""
    checked, shown = check_target(kind, target, loopback=settings.webhook_loopback)
    return {"target_sealed": seal(settings.secret_key, checked), "target_shown": shown}


async def withdraw_delivery(
    transaction: Transaction, organization_id: int, delivery_id: int, claim: int, why: str, now: datetime
) -> None:
    """End a delivery that this claim holds without an attempt, because something has stopped it."""
    d = deliveries.c
    mine = sa.and_(d.organization_id == organization_id, d.id == delivery_id, d.claim == claim, d.state == "sending")
    values = {"state": "withdrawn", "ended_at": now, "claimed_until": None, "message": why}
    await transaction.connection.execute(sa.update(deliveries).where(mine).values(values))
