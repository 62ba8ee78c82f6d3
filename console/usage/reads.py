"""Questions about usage. Charts read sums by minute, hour or day, never the records themselves."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.facts.usage import SimDayUsage
from console.store.bulk import Row, rows_of
from console.usage.rules import BETWEEN, Span
from console.usage.tables import usage_daily, usage_hourly, usage_incomplete, usage_late_hours, usage_records
from console.usage.watched import watched_usage

Step = Literal["hour", "day"]
LONGEST_SPAN = timedelta(days=31)  # of a record: a session that uses little is reported when it ends
SUMS = {"hour": usage_hourly, "day": usage_daily}


class UsageBucket(Struct, frozen=True, kw_only=True):
    """What was used in one step of time, from `time` on."""

    time: Annotated[datetime, Meta(description="When the bucket begins.", examples=["2026-11-20T00:00:00Z"])]
    data_bytes: Annotated[int, Meta(description="Data in both directions.", examples=[3_145_728])]
    derived_bytes: Annotated[
        int,
        Meta(
            description="The part of it that was derived from the fall of the quota, where no usage record has come.",
            examples=[0],
        ),
    ]
    sms: Annotated[int, Meta(description="Messages.", examples=[1])]


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
    """The usage of watched SIMs by minute, hour or day, the oldest first. Steps without usage are left out."""
    c = watched_usage(organization_id, since, until, by_minute=by == "minute").c
    bucket = sa.func.date_trunc(sa.literal_column(f"'{by}'"), c.bucket, sa.literal_column("'UTC'"))
    query = (
        sa.select(
            bucket.label("time"), *(_number(c[name]).label(name) for name in ("data_bytes", "derived_bytes", "sms"))
        )
        .group_by(sa.literal_column("1"))
        .having(sa.or_(sa.func.sum(c.data_bytes) > 0, sa.func.sum(c.sms) > 0))
        .order_by(sa.literal_column("1"))
    )
    return [UsageBucket(**row._mapping) for row in (await connection.execute(query)).all()]


async def of_days(
    connection: AsyncConnection, organization_id: int, wanted: Sequence[tuple[str, date]]
) -> list[SimDayUsage]:
    """What each of these SIMs has used on its UTC day; those without a record are left out."""
    if not wanted:
        return []
    c = usage_daily.c
    rows: list[Row] = [{"iccid": iccid, "bucket": datetime.combine(day, time(), UTC)} for iccid, day in wanted]
    source = rows_of(usage_daily, ("iccid", "bucket"), rows)
    query = (
        sa.select(c.iccid, c.bucket, c.data_bytes, c.sms)
        .join_from(usage_daily, source, sa.and_(c.iccid == source.c.iccid, c.bucket == source.c.bucket))
        .where(c.organization_id == organization_id, c.bucket >= min(row["bucket"] for row in rows))
    )
    return [
        SimDayUsage(
            iccid=row.iccid,
            day=row.bucket.astimezone(UTC).date().isoformat(),
            data_bytes=row.data_bytes,
            sms=row.sms,
        )
        for row in (await connection.execute(query.order_by(c.bucket, c.iccid))).all()
    ]


async def sums_lag(connection: AsyncConnection) -> timedelta | None:
    """How old a record may be when it comes and still be in every sum at once; None: however old."""
    found: timedelta | None = (await connection.execute(sa.select(sa.func.usage_sums_lag()))).scalar_one()
    return found


class LateHours(Struct, frozen=True, kw_only=True):
    """An hour of a SIM for which a record came that the sums do not have yet; `version` changes with each record."""

    organization_id: int
    iccid: str
    hour: datetime
    version: str


async def late_hours(connection: AsyncConnection, *, limit: int) -> list[LateHours]:
    """The oldest hours that the sums are to be refreshed for."""
    c = usage_late_hours.c
    query = sa.select(c.organization_id, c.iccid, c.hour, sa.literal_column("xmin::text").label("version"))
    rows = await connection.execute(query.order_by(c.hour, c.organization_id, c.iccid).limit(limit))
    return [LateHours(**row._mapping) for row in rows]


async def incomplete(
    connection: AsyncConnection, organization_id: int, records: Sequence[Row]
) -> dict[tuple[str, int], list[Span]]:
    """By ICCID and record id, when those of these records were that are stored with one time only."""
    c = usage_incomplete.c
    numbers = sa.bindparam(None, [row["record_id"] for row in records], type_=sa.ARRAY(sa.BigInteger))
    query = sa.select(c.iccid, c.record_id, c.time).where(
        c.organization_id == organization_id, c.record_id == sa.func.any(numbers)
    )
    found: dict[tuple[str, int], list[Span]] = {}
    for iccid, number, at in (await connection.execute(query)).all():
        found.setdefault((iccid, number), []).append((at, at))
    return found


async def stored_spans(
    connection: AsyncConnection, organization_id: int, records: Sequence[Row]
) -> dict[tuple[str, int], list[Span]]:
    """By ICCID and record id, the spans of the Data Streamer's stored records that may be the same as one of these."""
    if not records:
        return {}
    c, new = usage_records.c, rows_of(usage_records, ("iccid", "time", "source", "record_id"), records, "new")
    first, last = min(row["time"] for row in records), max(row["time"] for row in records)
    query = (
        sa.select(c.iccid, c.record_id, c.started_at, c.time)
        .select_from(new)
        .where(c.organization_id == organization_id, c.iccid == new.c.iccid)
        .where(c.source == new.c.source, c.record_id == new.c.record_id)
        .where(c.time.between(first - BETWEEN, last + LONGEST_SPAN))
    )
    found: dict[tuple[str, int], list[Span]] = {}
    for iccid, number, started_at, at in (await connection.execute(query)).all():
        found.setdefault((iccid, number), []).append((started_at, at))
    return found
