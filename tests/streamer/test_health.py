"""Whether the Data Streamer's silence means anything: as a table of cases, and as it is stored and published."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from console.pages.templating import environment
from console.quotas.reconciliation import compared, count, differences, of_sim
from console.quotas.writes import explain, record_quotas
from console.sims.watching_writes import unwatch, watch
from console.store.database import Database
from console.streamer import reads, writes
from console.streamer.rules import KindHealth, streamer_state
from console.usage.writes import record_usage
from tests.cast import ADAS_SIM, Cast

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
MB = 1024 * 1024


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


@pytest.mark.parametrize(
    ("last_post", "missed", "state"),
    [
        (5, None, "flowing"),
        (5, 4, "flowing"),  # what polling found may still come
        (25, 21, "missed"),  # it should have, by now
        (29, None, "flowing"),
        (31, None, "quiet"),  # a quiet fleet has nothing to report
        (600, 10, "quiet"),
        (600, 30, "missed"),
        (60 * 24 * 31, 60 * 24, "unused"),  # somebody has ended it
    ],
)
def test_only_silence_about_what_polling_found_means_something(
    last_post: float, missed: float | None, state: str
) -> None:
    since = None if missed is None else NOW - minutes(missed)
    known = KindHealth(kind="event", last_post_at=NOW - minutes(last_post), missed_since=since)
    assert streamer_state(known, NOW) == state


def test_who_never_had_a_post_has_no_stream() -> None:
    assert streamer_state(None, NOW) == "unused"


async def posts(db: Database, cast: Cast, at: datetime, *kinds: str) -> None:
    async with db.transaction() as transaction:
        await writes.note_posts(transaction, cast.acme, dict.fromkeys(kinds, at), at)


async def found(db: Database, cast: Cast, kind: str, *times: datetime) -> None:
    async with db.transaction() as transaction:
        await writes.note_found(transaction, cast.acme, kind, times)


async def settled(db: Database, cast: Cast, now: datetime) -> dict[str, str]:
    async with db.transaction() as transaction:
        return {one.kind: one.state for one in await writes.settle(transaction, cast.acme, now)}


async def test_a_stream_that_is_silent_while_polling_finds_events_is_said_to_have_failed_and_heals_with_a_post(
    db: Database, cast: Cast
) -> None:
    await posts(db, cast, NOW, "event", "usage")
    await found(db, cast, "event", NOW - minutes(1))  # from before the post: proves nothing
    assert await settled(db, cast, NOW + minutes(40)) == {"event": "quiet", "usage": "quiet"}
    await found(db, cast, "event", NOW + minutes(42), NOW + minutes(41))
    assert await settled(db, cast, NOW + minutes(60)) == {"event": "quiet", "usage": "quiet"}
    await found(db, cast, "event", NOW + minutes(61))
    assert await settled(db, cast, NOW + minutes(62)) == {"event": "missed", "usage": "quiet"}
    async with db.reading() as connection:
        health = await reads.streamer(connection, cast.acme, NOW + minutes(63))
        outsiders = await reads.streamer(connection, cast.evil, NOW + minutes(63))
    assert health.worst is not None
    assert (health.worst.kind, health.worst.state, health.worst.found) == ("event", "missed", 3)
    assert (health.worst.since, health.worst.missed_since) == (NOW, NOW + minutes(41))
    assert (health.worst.usual_interval_seconds, health.worst.judged) == (None, False)
    assert (outsiders.state, outsiders.kinds) == ("unused", [])
    await posts(db, cast, NOW + minutes(64), "event")
    async with db.reading() as connection:
        health = await reads.streamer(connection, cast.acme, NOW + minutes(64))
    assert health.state == "flowing"


@pytest.mark.one_edition
async def test_each_change_of_the_stream_is_published_once(db: Database, cast: Cast) -> None:
    async def facts() -> list[str]:
        async with db.reading() as connection:
            return list((await connection.execute(sa.text("SELECT state FROM streamer_health"))).scalars())

    await posts(db, cast, NOW, "event")
    async with db.transaction() as transaction:
        await writes.note_posts(transaction, cast.acme, {"event": NOW + timedelta(seconds=5)}, NOW)
        assert not transaction.items
        await writes.note_posts(transaction, cast.acme, {"event": NOW + timedelta(seconds=15)}, NOW)
        assert not transaction.items
    async with db.transaction() as transaction:
        await writes.settle(transaction, cast.acme, NOW + minutes(50))
        assert ["streamer.changed" in item for item in transaction.items] == [True]
    async with db.transaction() as transaction:
        await writes.settle(transaction, cast.acme, NOW + minutes(51))
        assert not transaction.items
    assert await facts() == ["quiet"]


async def look(db: Database, cast: Cast, at: datetime, used: int, *, alive: bool = True, in_use: bool = True) -> None:
    plain = dict.fromkeys(("total", "last_added", "threshold_percent", "expires_at", "created_at"))
    quota = {"iccid": ADAS_SIM, "service": "data", "status": "active", "left": 500 * MB - used, **plain}
    async with db.transaction() as transaction:
        await record_quotas(
            transaction,
            cast.acme,
            [{**quota, "accumulated": 500 * MB}],
            at,
            streamer_alive=alive,
            streamer_used=in_use,
        )


async def record(db: Database, cast: Cast, at: datetime, amount: int, number: int) -> None:
    plain = dict.fromkeys(("sent_bytes", "received_bytes", "operator", "country", "rat"))
    row = {"iccid": ADAS_SIM, "time": at, "source": "streamer", "record_id": number, "started_at": at - minutes(15)}
    async with db.transaction() as transaction:
        new = await record_usage(transaction, cast.acme, [{**row, "data_bytes": amount, "sms": 0, **plain}], at)
        await explain(transaction, cast.acme, new)


async def test_a_record_that_never_came_is_a_difference_after_two_looks_until_it_comes_after_all(
    db: Database, cast: Cast
) -> None:
    async def differing() -> list[tuple[int, int, int, str]]:
        async with db.reading() as connection:
            items, _ = await differences(connection, cast.acme, limit=10)
            assert len(items) == await count(connection, cast.acme)
        return [(one.quota_bytes, one.records_bytes, one.difference_bytes, one.direction) for one in items]

    await posts(db, cast, NOW, "usage")
    await look(db, cast, NOW, 0)
    await record(db, cast, NOW + minutes(10), 10 * MB, 1)
    await look(db, cast, NOW + minutes(30), 14 * MB)  # 4 MB may still be on their way
    assert await differing() == []
    await look(db, cast, NOW + minutes(60), 14 * MB)  # they should be here, and are derived
    assert await differing() == []
    await look(db, cast, NOW + minutes(90), 14 * MB)
    assert await differing() == [(14 * MB, 10 * MB, 4 * MB, "records_missing")]
    async with db.reading() as connection:
        found = await of_sim(connection, cast.acme, ADAS_SIM, NOW + minutes(91))
        outsiders = await compared(connection, cast.evil, NOW + minutes(91))
    assert found.data_confirmed_at == NOW + minutes(90)
    assert found.difference is not None
    assert found.difference.since == NOW + minutes(60)
    assert outsiders.count == 0
    async with db.transaction() as transaction:
        await unwatch(transaction, cast.acme, ADAS_SIM, "ada", NOW)
    assert await differing() == [], "it is not watched"
    async with db.transaction() as transaction:
        await watch(transaction, cast.acme, ADAS_SIM, "ada", NOW)
    assert len(await differing()) == 1
    await record(db, cast, NOW + minutes(95), 4 * MB, 2)
    assert await differing() == []


async def test_records_that_exceed_the_quota_are_a_difference_too(db: Database, cast: Cast) -> None:
    await posts(db, cast, NOW, "usage")
    await look(db, cast, NOW, 0)
    await record(db, cast, NOW + minutes(10), 10 * MB, 1)
    for after in (30, 60):
        await look(db, cast, NOW + minutes(after), 4 * MB)
    async with db.reading() as connection:
        items, _ = await differences(connection, cast.acme, limit=10)
    assert [(one.difference_bytes, one.direction) for one in items] == [(-6 * MB, "records_exceed")]


@pytest.mark.one_edition
async def test_where_no_records_are_pushed_nothing_differs(db: Database, cast: Cast) -> None:
    for after, used in ((0, 0), (30, 10 * MB), (60, 20 * MB), (90, 20 * MB)):
        await look(db, cast, NOW + minutes(after), used, alive=False, in_use=False)
    async with db.reading() as connection:
        assert await count(connection, cast.acme) == 0
        found = await compared(connection, cast.acme, NOW + minutes(90))
    assert not found.used
    assert "nothing to compare" in environment().get_template("carrier/_reconciliation.html").render(
        reconciliation=found
    )


@pytest.mark.one_edition
async def test_usage_that_only_the_quota_shows_is_a_missing_streamer(db: Database, cast: Cast) -> None:
    await posts(db, cast, NOW, "usage")
    await look(db, cast, NOW, 0)
    await look(db, cast, NOW + minutes(65), 5 * MB, alive=False)
    assert await settled(db, cast, NOW + minutes(70)) == {"usage": "quiet"}
    assert await settled(db, cast, NOW + minutes(90)) == {"usage": "missed"}
    async with db.reading() as connection:
        found = await reads.streamer(connection, cast.acme, NOW + minutes(90))
    for template in ("carrier/_streamer.html", "overview/_streamer.html"):
        assert "probably FAILED" in environment().get_template(template).render(streamer=found)
