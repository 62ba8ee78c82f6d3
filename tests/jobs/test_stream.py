"""The Data Streamer's posts: kept as they come, taken in once, whatever order they come in."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from msgspec import structs

from console.connectivity import reads as connectivity_reads
from console.connectivity.writes import record_events
from console.once.streamer.records import read_batch
from console.quotas.writes import record_quotas
from console.runs import reads as run_reads
from console.sims import reads
from console.sms import reads as sms_reads
from console.store.database import Database
from console.store.outbox import SEQUENCE, STREAM
from console.streamer.posts_writes import keep_post
from console.streamer.tables import streamer_posts, unknown_records
from console.usage import reads as usage_reads
from console.usage.totals import totals, totals_direct
from jobs.intake.records import event_row
from jobs.take_in_posts import take_in_posts
from tests.jobs.conftest import Acme
from tests.once.samples import message

ICCID = "8988228066600000077"
NOW = datetime.now(UTC).replace(second=30, microsecond=0)  # never 00:00:00, which ends a day
MB = 1_048_576


def event(number: int, kind: int, at: datetime, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "event_type": {"id": kind, "description": f"type {kind}"},
        "timestamp": at.isoformat(),
        "description": "it happened",
        "event_severity": {"id": 0, "description": "INFO"},
        "sim": {"id": 1, "iccid": ICCID},
        "detail": None,
        **more,
    }


def usage(number: int, megabytes: float, end: datetime = NOW) -> dict[str, Any]:
    return {
        "id": number,
        "start_timestamp": (end - timedelta(minutes=15)).isoformat(),
        "end_timestamp": end.isoformat(),
        "traffic_type": {"id": 5, "description": "Data"},
        "volume": {"total": megabytes, "tx": 0, "rx": megabytes},
        "sim": {"id": 1, "iccid": ICCID},
    }


async def take(acme: Acme, *posts: list[dict[str, Any]]) -> None:
    for post in posts:
        async with acme.worker.db.transaction() as transaction:
            await keep_post(transaction, acme.id, msgspec.json.encode(post), NOW)
    await acme.run(take_in_posts)


async def day_bytes(db: Database, acme: Acme) -> int:
    """Of the day when the tests began, and of the next: a run may go on over midnight."""
    days = [(ICCID, NOW.date()), (ICCID, NOW.date() + timedelta(days=1))]
    async with db.reading() as connection:
        return sum(day.data_bytes for day in await usage_reads.of_days(connection, acme.id, days))


async def test_a_batch_that_comes_twice_counts_once(db: Database, acme: Acme) -> None:
    post = [usage(1, 1.5), usage(2, 0.5), event(1, 3, NOW), event(1, 3, NOW)]
    await take(acme, post, list(reversed(post)), [usage(2, 0.5)])
    assert await day_bytes(db, acme) == 2 * MB
    async with db.reading() as connection:
        events, _ = await connectivity_reads.events(connection, acme.id)
        left = (await connection.execute(sa.select(sa.func.count()).select_from(streamer_posts))).scalar_one()
        hours = await usage_reads.of_sim(
            connection, acme.id, ICCID, by="hour", since=NOW - timedelta(hours=2), until=NOW + timedelta(hours=1)
        )
        fleet = await totals(connection, acme.id, NOW)
    assert await totals_direct(db.direct, acme.id, NOW) == fleet
    assert [one.id for one in events] == ["1"]
    assert left == 0
    assert sum(hour.data_bytes for hour in hours) == fleet.today_bytes == 2 * MB


async def test_events_out_of_order_leave_the_sim_where_the_newest_says(db: Database, acme: Acme) -> None:
    await take(
        acme, [event(3, 5, NOW), event(1, 1, NOW - timedelta(seconds=20)), event(2, 3, NOW - timedelta(seconds=10))]
    )
    await take(acme, [event(4, 3, NOW - timedelta(seconds=5))])
    async with db.reading() as connection:
        sim = await reads.one(connection, acme.id, ICCID)
        events, _ = await connectivity_reads.events(connection, acme.id)
    assert sim is not None
    assert (sim.connection, sim.source) == ("attached", "streamer")
    assert [one.id for one in events] == ["3", "4", "2", "1"]


async def test_what_cannot_be_read_is_kept(db: Database, acme: Acme) -> None:
    strange = {"id": 9, "weather": "fine"}
    await take(acme, [strange, usage(1, 1.0)], [strange])
    async with db.transaction() as transaction:
        await keep_post(transaction, acme.id, b'[{"half": ', NOW)
    await acme.run(take_in_posts)
    async with db.reading() as connection:
        kept = (await connection.execute(sa.select(unknown_records.c.body))).scalars().all()
        aside = (await connection.execute(sa.select(streamer_posts.c.failure))).scalars().all()
    assert [msgspec.json.decode(body) for body in kept] == [strange]
    assert len(aside) == 1
    assert aside[0]
    assert await day_bytes(db, acme) == MB


async def test_a_detail_in_another_encoding_is_kept_as_far_as_it_can_be_read_and_holds_up_nobody(
    db: Database, acme: Acme
) -> None:
    odd = msgspec.json.encode([event(1, 3, NOW, detail={"name": "Telef#nica"}), usage(1, 1.0)]).replace(b"#", b"\xf3")
    async with db.transaction() as transaction:
        await keep_post(transaction, acme.id, odd, NOW)
    await take(acme, [event(2, 5, NOW)])
    assert await day_bytes(db, acme) == MB
    async with db.reading() as connection:
        events, _ = await connectivity_reads.events(connection, acme.id)
        sent = (await connection.execute(sa.text("SELECT sent FROM network_events WHERE id = 1"))).scalar_one()
    assert [one.id for one in events] == ["2", "1"]
    assert "Telef\ufffdnica" in sent


async def test_events_of_one_second_move_the_sim_in_their_order(db: Database, acme: Acme) -> None:
    await take(acme, [event(2, 3, NOW), event(1, 2, NOW)])
    async with db.reading() as connection:
        sim = await reads.one(connection, acme.id, ICCID)
    assert sim is not None
    assert sim.connection == "online"


@pytest.mark.parametrize("many", [1, 400], ids=["few", "many"])
async def test_a_record_that_cannot_be_stored_spoils_no_other(db: Database, acme: Acme, many: int) -> None:
    monstrous = usage(2**70, 1.0)  # an id that no column holds
    good = [usage(number, 1.0) for number in range(many)]
    seq = int(await db.redis.get(SEQUENCE) or 0)
    await take(acme, [*good, monstrous, event(2**70, 3, NOW)], [event(7, 3, NOW, description="nul \0 inside")])
    assert await day_bytes(db, acme) == many * MB
    async with db.reading() as connection:
        events, _ = await connectivity_reads.events(connection, acme.id)
        waiting = (await connection.execute(sa.select(sa.func.count()).select_from(streamer_posts))).scalar_one()
        kept = (await connection.execute(sa.select(unknown_records))).all()
        run = (await run_reads.runs(connection, acme.id, job="take_in_posts"))[0]
    assert [one.description for one in events] == ["nul \ufffd inside"]
    assert waiting == 0
    assert monstrous in [msgspec.json.decode(row.body) for row in kept]
    assert [bool(row.why) for row in kept] == [True, True]
    assert (run.seen, run.changed, run.failed) == (many + 3, many + 1, 2)
    kinds = [body[b"f"].split(b"\t")[1] for _, body in await db.redis.xrange(STREAM, min=f"{seq + 1}-0")]
    assert kinds.count(b"network.event") == 1  # what was undone on the way was never published


async def test_both_generations_and_all_kinds_come_to_one_address(db: Database, acme: Acme) -> None:
    old = {"production_date": "2019-01-21T09:36:17Z", "iccid": ICCID}
    first = event(1, 11, NOW - timedelta(seconds=9), sim=old, event_severity={"id": 2})
    second = event(2, 11, NOW, event_severity={"id": 2}, endpoint=None, imsi=None, event_source=None)
    await take(acme, [second, usage(1, 1.0), first, message(submit_date=NOW.isoformat(), endpoint={"name": ICCID})])
    async with db.reading() as connection:
        events, _ = await connectivity_reads.events(connection, acme.id)
        messages, _ = await sms_reads.of_sim(connection, acme.id, ICCID)
    assert [(one.id, one.severity) for one in events] == [("2", "warn"), ("1", "critical")]
    assert [one.payload for one in messages] == ["21.5 C"]
    assert await day_bytes(db, acme) == MB


async def test_what_a_poll_has_found_already_is_neither_kept_nor_published_again(db: Database, acme: Acme) -> None:
    found = read_batch(msgspec.json.encode([event(number, 3, NOW) for number in range(300)]))
    async with db.transaction() as transaction:
        await record_events(transaction, acme.id, [event_row(one) for one in found.events], NOW)
    seq = int(await db.redis.get(SEQUENCE))
    await take(acme, [event(number, 3, NOW) for number in range(290, 305)])
    async with db.reading() as connection:
        events, _ = await connectivity_reads.events(connection, acme.id, limit=500)
    assert len(events) == 305
    kinds = [body[b"f"].split(b"\t")[1] for _, body in await db.redis.xrange(STREAM, min=f"{seq + 1}-0")]
    assert kinds.count(b"network.event") == 5


async def test_two_workers_that_take_the_same_records_count_them_once(db: Database, acme: Acme) -> None:
    posts = [[record for n in range(300) for record in (usage(n, 1.0), event(n, 3, NOW))] for _ in range(6)]
    for post in posts:
        async with db.transaction() as transaction:
            await keep_post(transaction, acme.id, msgspec.json.encode(post), NOW)
    workers = [structs.replace(acme.worker, running=set()) for _ in range(3)]
    await asyncio.gather(*(take_in_posts({"worker": worker}, organization_id=acme.id) for worker in workers))
    assert await day_bytes(db, acme) == 300 * MB
    async with db.reading() as connection:
        events, _ = await connectivity_reads.events(connection, acme.id, limit=500)
        waiting = (await connection.execute(sa.select(sa.func.count()).select_from(streamer_posts))).scalar_one()
    assert (len(events), waiting) == (300, 0)


async def test_usage_from_both_sources_is_never_counted_twice(db: Database, acme: Acme) -> None:
    def quota(left: int) -> dict[str, Any]:
        plain = dict.fromkeys(("total", "last_added", "threshold_percent", "expires_at", "created_at"))
        return {"iccid": ICCID, "service": "data", "status": "active", "left": left, "accumulated": 500 * MB, **plain}

    async def look(left: int, *, alive: bool) -> None:
        async with db.transaction() as transaction:
            await record_quotas(transaction, acme.id, [quota(left)], datetime.now(UTC), streamer_alive=alive)

    await take(acme, [event(1, 3, NOW)])
    await look(400 * MB, alive=False)
    await look(398 * MB, alive=False)
    assert await day_bytes(db, acme) == 2 * MB  # derived: no record explains it
    later = datetime.now(UTC) + timedelta(seconds=1)
    await take(acme, [usage(1, 2.0, later)])  # the record of the same use, late
    await look(397 * MB, alive=False)
    assert await day_bytes(db, acme) == 4 * MB  # 3 MB are gone: the late record is carried against what comes
    await look(394 * MB, alive=False)
    assert await day_bytes(db, acme) == 6 * MB  # and now the records agree with 1NCE again


async def test_what_an_event_says_names_no_imsi_and_no_msisdn(db: Database, acme: Acme) -> None:
    said = "New location received from SGSN for IMSI='901405601000078', MSISDN 882285601000096, cell 12345."
    await take(acme, [event(1, 3, NOW, description=said)])
    async with db.reading() as reading:
        kept = (await reading.execute(sa.text("SELECT description FROM network_events"))).scalar_one()
        facts = await db.redis.xrange(STREAM)
    assert kept == "New location received from SGSN for IMSI='…0078', MSISDN …0096, cell 12345."
    assert b"901405601000078" not in repr(facts).encode()
