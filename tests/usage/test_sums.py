"""The sums of usage say the same on every edition of the database, however late a record comes."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
import sqlalchemy as sa

from console.pages import fleet_numbers
from console.settings import Settings
from console.store.database import Database
from console.store.timescale import failed_jobs
from console.usage import reads
from console.usage.writes import end_late, record_usage
from jobs.polling.clients import OnceClients
from jobs.refresh_sums import refresh_sums
from jobs.run import WorkerContext
from tests.cast import ADAS_SIM, Cast
from tests.usage.policies import run_policies

NOW = datetime.now(UTC).replace(second=30, microsecond=0)
SUMS = ("usage_hourly", "usage_daily", "fleet_usage_minutely")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def use(db: Database, cast: Cast, number: int, at: datetime, amount: int = 1) -> list[dict[str, object]]:
    """Record it as if it came now; the sums that are published for it."""
    plain = dict.fromkeys(("sent_bytes", "received_bytes", "operator", "country", "rat"))
    row = {"iccid": ADAS_SIM, "time": at, "source": "streamer", "record_id": number, "started_at": at}
    async with db.transaction() as transaction:
        await record_usage(transaction, cast.acme, [{**row, "data_bytes": amount, "sms": 1, **plain}], NOW)
        return [msgspec.json.decode(item.split("\t")[-1])["data"] for item in transaction.items]


async def refresh(db: Database, settings: Settings) -> None:
    """The job that late records have asked for."""
    worker = WorkerContext(settings=settings, db=db, once_clients=OnceClients(settings, db))
    await refresh_sums({"worker": worker})


async def totals(db: Database) -> dict[str, int]:
    async with db.reading() as reading:
        found = {}
        for table in SUMS:
            query = sa.text(f"SELECT coalesce(sum(data_bytes), 0) FROM {table}")
            found[table] = int((await reading.execute(query)).scalar_one())
        return found


LATE = [timedelta(), *(timedelta(minutes=minutes) for minutes in (2, 20, 45, 59, 61, 90)), 5 * HOUR, DAY, 9 * DAY]
LATEST = [11 * DAY, 45 * DAY, 400 * DAY]


async def test_a_record_counts_in_every_sum_however_late_it_comes(db: Database, settings: Settings, cast: Cast) -> None:
    for days in (60, 30, 12, 3, 1):
        await use(db, cast, days, NOW - days * DAY, amount=1000)
    await run_policies(db)
    assert await totals(db) == dict.fromkeys(SUMS, 5000)
    for number, late in enumerate([*LATE, *LATEST], 100):
        await use(db, cast, number, NOW - late)
        if late < 50 * timedelta(minutes=1):
            assert await totals(db) == dict.fromkeys(SUMS, 5000 + number - 99), f"{late} late: at once"
        await refresh(db, settings)
        assert await totals(db) == dict.fromkeys(SUMS, 5000 + number - 99), f"{late} late: with the job"
    await run_policies(db)
    assert await totals(db) == dict.fromkeys(SUMS, 5000 + len(LATE) + len(LATEST))
    async with db.reading() as reading:
        assert await reads.late_hours(reading, limit=9) == []
        assert await reading.run_sync(failed_jobs) == []


async def test_a_record_of_an_earlier_day_is_published_with_that_days_sum(
    db: Database, settings: Settings, cast: Cast
) -> None:
    await use(db, cast, 1, NOW - 3 * DAY, amount=1000)
    has_policies = await run_policies(db)
    published = await use(db, cast, 2, NOW - 3 * DAY, amount=1)
    day = (NOW - 3 * DAY).date().isoformat()
    expected = [{"iccid": ADAS_SIM, "day": day, "data_bytes": 1001, "sms": 2}]
    assert published == ([] if has_policies else expected)
    await refresh(db, settings)
    async with db.reading() as reading:
        assert [msgspec.to_builtins(one) for one in await reads.of_days(reading, cast.acme, [(ADAS_SIM, _day(3))])] == (
            expected
        )


def _day(ago: int) -> date:
    return (NOW - ago * DAY).date()


async def test_a_record_of_an_earlier_day_moves_the_months_figure(db: Database, settings: Settings, cast: Cast) -> None:
    now = NOW.replace(day=20, hour=0, minute=0)
    async with db.reading() as reading:
        before = await fleet_numbers.used(reading, cast.acme, now)
    await use(db, cast, 1, now - timedelta(seconds=40), amount=7)  # of the 19th
    await use(db, cast, 2, now.replace(day=1) - timedelta(minutes=1), amount=100)  # of the month before
    await use(db, cast, 3, now, amount=3)
    await refresh(db, settings)
    async with db.reading() as reading:
        after = await fleet_numbers.used(reading, cast.acme, now)
    assert (before["data_today_bytes"], before["data_month_bytes"]) == (0, 0)
    assert (after["data_today_bytes"], after["data_month_bytes"]) == (3, 10)


@pytest.mark.one_edition
async def test_what_comes_again_while_the_sums_are_refreshed_is_not_forgotten(db: Database, cast: Cast) -> None:
    """The mark of an hour is deleted only as it was read."""
    insert = sa.text(
        "INSERT INTO usage_late_hours VALUES (:organization, '8988228066600000001', date_trunc('hour', now()))"
        " ON CONFLICT (organization_id, iccid, hour) DO UPDATE SET hour = excluded.hour"
    )
    async with db.engine.begin() as connection:
        await connection.execute(insert, {"organization": cast.acme})
    async with db.reading() as reading:
        read = await reads.late_hours(reading, limit=9)
    async with db.engine.begin() as connection:
        await connection.execute(insert, {"organization": cast.acme})
    async with db.transaction() as transaction:
        await end_late(transaction, read, NOW)
    async with db.reading() as reading:
        again = await reads.late_hours(reading, limit=9)
        assert [one.hour for one in again] == [one.hour for one in read]
    async with db.transaction() as transaction:
        await end_late(transaction, again, NOW)
    async with db.reading() as reading:
        assert await reads.late_hours(reading, limit=9) == []
