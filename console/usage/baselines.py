"""What SIMs used in earlier weeks at the same hour of the week, and in the hours beside it."""

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from console.usage.tables import usage_daily, usage_hourly

HOUR, WEEK = timedelta(hours=1), timedelta(weeks=1)
WEEKS = 4
BESIDE = (-HOUR, timedelta(0), HOUR)


def compared(hour: datetime) -> list[list[datetime]]:
    """Of each earlier week, the latest first, the hour and its neighbours."""
    return [[hour - week * WEEK + beside for beside in BESIDE] for week in range(1, WEEKS + 1)]


async def hours_before(
    connection: AsyncConnection, organization_id: int, asked: Collection[tuple[str, datetime]]
) -> dict[tuple[str, datetime], list[list[int]]]:
    """Of each of these SIMs and hours the bytes of `compared`; without SIMs that were not used four weeks before."""
    if not asked:
        return {}
    iccids = sa.bindparam(None, sorted({iccid for iccid, _ in asked}), type_=sa.ARRAY(sa.Text))
    hours = {hour for _, hour in asked}
    buckets = sorted({bucket for hour in hours for week in compared(hour) for bucket in week})
    d, u = usage_daily.c, usage_hourly.c
    old = sa.select(d.iccid, sa.func.min(d.bucket)).where(d.organization_id == organization_id)
    old = old.where(d.iccid == sa.func.any(iccids)).group_by(d.iccid)
    since = {row[0]: row[1] for row in (await connection.execute(old)).all()}
    of_bucket = sa.bindparam(None, buckets, type_=sa.ARRAY(sa.DateTime(timezone=True)))
    query = sa.select(u.iccid, u.bucket, u.data_bytes).where(u.organization_id == organization_id)
    query = query.where(u.iccid == sa.func.any(iccids), u.bucket == sa.func.any(of_bucket))
    used = {(row[0], row[1]): row[2] for row in (await connection.execute(query)).all()}
    return {
        (iccid, hour): [[used.get((iccid, bucket), 0) for bucket in week] for week in compared(hour)]
        for iccid, hour in asked
        if iccid in since and since[iccid] <= hour - WEEKS * WEEK
    }
