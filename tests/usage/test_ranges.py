"""A range of hours is read from days and hours that add up to it; one SIM's hours from the index alone."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from console.store.database import Database
from console.usage import reads
from console.usage.ranges import parts
from console.usage.shares import ranking
from console.usage.sums import has_aggregates
from console.usage.tables import usage_daily
from tests.cast import ADAS_SIM, Cast

NOW = datetime(2026, 11, 20, 5, 40, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MIDNIGHT = NOW.replace(hour=0, minute=0)
FILL = """
INSERT INTO usage_records (organization_id, iccid, time, source, record_id, started_at, data_bytes, sms)
SELECT :organization_id, sims.iccid, at, 'streamer', row_number() OVER (), at,
       1 + (extract(epoch FROM at)::bigint / 60) % 977, 0
FROM sims, generate_series(CAST(:since AS timestamptz), CAST(:until AS timestamptz), interval '47 minutes') at
WHERE sims.organization_id = :organization_id
"""
USED = """
SELECT iccid, sum(data_bytes)::bigint FROM usage_records
WHERE organization_id = :organization_id AND time >= :since AND time < :until GROUP BY 1
"""
RANGES = {
    "the last 24 hours": (NOW.replace(minute=0) + HOUR - DAY, NOW.replace(minute=0) + HOUR),
    "a day": (MIDNIGHT - DAY, MIDNIGHT),
    "today, which is not over": (MIDNIGHT, MIDNIGHT + DAY),
    "two days": (MIDNIGHT - DAY, MIDNIGHT + DAY),
    "a morning": (MIDNIGHT - DAY, MIDNIGHT - DAY + 6 * HOUR),
    "most of a day, from within it to within it": (MIDNIGHT - DAY + 3 * HOUR, MIDNIGHT - 2 * HOUR),
    "a week, from noon to noon": (MIDNIGHT - 7 * DAY + 12 * HOUR, MIDNIGHT + 12 * HOUR),
}


@pytest.mark.parametrize("name", RANGES)
async def test_a_ranking_is_what_the_records_of_its_range_add_up_to(db: Database, cast: Cast, name: str) -> None:
    """Records of after `now` included, as devices with a wrong clock have them."""
    since, until = RANGES[name]
    async with db.engine.begin() as connection:
        whose = {"organization_id": cast.acme}
        await connection.execute(sa.text(FILL), {**whose, "since": MIDNIGHT - 9 * DAY, "until": NOW + 20 * HOUR})
        rows = await connection.execute(sa.text(USED), {**whose, "since": since, "until": until})
        used = {row[0]: row[1] for row in rows.all()}
    async with db.reading() as reading:
        found = await ranking(reading, cast.acme, since=since, until=until, now=NOW, most=50)
    assert {one.iccid: one.data_bytes for one in found} == used
    assert used


def _hours(since: datetime, until: datetime) -> Iterator[datetime]:
    while since < until:
        yield since
        since += HOUR


def test_the_parts_of_any_range_add_up_to_it_and_read_no_more_than_half_a_day_by_hours() -> None:
    chance = random.Random(5)
    for _ in range(500):
        since = MIDNIGHT - chance.randrange(120) * HOUR
        until = since + chance.randrange(1, 100) * HOUR
        counted: dict[datetime, int] = {}
        for table, begins, ends, added in parts(since, until, NOW):
            assert begins < ends
            if table is usage_daily:
                assert (begins.hour, ends.hour) == (0, 0)
            else:
                assert min(ends, NOW) - begins <= 12 * HOUR
            for hour in _hours(begins, ends):
                counted[hour] = counted.get(hour, 0) + (1 if added else -1)
        assert {hour for hour, number in counted.items() if number} == {*_hours(since, until)}
        assert {*counted.values()} <= {0, 1}


async def test_the_hours_of_one_sim_are_read_from_the_index_alone(db: Database, cast: Cast) -> None:
    """Where they lie in the table, on a page each, is not looked up, once a VACUUM has seen them."""
    async with db.engine.connect() as connection:
        if await connection.run_sync(has_aggregates):
            pytest.skip("the sums are continuous aggregates here")
        whose = {"organization_id": cast.acme}
        await connection.execute(sa.text("SET LOCAL synchronous_commit = on"))  # a VACUUM sees what is on disk
        await connection.execute(sa.text(FILL), {**whose, "since": MIDNIGHT - 30 * DAY, "until": NOW})
        await connection.commit()
        outside = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await outside.execute(sa.text("VACUUM ANALYZE usage_hourly"))
        sent: list[tuple[str, object]] = []

        def note(_: object, __: object, statement: str, parameters: object, *___: object) -> None:
            sent.append((statement, parameters))

        sa.event.listen(connection.sync_connection, "before_cursor_execute", note)
        found = await reads.of_sim(connection, cast.acme, ADAS_SIM, by="hour", since=MIDNIGHT - 30 * DAY, until=NOW)
        sa.event.remove(connection.sync_connection, "before_cursor_execute", note)
        assert len(found) > 500
        ((statement, parameters),) = sent
        await connection.execute(sa.text("SET enable_seqscan = off"))
        explain = f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}"
        plan = (await connection.exec_driver_sql(explain, parameters)).scalar_one()[0]["Plan"]  # type: ignore[arg-type]
        await connection.execute(sa.text("RESET enable_seqscan"))
        while plan["Node Type"] != "Index Only Scan":
            (plan,) = plan["Plans"]
        assert plan["Heap Fetches"] == 0
