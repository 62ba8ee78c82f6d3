"""When a SIM's data quota runs out by its forecast, and what forecasts are made of."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.quotas.bands import QuotaOutlook
from console.quotas.outlook import of_sims
from console.quotas.tables import forecast_quality
from console.usage.tables import usage_daily

HISTORY_DAYS = 30  # of the chart


class Forecast(Struct, frozen=True, kw_only=True):
    """A SIM's outlook, and how many of a hundred earlier intervals held what was used; None: none was compared yet."""

    outlook: QuotaOutlook
    held_percent: int | None


async def forecast(connection: AsyncConnection, organization_id: int, iccid: str, now: datetime) -> Forecast | None:
    """Of one SIM; None of one that is not watched."""
    found = await of_sims(connection, organization_id, [iccid], now)
    return Forecast(outlook=found[0], held_percent=await held_percent(connection, organization_id)) if found else None


async def held_percent(connection: AsyncConnection, organization_id: int) -> int | None:
    """How many of a hundred intervals of earlier forecasts held what was used; None: none was compared yet."""
    c = forecast_quality.c
    query = sa.select(sa.func.round(c.held * 100.0 / sa.func.nullif(c.compared, 0)))
    found = (await connection.execute(query.where(c.organization_id == organization_id))).scalar()
    return None if found is None else int(found)


class DailyUse(Struct, frozen=True, array_like=True):
    """What a SIM used on the days with use, in days since the first one asked for."""

    iccid: str
    known_from: int  # the day of its first use ever
    days: list[int]
    used: list[int]


async def daily_use(
    connection: AsyncConnection, organization_id: int, iccids: Sequence[str], today: date, days: int
) -> list[DailyUse]:
    """Of these SIMs, those that have ever used data: what they used on the last whole days, UTC."""
    c, first = usage_daily.c, datetime.combine(today, time(), UTC) - timedelta(days=days)
    until = datetime.combine(today, time(), UTC)
    offset = sa.cast(sa.extract("epoch", c.bucket - first) / 86_400, sa.Integer)
    recent = c.bucket >= first
    query = sa.select(
        c.iccid,
        sa.func.min(offset).label("known_from"),
        sa.func.coalesce(sa.func.array_agg(offset).filter(recent), sa.cast([], sa.ARRAY(sa.Integer))),
        sa.func.coalesce(
            sa.func.array_agg(sa.cast(c.data_bytes, sa.BigInteger)).filter(recent), sa.cast([], sa.ARRAY(sa.BigInteger))
        ),
    )
    mine: Any = sa.bindparam(None, list(iccids), type_=sa.ARRAY(sa.Text))
    query = query.where(c.organization_id == organization_id, c.iccid == sa.func.any(mine), c.bucket < until)
    query = query.where(c.data_bytes > 0).group_by(c.iccid)
    return [DailyUse(*row) for row in (await connection.execute(query)).all()]
