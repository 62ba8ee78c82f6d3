"""Usage put straight into its sums, in the order of time as posts bring it: hours and days that agree, and minutes.

Rows go into tables without indexes, which are made afterwards: to put millions into these one by one takes an hour. But
the last hours come as they would, into the indexes, after the last VACUUM.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import asyncpg  # type: ignore[import-untyped]
from filling import connected
from installation import Installation
from measuring import say

TABLES = ("usage_hourly", "usage_daily", "fleet_usage_minutely")
LAST_HOURS = 12
UNWATCHED = 20
# SIM `n` in the hour that begins at `at`: some SIMs use a thousand times as much as others, and each hour differs.
BYTES = "(n * 48271 % 1000 + 1) * (500 + (n * 31 + extract(epoch FROM {at})::bigint / 3600 * 7919) % 1000)"
SIM = "$1, '8988228066' || 600000000 + n"
SCATTERED = "(SELECT 1 + k * 7919 % $2 AS n FROM generate_series(0, $2::bigint - 1) k) AS sims"
HOUR = f"""
INSERT INTO usage_hourly (organization_id, iccid, bucket, data_bytes, derived_bytes, sms)
SELECT {SIM}, $3::timestamptz, {BYTES.format(at="$3::timestamptz")}, 0, n % 7 / 6 FROM {SCATTERED}
"""
DAY = f"""
INSERT INTO usage_daily (organization_id, iccid, bucket, data_bytes, derived_bytes, sms)
SELECT {SIM}, $3::timestamptz, used, 0, n % 7 / 6 * 24 FROM {SCATTERED}, LATERAL (
    SELECT sum({BYTES.format(at="hour")})::bigint AS used
    FROM generate_series($3::timestamptz, $4::timestamptz - interval '1 hour', interval '1 hour') hour) AS hours
"""
MINUTES = """
INSERT INTO fleet_usage_minutely (organization_id, bucket, data_bytes, derived_bytes, sms)
SELECT $1, at, 500000 * $2::bigint / 60, 0, $2 / 400
FROM generate_series($3::timestamptz, $4::timestamptz - interval '1 minute', interval '1 minute') at
"""
NOT_WATCHED = f"""
INSERT INTO unwatched_sims (organization_id, iccid, unwatched_at, unwatched_by)
SELECT {SIM}, now(), 'nobody' FROM generate_series(1, $2::bigint, greatest($2::bigint / {UNWATCHED}, 1)) n
"""
INDEXES = """
SELECT c.conname AS name, 'ALTER TABLE ' || t || ' DROP CONSTRAINT ' || c.conname AS less,
       'ALTER TABLE ' || t || ' ADD CONSTRAINT ' || c.conname || ' ' || pg_get_constraintdef(c.oid) AS more
FROM unnest($1::text[]) t JOIN pg_constraint c ON c.conrelid = t::regclass AND c.contype = 'p'
UNION ALL
SELECT i.indexrelid::regclass::text, 'DROP INDEX ' || i.indexrelid::regclass, pg_get_indexdef(i.indexrelid)
FROM unnest($1::text[]) t JOIN pg_index i ON i.indrelid = t::regclass AND NOT i.indisprimary
"""


async def fill_usage(installation: Installation, sims: int, *, hours: int, days: int, now: datetime) -> None:
    """So many hours of each SIM up to the present one, and days and minutes of so many days."""
    this_hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    midnight = this_hour.replace(hour=0)
    late = this_hour - timedelta(hours=LAST_HOURS - 1)
    one_hour, one_day = timedelta(hours=1), timedelta(days=1)
    connection = await connected(installation)

    async def put(since: datetime, until: datetime) -> None:
        """What is used in this time; the days that end in it, or are under way at its end."""
        at = since
        while at < until:
            await connection.execute(HOUR, installation.organization_id, sims, at)
            at += one_hour

    async def put_days(first: datetime, last: datetime) -> None:
        day = first
        while day <= last:
            await connection.execute(
                DAY, installation.organization_id, sims, day, min(day + one_day, this_hour + one_hour)
            )
            day += one_day

    try:
        await connection.execute(NOT_WATCHED, installation.organization_id, sims)
        async with _without_indexes(connection):
            for day in range(hours // 24 + 1):
                begins = this_hour - timedelta(hours=hours - 1 - 24 * day)
                await put(begins, min(begins + one_day, late))
                say(f"usage: {min((day + 1) * 24, hours - LAST_HOURS)} hours of {hours}")
            await put_days(midnight - days * one_day, midnight - one_day)
            await connection.execute(
                MINUTES, installation.organization_id, sims, midnight - days * one_day, this_hour + one_hour
            )
        say("usage: vacuum")
        await connection.execute("VACUUM ANALYZE")
        await put(late, this_hour + one_hour)
        await put_days(midnight, midnight)
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()


@asynccontextmanager
async def _without_indexes(connection: asyncpg.Connection) -> AsyncIterator[None]:
    """The tables have their indexes again after the block."""
    found = await connection.fetch(INDEXES, list(TABLES))
    for one in found:
        await connection.execute(one["less"])
    yield
    for one in found:
        say(f"usage: index {one['name']}")
        await connection.execute(one["more"])
