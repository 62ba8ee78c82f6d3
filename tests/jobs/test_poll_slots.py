"""Whose slot it is, against the simulated 1NCE: who is looked at first, and nobody starves."""

import asyncio
import contextlib
import time
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from console.polling.on_screen import show_on_screen
from console.polling.report import polling
from console.polling.rules import FLOORS, Kind, Priority
from console.polling.writes import PollSlot, claim_slots, release_slots
from console.sims import reads
from console.store.database import Database
from console.streamer import reads as streams
from console.streamer.writes import note_posts
from jobs.check_streamer import check_streamer
from jobs.polling.budget import PollBudget
from jobs.polling.slots import PollQueue
from jobs.run import Run
from jobs.sync_connectivity import sync_connectivity
from jobs.sync_sims import sync_sims
from jobs.sync_status import sync_status
from tests.jobs.conftest import Acme
from tests.simulation import FLEET, Simulation

pytestmark = pytest.mark.one_edition
LONG_AGO = "UPDATE {} SET status_at = now() - interval '1 day' - iccid::numeric % 1000 * interval '1 second'"


def a_run(acme: Acme) -> Run:
    return Run(worker=acme.worker, job="sync_status", organization_id=acme.id, once=None)


async def everybody_due(db: Database, acme: Acme) -> list[str]:
    """A fleet that was all asked about long ago, and nobody moved since; the longest unasked first."""
    await acme.run(sync_sims)
    async with db.engine.begin() as writing:
        await writing.execute(sa.text(LONG_AGO.format("poll_slots")))
        await writing.execute(sa.text("UPDATE sims SET changed_at = now() - interval '1 day', data_class = 'plenty'"))
        return list((await writing.execute(sa.text("SELECT iccid FROM poll_slots ORDER BY status_at"))).scalars())


async def chosen_by(acme: Acme, slots: PollQueue, number: int) -> list[str]:
    """The next so many."""
    found = [await slots.next() for _ in range(number)]
    await slots.close()
    return [slot.iccid for slot in found if slot]


def turns_of(acme: Acme) -> PollQueue:
    run = a_run(acme)
    return PollQueue(run, Kind.STATUS, PollBudget(run, Kind.STATUS), until=time.monotonic() + 30, continuous=False)


async def test_whoever_is_on_a_screen_has_a_turn_at_once(db: Database, acme: Acme) -> None:
    queue = await everybody_due(db, acme)
    shown = queue[100]
    await show_on_screen(db.redis, acme.id, [shown], datetime.now(UTC))
    first = await chosen_by(acme, turns_of(acme), 20)
    assert shown in first[:3]
    assert set(first) - {shown} == set(queue[:19])


async def test_those_that_move_do_not_starve_the_rest(db: Database, acme: Acme) -> None:
    queue = await everybody_due(db, acme)
    moving = set(queue[100:])
    async with db.engine.begin() as writing:
        await writing.execute(
            sa.text("UPDATE sims SET changed_at = now() WHERE iccid = ANY (:moving)"), {"moving": list(moving)}
        )
    first = await chosen_by(acme, turns_of(acme), 100)
    assert len(set(first)) == 100
    assert 15 <= len(moving & set(first)) <= 35  # 15 of 65 by their weight
    rest = [iccid for iccid in first if iccid not in moving]
    assert set(rest) == set(queue[: len(rest)])


async def test_a_sim_that_1nce_reported_is_not_asked_about(db: Database, acme: Acme) -> None:
    queue = await everybody_due(db, acme)
    async with db.engine.begin() as writing:
        await writing.execute(
            sa.text(
                "INSERT INTO sim_checks (organization_id, iccid, status_at, status_source)"
                " SELECT :id, unnest(cast(:reported AS text[])), now(), 'streamer'"
            ),
            {"id": acme.id, "reported": queue[:40]},
        )
    assert set(await chosen_by(acme, turns_of(acme), 20)) == set(queue[40:60])


async def test_a_sim_that_1nce_never_answers_for_does_not_come_first_again(
    db: Database, acme: Acme, simulation: Simulation
) -> None:
    queue = await everybody_due(db, acme)
    await simulation.set(queue[0], listed=False)
    try:
        await acme.run(sync_status)
    finally:
        await simulation.set(queue[0], listed=True)
    async with db.reading() as connection:
        sim = await reads.one(connection, acme.id, queue[0])
        status = (await polling(connection, acme.id, datetime.now(UTC), on_screen=0)).shares[1]
    assert sim is not None
    assert sim.confirmed_at is None
    assert (status.never, status.unanswered, status.answered_last_hour) == (0, 1, FLEET - 1)
    assert await chosen_by(acme, turns_of(acme), 1) == []


async def test_who_was_chosen_and_not_asked_about_keeps_the_place_in_the_queue(db: Database, acme: Acme) -> None:
    queue = await everybody_due(db, acme)
    assert len(await chosen_by(acme, turns_of(acme), 5)) == 5
    assert set(await chosen_by(acme, turns_of(acme), 10)) == set(queue[5:15])


