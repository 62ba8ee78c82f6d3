"""What a fleet has used today and this month, asked through the engine or as a prepared statement."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.store.direct_reads import DirectReads, Question
from console.usage.watched import hour_until, in_whole_hours, watched_usage


class FleetUsage(Struct, frozen=True, kw_only=True):
    """What the watched SIMs have used, UTC days and months."""

    today_bytes: int
    month_bytes: int
    today_sms: int
    month_sms: int


async def totals(connection: AsyncConnection, organization_id: int, now: datetime) -> FleetUsage:
    """What watched SIMs have used on this UTC day and in this month."""
    today, month, until = _span(now)
    used = watched_usage(organization_id, month, until, by_minute=False)
    return FleetUsage(**(await connection.execute(_sums(used, today, month))).one()._mapping)


async def totals_direct(direct: DirectReads, organization_id: int, now: datetime) -> FleetUsage:
    """The same, as a prepared statement."""
    today, month, until = _span(now)
    moments = {"today": today, "month": month, "last": hour_until(until), "until": until}
    return FleetUsage(**await direct.row(TOTALS, organization_id=organization_id, **moments))


def _span(now: datetime) -> tuple[datetime, datetime, datetime]:
    """When the day and the month begin, and until when records may say that they end."""
    today = datetime.combine(now.date(), time(), UTC)
    return today, today.replace(day=1), now + timedelta(days=1)


def _sums(used: "sa.Subquery", today: Any, month: Any) -> "sa.Select[*tuple[Any, ...]]":
    c, wanted = used.c, [("today", today), ("month", month)]
    columns = [
        sa.cast(sa.func.coalesce(sa.func.sum(c[column]).filter(c.bucket >= since), 0), sa.BigInteger).label(
            f"{name}_{ending}"
        )
        for column, ending in (("data_bytes", "bytes"), ("sms", "sms"))
        for name, since in wanted
    ]
    return sa.select(*columns)


def _totals() -> "sa.Select[*tuple[Any, ...]]":
    organization: sa.BindParameter[int] = sa.bindparam("organization_id", type_=sa.Integer)
    today, month, last, until = (
        sa.bindparam(name, type_=sa.DateTime(timezone=True)) for name in ("today", "month", "last", "until")
    )
    return _sums(in_whole_hours(organization, month, month, last, until), today, month)


TOTALS = Question(_totals)
