"""A report that takes long to count is counted seldom, and says of when it is."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from console.polling.kept import KeptReport, PollingReports
from console.polling.report import Polling, polling
from console.store.database import Database
from tests.cast import Cast

pytestmark = pytest.mark.one_edition


async def counted(db: Database, organization_id: int, at: datetime) -> Polling:
    async with db.reading() as reading:
        return await polling(reading, organization_id, at, on_screen=0)


async def latest(reports: PollingReports, db: Database, organization_id: int, now: datetime) -> Polling:
    async with db.reading() as reading:
        return await reports.latest(reading, organization_id, now)


async def test_a_cheap_report_is_counted_for_each_reader(db: Database, cast: Cast) -> None:
    reports, now = PollingReports(db), datetime.now(UTC)
    assert (await latest(reports, db, cast.acme, now)).as_of == now


async def test_a_dear_report_is_shared_for_twenty_times_as_long_as_it_took(db: Database, cast: Cast) -> None:
    now = datetime.now(UTC)
    one = structs.replace(await counted(db, cast.acme, now), sims=1_000_000)
    await PollingReports(db).keep(cast.acme, KeptReport(one, 0.4))
    other_process = PollingReports(db)
    assert await latest(other_process, db, cast.acme, now + timedelta(seconds=7.9)) == one
    assert (await latest(other_process, db, cast.acme, now + timedelta(seconds=8.1))).sims < 1_000_000


async def test_nobody_waits_for_a_count_of_seconds_who_can_have_an_earlier_one(db: Database, cast: Cast) -> None:
    reports, now = PollingReports(db), datetime.now(UTC)
    one = structs.replace(await counted(db, cast.acme, now - timedelta(minutes=5)), sims=1_000_000)
    await reports.keep(cast.acme, KeptReport(one, 3.0))
    assert await latest(reports, db, cast.acme, now) == one
    for _ in range(500):
        await asyncio.sleep(0.02)
        if (found := await latest(reports, db, cast.acme, datetime.now(UTC))) != one:
            break
    assert found.sims < 1_000_000


async def test_no_reader_gets_a_report_of_more_than_ten_minutes(db: Database, cast: Cast) -> None:
    reports, now = PollingReports(db), datetime.now(UTC)
    old = await counted(db, cast.acme, now - timedelta(minutes=11))
    await reports.keep(cast.acme, KeptReport(old, 60.0))
    assert (await latest(reports, db, cast.acme, now)).as_of == now


async def test_one_organization_never_gets_the_report_of_another(db: Database, cast: Cast) -> None:
    reports, now = PollingReports(db), datetime.now(UTC)
    await reports.keep(cast.acme, KeptReport(structs.replace(await counted(db, cast.acme, now), sims=77), 60.0))
    assert (await latest(reports, db, cast.evil, now)).sims != 77
