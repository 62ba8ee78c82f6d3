"""The last 24 hours of what the console depends on: each bar says what is known of its half hour, and no more."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from console.carrier.tables import carrier_outages
from console.connectivity.tables import fleet_samples
from console.pages.day_of_dependencies import STEP, STEPS, day_of_dependencies, of_minutes, of_runs, of_spans
from console.runs.rules import RunState
from console.runs.writes import Tally, begin, finish
from console.store.database import Database
from console.streamer.tables import streamer_health, streamer_silences
from tests.cast import Cast
from tests.serving import Served

pytestmark = pytest.mark.one_edition
T = datetime(2026, 11, 29, 12, tzinfo=UTC)
TIMES = [T + STEP * number for number in range(4)]
NOW = TIMES[3] + timedelta(minutes=10)


def test_a_bar_says_for_how_long_it_failed_and_is_not_known_where_nobody_looked() -> None:
    spans = [(T + timedelta(minutes=40), T + timedelta(minutes=52)), (TIMES[3], NOW)]
    bars = of_spans(TIMES, NOW, spans, (0, 1).__contains__)
    assert [(one.level, one.text, one.failing_since) for one in bars] == [
        ("ok", "all the time", None),
        ("some", "not for 12 min", None),
        ("unknown", "not known", None),
        ("bad", "", TIMES[3]),
    ]


def test_what_goes_on_is_kept_apart_from_what_is_over() -> None:
    began = TIMES[2] + timedelta(minutes=25)
    spans = [(began, TIMES[3] + timedelta(minutes=1)), (TIMES[3] + timedelta(minutes=8), NOW)]
    assert [(one.level, one.text, one.failing_since) for one in of_spans(TIMES, NOW, spans, lambda _: True)[2:]] == [
        ("some", "not for 5 min", None),
        ("some", "not for 60 s", TIMES[3] + timedelta(minutes=8)),
    ]
    whole = of_spans(TIMES, NOW, [(began, NOW)], lambda _: True)[2:]
    assert [(one.level, one.text, one.failing_since) for one in whole] == [
        ("some", "not for 5 min", None),
        ("bad", "", began),
    ]


def test_workers_are_known_from_their_first_minute_on() -> None:
    assert [one.level for one in of_minutes(TIMES, NOW, {1: 3, 2: 28})] == ["unknown", "ok", "some", "bad"]
    assert [one.level for one in of_minutes(TIMES, NOW, {1: 3, 2: 29, 3: 9})] == ["unknown", "ok", "ok", "ok"]
    assert {one.level for one in of_minutes(TIMES, NOW, {})} == {"unknown"}


def test_failed_runs_are_named_by_job() -> None:
    bars = of_runs(TIMES, {1: {"sync_sims": 2, "deliver": 1}}, (0, 1).__contains__)
    assert [one.level for one in bars] == ["ok", "bad", "unknown", "unknown"]
    assert bars[1].text == "Inventory failed 2 times, Notifications failed once"


async def test_the_page_draws_what_is_stored_of_this_organization_alone(web: Served, db: Database, cast: Cast) -> None:
    now = datetime.now(UTC)
    hour = timedelta(hours=1)
    async with db.transaction() as transaction:
        connection, acme = transaction.connection, {"organization_id": cast.acme}
        await connection.execute(
            sa.insert(fleet_samples),
            [
                {**acme, "time": now - timedelta(minutes=ago)}
                | dict.fromkeys(("online", "attached", "offline", "blocked", "unknown"), 0)
                for ago in range(1, 600)
            ],
        )
        lost = {"since": now - 5 * hour, "until": now - 3 * hour}
        await connection.execute(sa.insert(carrier_outages).values(**acme, **lost))
        first = {"first_post_at": now - 9 * hour, "last_post_at": now, "state": "flowing", "since": now - 9 * hour}
        await connection.execute(sa.insert(streamer_health).values(**acme, kind="usage", **first))
        await connection.execute(sa.insert(streamer_silences).values(**acme, kind="usage", **lost))
        run_id = await begin(transaction, cast.acme, "sync_sims", now - 2 * hour)
        await finish(transaction, run_id, RunState.FAILED, Tally(seen=3), now - 2 * hour)
    async with db.reading() as reading:
        found = {one.name: one for one in await day_of_dependencies(reading, cast.acme, now)}
        others = await day_of_dependencies(reading, cast.evil, now)
    assert {len(one.bars) for one in found.values()} == {STEPS}
    carrier, usage = found["1NCE answers"], found["Data Streamer, usage"]
    assert [one.level for one in carrier.trouble] == [one.level for one in usage.trouble]
    assert len(carrier.trouble) in (4, 5)  # two hours, which may begin within a bar
    assert found["Data Streamer, events"].known == 0
    assert found["Workers, PostgreSQL, Valkey"].trouble == []
    assert [one.text for one in found["Runs of jobs"].trouble] == ["Inventory failed once"]
    assert sum(one.known for one in others) == 0
    async with web.signed_in("vera") as vera:
        page = (await vera.get("/jobs")).text
    assert "Inventory failed once" in page and page.count("nothing is known") == 1