async def test_two_who_choose_at_once_do_not_choose_the_same(db: Database, acme: Acme) -> None:
    await everybody_due(db, acme)
    now = datetime.now(UTC)
    async with db.transaction() as one, db.transaction() as other:
        mine = (await claim_slots(one, acme.id, Kind.STATUS, now, floor=600, limit=20)).slots
        theirs = (await claim_slots(other, acme.id, Kind.STATUS, now, floor=600, limit=20)).slots
    assert not {slot.iccid for slot in mine} & {slot.iccid for slot in theirs}
    async with db.transaction() as transaction:
        await release_slots(transaction, acme.id, Kind.STATUS, mine)
        again = (await claim_slots(transaction, acme.id, Kind.STATUS, now, floor=600, limit=20)).slots
    assert again == mine


async def test_two_kinds_give_back_the_same_sims_in_any_order_and_never_wait_for_each_other(
    db: Database, acme: Acme
) -> None:
    queue = await everybody_due(db, acme)
    before = datetime.now(UTC) - timedelta(days=2)
    unused = [PollSlot(iccid, before) for iccid in queue[:100]]

    async def back(kind: Kind, slots: list[PollSlot]) -> None:
        async with db.transaction() as transaction:
            await release_slots(transaction, acme.id, kind, slots)

    for _ in range(5):
        await asyncio.gather(back(Kind.DATA_QUOTA, unused), back(Kind.SMS_QUOTA, unused[::-1]))
    async with db.reading() as connection:
        count = sa.text("SELECT count(*) FROM poll_slots WHERE data_quota_at = :at AND sms_quota_at = :at")
        assert (await connection.execute(count, {"at": before})).scalar() == 100


async def test_who_got_no_answer_is_asked_again_in_ten_minutes_and_not_after_the_whole_wait(
    db: Database, acme: Acme
) -> None:
    await acme.run(sync_sims)
    run = a_run(acme)
    slots = PollQueue(run, Kind.SMS, PollBudget(run, Kind.SMS), until=time.monotonic() + 30, continuous=False)
    lost, answered = await slots.next(), await slots.next()
    assert lost is not None
    assert answered is not None
    slots.kept([answered.iccid])
    await slots.close()
    async with db.transaction() as transaction:
        later = datetime.now(UTC) + timedelta(minutes=11)
        queue = await claim_slots(
            transaction, acme.id, Kind.SMS, later, floor=FLOORS[Kind.SMS][Priority.REST], limit=500
        )
    due = {slot.iccid for slot in queue.slots}
    assert lost.iccid in due
    assert answered.iccid not in due


async def test_a_first_pass_says_how_far_it_is(db: Database, acme: Acme) -> None:
    await acme.run(sync_sims)
    now = datetime.now(UTC)
    async with db.engine.begin() as writing:
        await writing.execute(
            sa.text(
                "INSERT INTO sim_checks (organization_id, iccid, status_at, status_source)"
                " SELECT organization_id, iccid, cast(:at AS timestamptz), 'poll' FROM sims LIMIT 50"
            ),
            {"at": now - timedelta(seconds=100)},
        )
    async with db.reading() as connection:
        found = await polling(connection, acme.id, now, on_screen=3)
    status = next(one for one in found.shares if one.kind == "status")
    assert (found.sims, found.on_screen, status.never) == (FLEET, 3, FLEET - 50)
    assert status.first_pass_seconds == pytest.approx(2 * (FLEET - 50))


async def test_kinds_that_ask_at_once_share_the_calls_and_one_alone_has_them_all(db: Database, acme: Acme) -> None:
    await acme.run(sync_sims)
    await db.redis.delete(f"polling:{acme.id}")
    run = a_run(acme)
    status, events = PollBudget(run, Kind.STATUS), PollBudget(run, Kind.EVENTS)
    alone = await status.rate()
    together = await events.rate() + await status.rate()
    assert alone == pytest.approx(850)
    assert together == pytest.approx(850)
    assert await status.rate() == pytest.approx(850 * 43 / 58)


async def test_an_event_that_only_polling_finds_counts_against_a_silent_stream(db: Database, acme: Acme) -> None:
    await acme.run(sync_sims)
    silent_since = datetime.now(UTC) - timedelta(days=8)
    async with db.transaction() as transaction:
        await note_posts(transaction, acme.id, {"event": silent_since}, silent_since)
    await acme.run(sync_connectivity)
    await acme.run(check_streamer)
    async with db.reading() as connection:
        stream = await streams.streamer(connection, acme.id, datetime.now(UTC))
    assert stream.worst is not None
    assert (stream.state, stream.worst.last_post_at) == ("missed", silent_since)
    assert stream.worst.found > 0


async def test_a_patient_run_asks_within_seconds_about_whoever_becomes_due(db: Database, acme: Acme) -> None:
    queue = await everybody_due(db, acme)
    await acme.run(sync_status)
    acme.worker.continuous = True
    running = asyncio.create_task(acme.run(sync_status))
    await asyncio.sleep(0.5)
    async with db.engine.begin() as writing:
        for table in ("poll_slots", "sim_checks"):
            await writing.execute(sa.text(LONG_AGO.format(table) + " WHERE iccid = :one"), {"one": queue[9]})
    became_due = datetime.now(UTC)
    confirmed = became_due - timedelta(days=1)
    async with asyncio.timeout(10):
        while confirmed < became_due:
            await asyncio.sleep(0.2)
            async with db.reading() as connection:
                sim = await reads.one(connection, acme.id, queue[9])
            assert sim is not None
            assert sim.confirmed_at is not None
            confirmed = sim.confirmed_at
    assert not running.done()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
