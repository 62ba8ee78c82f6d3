"""Questions about usage. Charts read sums by minute, hour or day, never the records themselves."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.facts.usage import SimDayUsage
from console.usage.tables import fleet_usage_minutely, usage_daily, usage_hourly

Step = Literal["hour", "day"]
SUMS = {"hour": usage_hourly, "day": usage_daily}


class UsageBucket(Struct, frozen=True, kw_only=True):
    """What was used in one step of time, from `time` on."""

    time: Annotated[datetime, Meta(description="When the bucket begins.")]
    data_bytes: Annotated[int, Meta(description="Data in both directions.")]
    derived_bytes: Annotated[
        int,
        Meta(description="The part of it that was derived from the fall of the quota, where no usage record has come."),
    ]
    sms: Annotated[int, Meta(description="Messages.")]


class FleetUsage(Struct, frozen=True, kw_only=True):
    """What the whole fleet has used, UTC days and months."""

    today_bytes: int
    month_bytes: int
    today_sms: int
    month_sms: int


def _number(column: "sa.ColumnElement[Any]") -> "sa.ColumnElement[int]":
    return sa.cast(sa.func.coalesce(sa.func.sum(column), 0), sa.BigInteger)


async def of_sim(
    connection: AsyncConnection, organization_id: int, iccid: str, *, by: Step, since: datetime, until: datetime
) -> list[UsageBucket]:
    """A SIM's usage by hour or day, the oldest first. Steps without usage are left out."""
    c = SUMS[by].c
    query = (
        sa.select(c.bucket.label("time"), c.data_bytes, c.derived_bytes, c.sms)
        .where(c.organization_id == organization_id, c.iccid == iccid, c.bucket >= since, c.bucket < until)
        .order_by(c.bucket)
    )
    return [UsageBucket(**row._mapping) for row in (await connection.execute(query)).all()]


async def of_fleet(
    connection: AsyncConnection,
    organization_id: int,
    *,
    by: Literal["minute", "hour", "day"],
    since: datetime,
    until: datetime,
) -> list[UsageBucket]:
    """The fleet's usage by minute, hour or day, the oldest first. Steps without usage are left out."""
    c = fleet_usage_minutely.c
    bucket = sa.func.date_trunc(sa.literal_column(f"'{by}'"), c.bucket, sa.literal_column("'UTC'"))
    query = (
        sa.select(
            bucket.label("time"), *(_number(c[name]).label(name) for name in ("data_bytes", "derived_bytes", "sms"))
        )
        .where(c.organization_id == organization_id, c.bucket >= since, c.bucket < until)
        .group_by(sa.literal_column("1"))
        .order_by(sa.literal_column("1"))
    )
    return [UsageBucket(**row._mapping) for row in (await connection.execute(query)).all()]


async def of_day(
    connection: AsyncConnection, organization_id: int, iccids: Sequence[str], day: date
) -> list[SimDayUsage]:
    """What these SIMs have used on a UTC day."""
    c = usage_daily.c
    query = sa.select(c.iccid, c.data_bytes, c.sms).where(
        c.organization_id == organization_id,
        c.bucket == datetime.combine(day, time(), UTC),
        c.iccid == sa.func.any(sa.bindparam(None, list(iccids), type_=sa.ARRAY(sa.Text))),
    )
    return [
        SimDayUsage(iccid=row.iccid, day=day.isoformat(), data_bytes=row.data_bytes, sms=row.sms)
        for row in (await connection.execute(query.order_by(c.iccid))).all()
    ]


async def totals(connection: AsyncConnection, organization_id: int, now: datetime) -> FleetUsage:
    """The fleet's usage of this UTC day and month."""
    c = fleet_usage_minutely.c
    today = datetime.combine(now.date(), time(), UTC)
    month = today.replace(day=1)
    columns = [
        sa.cast(sa.func.coalesce(sa.func.sum(c[column]).filter(c.bucket >= since), 0), sa.BigInteger).label(name)
        for name, column, since in (
            ("today_bytes", "data_bytes", today),
            ("month_bytes", "data_bytes", month),
            ("today_sms", "sms", today),
            ("month_sms", "sms", month),
        )
    ]
    query = sa.select(*columns).where(
        c.organization_id == organization_id, c.bucket >= month, c.bucket < now + timedelta(days=1)
    )
    return FleetUsage(**(await connection.execute(query)).one()._mapping)
