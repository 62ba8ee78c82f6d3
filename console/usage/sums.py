"""Refreshes the sums of usage where they are continuous aggregates: TimescaleDB's community edition.

A continuous aggregate answers from what was materialized below its watermark, and from the records above. So a refresh
may never go beyond the watermark for a part of what lies there (what it leaves out would be hidden), nor have an open
end, nor an open start: that would drop sums which outlive their records. Only policies move the watermark, and
`refresh_history`, which takes all there is. Documented under "Continuous aggregates" of TimescaleDB's manual.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
REFRESHED = timedelta(days=700)  # as the policies of migrations/versions/0013_intake.py have it
# From the records up: a day is the sum of its hours. What each leaves to be computed from the records; its bucket.
SUMS = {"fleet_usage_minutely": (HOUR, timedelta(minutes=1)), "usage_hourly": (HOUR, HOUR), "usage_daily": (DAY, DAY)}
SOURCES = {
    "fleet_usage_minutely": ("time", "usage_records"),
    "usage_hourly": ("time", "usage_records"),
    "usage_daily": ("bucket", "usage_hourly"),
}


def has_aggregates(connection: sa.Connection) -> bool:
    """Whether the sums are continuous aggregates, which are views, or tables that a trigger keeps."""
    kind = connection.execute(sa.text("SELECT relkind::text FROM pg_class WHERE oid = to_regclass('usage_hourly')"))
    return kind.scalar() == "v"


def refresh_history(connection: sa.Connection, now: datetime) -> None:
    """Materialize all that the policies may. In autocommit: a refresh can't be part of a transaction."""
    if not has_aggregates(connection):
        return
    for name, (left, bucket) in SUMS.items():
        column, source = SOURCES[name]
        oldest = connection.execute(sa.text(f"SELECT min({column}) FROM {source}")).scalar()
        if oldest is not None:
            _refresh(connection, name, _floor(max(oldest, now - REFRESHED), bucket), _floor(now - left, bucket))


def refresh_hours(connection: sa.Connection, hours: Iterable[datetime], now: datetime) -> None:
    """Refresh exactly the buckets that these hours are in, as far as they are materialized. In autocommit."""
    if not has_aggregates(connection):
        return
    wanted = [hour for hour in hours if hour > now - REFRESHED]
    for name in SUMS:
        size = DAY if name == "usage_daily" else HOUR
        watermark = _watermark(connection, name)
        for start in sorted({_floor(hour, size) for hour in wanted}):
            _refresh(connection, name, start, min(start + size, watermark))


def _refresh(connection: sa.Connection, name: str, start: datetime, end: datetime) -> None:
    if start < end:
        connection.exec_driver_sql(
            f"CALL refresh_continuous_aggregate('{name}', timestamptz '{start.isoformat()}',"
            f" timestamptz '{end.isoformat()}')"
        )


def _watermark(connection: sa.Connection, name: str) -> datetime:
    """Up to where the sums are materialized; the year 1 if nothing is. The functions moved with version 2.12."""
    moved = connection.execute(sa.text("SELECT to_regproc('_timescaledb_functions.cagg_watermark') IS NOT NULL"))
    schema = "_timescaledb_functions" if moved.scalar_one() else "_timescaledb_internal"
    found = connection.execute(
        sa.text(
            f"SELECT {schema}.to_timestamp({schema}.cagg_watermark(mat_hypertable_id)) AS at"
            " FROM _timescaledb_catalog.continuous_agg WHERE user_view_name = :name"
        ),
        {"name": name},
    ).scalar()
    return datetime.min.replace(tzinfo=UTC) if found is None else found


def _floor(time: datetime, size: timedelta) -> datetime:
    midnight = time.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (time - midnight) // size * size
