"""Questions about who is on call, and about what priorities mean."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated

import sqlalchemy as sa
from msgspec import Meta, Struct, convert
from sqlalchemy.ext.asyncio import AsyncConnection

from console.facts.alerts import Priority
from console.notifications.on_call import USUAL, OnCallPerson, PrioritySetting, Rota, Shift, order, shift_day, shifts
from console.notifications.tables import notification_channels, on_call, on_call_overrides

o, v, n = on_call.c, on_call_overrides.c, notification_channels.c
SHOWN_DAYS = 28


class OnCall(Struct, frozen=True, kw_only=True):
    """Who is on call, and who will be."""

    rota: Annotated[Rota | None, Meta(description="The order and its hours; null: nobody has set one.")]
    rota_revision: Annotated[int, Meta(description="Rises by one each time that the order is set.", examples=[4])]
    now: Annotated[
        list[OnCallPerson],
        Meta(
            description="Who is on call, then who follows while nobody acknowledges; whom no channel reaches, left out."
        ),
    ]
    unreachable: Annotated[
        list[str], Meta(description="Who is in the order, but whose channel is disabled or removed.", examples=[[]])
    ]
    shifts: Annotated[list[Shift], Meta(description="The shifts of the next 28 days.")]
    overrides: Annotated[
        Mapping[date, str],
        Meta(description="Who stands in, by the local day of today and later.", examples=[{"2026-11-20": "eva"}]),
    ]
    priorities: Annotated[list[PrioritySetting], Meta(description="What each priority does outside the console.")]

    def setting(self, priority: str) -> PrioritySetting:
        """What alerts of a priority do outside the console."""
        return next(one for one in self.priorities if one.priority is Priority(priority))


async def settings_of(connection: AsyncConnection, organization_id: int) -> tuple[Rota | None, list[PrioritySetting]]:
    """The rota, and what each priority does, P1 first."""
    query = sa.select(o.rota, o.priorities).where(o.organization_id == organization_id)
    row = (await connection.execute(query)).first()
    rota = None if row is None or row.rota is None else convert(row.rota, Rota)
    priorities = USUAL if row is None or row.priorities is None else convert(row.priorities, list[PrioritySetting])
    return rota, [*priorities]


async def rota_revision_of(connection: AsyncConnection, organization_id: int) -> int:
    """How often the order was set."""
    query = sa.select(o.rota_revision).where(o.organization_id == organization_id)
    return (await connection.execute(query)).scalar_one_or_none() or 0


async def overrides_of(connection: AsyncConnection, organization_id: int) -> dict[date, str]:
    """Who stands in, by day."""
    query = sa.select(v.day, v.name).where(v.organization_id == organization_id).order_by(v.day)
    return {row.day: row.name for row in (await connection.execute(query)).all()}


async def channels_enabled(connection: AsyncConnection, organization_id: int) -> dict[int, str]:
    """The names of the channels that take notifications, by id."""
    query = sa.select(n.id, n.name).where(n.organization_id == organization_id, n.enabled, n.removed_at.is_(None))
    return {row.id: row.name for row in (await connection.execute(query)).all()}


async def on_call_now(connection: AsyncConnection, organization_id: int, now: datetime) -> OnCall:
    """As it is now."""
    revision = await rota_revision_of(connection, organization_id)
    rota, priorities = await settings_of(connection, organization_id)
    overrides = await overrides_of(connection, organization_id)
    enabled = await channels_enabled(connection, organization_id)
    people = order(rota, overrides, now)
    found = shifts(rota, overrides, now, days=SHOWN_DAYS)
    first = shift_day(rota, now) if rota else now.date()
    return OnCall(
        rota=rota,
        rota_revision=revision,
        now=[one for one in people if one.channel_id in enabled],
        unreachable=[one.name for one in people if one.channel_id not in enabled],
        shifts=found,
        overrides={day: name for day, name in overrides.items() if day >= first},
        priorities=priorities,
    )
