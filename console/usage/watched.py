"""What the SIMs that are watched have used: all usage of an organization, less that of SIMs that are not watched."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from console.sims.tables import unwatched
from console.usage.tables import fleet_usage_minutely, usage_hourly, usage_records

HOUR = timedelta(hours=1)
AMOUNTS = ("data_bytes", "derived_bytes", "sms")
Number = int | sa.BindParameter[int]
Moment = datetime | sa.ColumnElement[datetime]


def watched_usage(organization_id: Number, since: datetime, until: datetime, *, by_minute: bool) -> "sa.Subquery":
    """Rows of `bucket`, `data_bytes`, `derived_bytes` and `sms` that add up to it; those to be subtracted are negative.

    Buckets begin from `since` on and before `until`. Unless `by_minute`, what is subtracted of whole hours has the
    hour as its bucket.
    """
    first, last = hour_from(since), hour_until(until)
    if by_minute or first >= last:
        return in_minutes(organization_id, since, until)
    return in_whole_hours(organization_id, since, first, last, until)


def in_minutes(organization_id: Number, since: Moment, until: Moment) -> "sa.Subquery":
    """The same, minute by minute."""
    return sa.union_all(_every(organization_id, since, until), _records(organization_id, since, until)).subquery("used")


def in_whole_hours(organization_id: Number, since: Moment, first: Moment, last: Moment, until: Moment) -> "sa.Subquery":
    """The same, of whole hours between `first` and `last`, and of the minutes before and after them."""
    edges = _records(organization_id, since, first), _records(organization_id, last, until)
    every = _every(organization_id, since, until)
    return sa.union_all(every, _hours(organization_id, first, last), *edges).subquery("used")


def _every(organization_id: Number, since: Moment, until: Moment) -> "sa.Select[*tuple[Any, ...]]":
    c = fleet_usage_minutely.c
    return sa.select(c.bucket, *(c[name] for name in AMOUNTS)).where(
        c.organization_id == organization_id, c.bucket >= since, c.bucket < until
    )


def hour_from(moment: datetime) -> datetime:
    """The first hour that begins at this moment or after it."""
    hour = hour_until(moment)
    return hour if hour == moment else hour + HOUR


def hour_until(moment: datetime) -> datetime:
    """The last hour that begins at this moment or before it."""
    return moment.replace(minute=0, second=0, microsecond=0)


def _hours(organization_id: Number, since: Moment, until: Moment) -> "sa.Select[*tuple[Any, ...]]":
    c = usage_hourly.c
    return (
        sa.select(c.bucket, *(-c[name] for name in AMOUNTS))
        .select_from(usage_hourly.join(unwatched, _same(usage_hourly)))
        .where(c.organization_id == organization_id, c.bucket >= since, c.bucket < until)
    )


def _records(organization_id: Number, since: Moment, until: Moment) -> "sa.Select[*tuple[Any, ...]]":
    c = usage_records.c
    bucket = sa.func.date_trunc(sa.literal_column("'minute'"), c.time, sa.literal_column("'UTC'"))
    derived = sa.case((c.source == "derived", -c.data_bytes), else_=0)
    return (
        sa.select(bucket.label("bucket"), -c.data_bytes, derived, -c.sms)
        .select_from(usage_records.join(unwatched, _same(usage_records)))
        .where(c.organization_id == organization_id, c.time >= since, c.time < until + timedelta(minutes=1))
        .where(bucket >= since, bucket < until)
    )


def _same(table: sa.Table) -> "sa.ColumnElement[bool]":
    u = unwatched.c
    return sa.and_(u.organization_id == table.c.organization_id, u.iccid == table.c.iccid)
