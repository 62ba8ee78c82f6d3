"""When shifts end and who gets the handover then. Pure, but for the question of what is set."""

from datetime import datetime, time, timedelta
from typing import Annotated

import sqlalchemy as sa
from msgspec import Meta, Struct, convert
from sqlalchemy.ext.asyncio import AsyncConnection

from console.errors import Invalid
from console.notifications.rules import TIME, check_zone, instant, zone_of
from console.reports.handover import Shift
from console.reports.tables import handover_settings

MOST_ENDS = 6
s = handover_settings.c


class HandoverSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When shifts end, and which channels get the handover then."""

    time_zone: Annotated[str, Meta(description="An IANA time zone.", examples=["Europe/Berlin"], max_length=64)] = "UTC"
    ends: Annotated[
        list[Annotated[str, Meta(pattern=TIME)]],
        Meta(
            description="Local times, HH:MM, at which a shift ends each day; none: it is sent by hand alone.",
            examples=[["06:00", "14:00", "22:00"]],
            max_length=MOST_ENDS,
        ),
    ] = []
    hours: Annotated[Shift, Meta(description="How long a shift is.", examples=[8])] = 8
    channel_ids: Annotated[
        list[int], Meta(max_length=100, description="Notification channels that get it.", examples=[[1]])
    ] = []


def check_ends(setting: HandoverSettings) -> None:
    """Raises Invalid for a time zone that is none, and for ends without anybody who gets the handover."""
    check_zone(setting.time_zone)
    if setting.ends and not setting.channel_ids:
        raise Invalid("Choose the channels that get the handover when a shift ends")


def next_end(setting: HandoverSettings, now: datetime) -> datetime | None:
    """The first end of a shift after this moment; None: there is none. UTC."""
    zone = zone_of(setting.time_zone)
    today = now.astimezone(zone).date()
    days = [today + timedelta(days=number) for number in range(-1, 3)]
    found = [instant(day, time.fromisoformat(end), zone) for day in days for end in setting.ends]
    return min((one for one in found if one > now), default=None)


async def handover_settings_of(connection: AsyncConnection, organization_id: int) -> HandoverSettings:
    """No end and no channel, until somebody says otherwise."""
    query = sa.select(s.setting).where(s.organization_id == organization_id)
    found = (await connection.execute(query)).scalar()
    return HandoverSettings() if found is None else convert(found, HandoverSettings)


async def ended_at(connection: AsyncConnection, organization_id: int, now: datetime) -> datetime | None:
    """When the shift ended of which the handover is still to be sent; None: none is due."""
    query = sa.select(s.next_at).where(s.organization_id == organization_id, s.next_at <= now)
    return (await connection.execute(query)).scalar()
