"""An unwatched SIM is in no list, total or poll, and keeps its history; an ICCID that was asked for is no SIM yet."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
import sqlalchemy as sa

from console import facts
from console.connectivity.reads import events, history
from console.connectivity.writes import record_events
from console.facts.network import NetworkEvent
from console.facts.sims import SimChanged
from console.polling.rules import Kind
from console.polling.writes import claim_slots
from console.sims import counts_reads, reads
from console.sims.facets import countries
from console.sims.rules import SimFilter
from console.sims.watching_reads import request
from console.sims.watching_rules import Watch
from console.sims.watching_writes import refuse, unwatch, watch
from console.sims.writes import record_inventory, record_walk
from console.store.database import Database
from console.usage import reads as usage
from console.usage.totals import totals, totals_direct
from console.usage.writes import record_usage
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, EVES_SIM, Cast, add_sim, listed

NOW = datetime.now(UTC)
UNKNOWN = "8988228066600000077"
STEPS: tuple[Literal["minute", "hour", "day"], ...] = ("minute", "hour", "day")


async def stop(db: Database, organization_id: int, iccid: str = ADAS_SIM) -> list[facts.Fact]:
    """The facts that unwatching publishes."""
    async with db.transaction() as transaction:
        await unwatch(transaction, organization_id, iccid, "ada", NOW)
        return [facts.decode(item.split("\t")[3].encode()) for item in transaction.items]


async def test_an_unwatched_sim_leaves_lists_and_totals(db: Database, cast: Cast) -> None:
    published = await stop(db, cast.acme)
    async with db.reading() as reading:
        everything = await reads.page(reading, cast.acme, SimFilter())
        by_word = await reads.page(reading, cast.acme, SimFilter(q="pump"))
        counts = await counts_reads.counts(reading, cast.acme)
        there = countries(await counts_reads.kinds(reading, cast.acme))
        still = await reads.one(reading, cast.acme, ADAS_SIM)
    assert ([one.iccid for one in everything.items], everything.total) == ([ADAS_OTHER_SIM], 1)
    assert ([one.iccid for one in by_word.items], by_word.total) == ([ADAS_OTHER_SIM], 1)
    assert (counts.total, counts.connection) == (1, {"offline": 1})
    assert there == ["FR"]
    assert still is not None
    assert (still.label, still.watched) == ("pump-1", False)
    assert published == [SimChanged(time=NOW, subject=ADAS_SIM, data=still)]


async def test_it_is_not_polled(db: Database, cast: Cast) -> None:
    later = datetime.now(UTC) + timedelta(hours=1)
    await stop(db, cast.acme)
    async with db.transaction() as transaction:
        claimed = await claim_slots(transaction, cast.acme, Kind.STATUS, later, floor=0, limit=10)
    assert [slot.iccid for slot in claimed.slots] == [ADAS_OTHER_SIM]


async def test_its_events_leave_the_fleets_and_stay_its_own(db: Database, cast: Cast) -> None:
    fields = {**dict.fromkeys(NetworkEvent.__struct_fields__), "name": "Attach", "severity": "info", "description": "x"}
    event = {**fields, "id": 7, "iccid": ADAS_SIM, "time": NOW}
    async with db.transaction() as transaction:
        await record_events(transaction, cast.acme, [event], NOW)
    await stop(db, cast.acme)
    async with db.transaction() as transaction:
        new = await record_events(transaction, cast.acme, [{**event, "id": 8}], NOW)
        assert (len(new), transaction.items) == (1, [])
    async with db.reading() as reading:
        assert (await events(reading, cast.acme))[0] == []
        assert len((await events(reading, cast.acme, iccid=ADAS_SIM))[0]) == 2
        assert [one.iccid for one in (await history(reading, cast.acme, iccid=None))[0]] == [ADAS_OTHER_SIM]
        assert len((await history(reading, cast.acme, iccid=ADAS_SIM))[0]) == 1


@pytest.mark.one_edition
async def test_its_usage_leaves_the_fleets_and_stays_its_own(db: Database, cast: Cast) -> None:
    day = NOW.replace(hour=12, minute=0, second=0, microsecond=0)
    minutes = (-150, -95, -90, -61, -30, -5)  # about the edges of hours, and of the time that is asked about
    rows = [
        {
            **dict.fromkeys(("sent_bytes", "received_bytes", "operator", "country", "rat")),
            "iccid": iccid,
            "time": day + timedelta(minutes=minute, seconds=17),
            "source": "derived" if minute == -90 else "streamer",
            "record_id": number,
            "started_at": day,
            "data_bytes": amount << number,
            "sms": 1,
        }
        for iccid, amount in ((ADAS_SIM, 1_000), (ADAS_OTHER_SIM, 7_000))
        for number, minute in enumerate(minutes)
    ]
    async with db.transaction() as transaction:
        await record_usage(transaction, cast.acme, rows, day)

    async def used(by: Literal["minute", "hour", "day"], since: int, until: int) -> tuple[int, int, int]:
        start, end = day + timedelta(minutes=since), day + timedelta(minutes=until)
        async with db.reading() as reading:
            found = await usage.of_fleet(reading, cast.acme, by=by, since=start, until=end)
        return (
            sum(one.data_bytes for one in found),
            sum(one.derived_bytes for one in found),
            sum(one.sms for one in found),
        )

    def expected(amounts: int, since: int, until: int) -> tuple[int, int, int]:
        within = [(number, minute) for number, minute in enumerate(minutes) if since <= minute < until]
        derived = sum(amounts << number for number, minute in within if minute == -90)
        sims = 2 if amounts == 8_000 else 1
        return sum(amounts << number for number, _ in within), derived, sims * len(within)

    spans = ((-200, 0), (-150, -60), (-95, -90), (-91, -30), (-90, 1))
    for amounts in (8_000, 7_000, 8_000):
        for by, (since, until) in itertools.product(STEPS, spans):
            assert await used(by, since, until) == expected(amounts, since, until), (by, since, until)
        async with db.reading() as reading:
            total = await totals(reading, cast.acme, day)
            assert await totals_direct(db.direct, cast.acme, day) == total
            own = await usage.of_sim(reading, cast.acme, ADAS_SIM, by="hour", since=day - timedelta(hours=3), until=day)
        assert (total.today_bytes, total.today_sms) == (amounts * 63, 12 if amounts == 8_000 else 6)
        assert sum(one.data_bytes for one in own) == 63_000, "its own history stays"
        if amounts == 8_000:
            await stop(db, cast.acme)
        else:
            async with db.transaction() as transaction:
                await watch(transaction, cast.acme, ADAS_SIM, "ada", NOW)


async def test_no_sync_brings_it_back(db: Database, cast: Cast) -> None:
    await stop(db, cast.acme)
    async with db.transaction() as transaction:
        rows = [listed(ADAS_SIM, label="renamed"), listed(ADAS_OTHER_SIM, label="pump-2")]
        await record_inventory(transaction, cast.acme, rows, NOW)
        await record_walk(transaction, cast.acme, {ADAS_SIM, ADAS_OTHER_SIM}, NOW)
        await add_sim(transaction, cast.acme, ADAS_SIM, label="renamed", connection="offline")
        assert transaction.items == []
    async with db.reading() as reading:
        assert (await reads.page(reading, cast.acme, SimFilter())).total == 1


async def test_watching_again_restores_it(db: Database, cast: Cast) -> None:
    await stop(db, cast.acme)
    async with db.transaction() as transaction:
        assert await watch(transaction, cast.acme, ADAS_SIM, "ada", NOW) == (Watch.WATCHED, True)
        (published,) = [facts.decode(item.split("\t")[3].encode()) for item in transaction.items]
        assert transaction.requests == []
    async with db.transaction() as transaction:
        assert await watch(transaction, cast.acme, ADAS_SIM, "ada", NOW) == (Watch.WATCHED, False)
        assert transaction.items == []
    assert isinstance(published, SimChanged)
    assert published.data.watched
    async with db.reading() as reading:
        assert (await reads.page(reading, cast.acme, SimFilter())).total == 2


async def test_stopping_twice_is_stopping_once(db: Database, cast: Cast) -> None:
    assert len(await stop(db, cast.acme)) == 1
    assert await stop(db, cast.acme) == []
    async with db.transaction() as transaction:
        assert await unwatch(transaction, cast.acme, UNKNOWN, "ada", NOW) == (None, False)


async def test_an_unknown_iccid_is_asked_for_and_is_no_sim(db: Database, cast: Cast) -> None:
    for expected in (True, False):
        async with db.transaction() as transaction:
            assert await watch(transaction, cast.acme, UNKNOWN, "ada", NOW) == (Watch.REQUESTED, expected)
            assert [one.job for one in transaction.requests] == ["sync_sim"] * expected
    async with db.reading() as reading:
        assert (await counts_reads.counts(reading, cast.acme)).total == 2
        assert await reads.one(reading, cast.acme, UNKNOWN) is None
        asked = await request(reading, cast.acme, UNKNOWN)
        assert await request(reading, cast.evil, UNKNOWN) is None
    assert asked is not None
    assert (asked.state, asked.requested_by) == (Watch.REQUESTED, "ada")


async def test_the_inventory_confirms_what_was_asked_for(db: Database, cast: Cast) -> None:
    async with db.transaction() as transaction:
        await watch(transaction, cast.acme, UNKNOWN, "ada", NOW)
    async with db.transaction() as transaction:
        await add_sim(transaction, cast.acme, UNKNOWN)
    async with db.reading() as reading:
        assert await request(reading, cast.acme, UNKNOWN) is None
        assert (await counts_reads.counts(reading, cast.acme)).total == 3


async def test_what_1nce_refuses_is_said_and_can_be_asked_for_again(db: Database, cast: Cast) -> None:
    async with db.transaction() as transaction:
        await watch(transaction, cast.acme, UNKNOWN, "ada", NOW)
        assert await refuse(transaction, cast.acme, UNKNOWN, "SIM not found", NOW)
        assert not await refuse(transaction, cast.evil, UNKNOWN, "SIM not found", NOW)
    async with db.reading() as reading:
        asked = await request(reading, cast.acme, UNKNOWN)
    assert asked is not None
    assert (asked.state, asked.refusal) == (Watch.REFUSED, "SIM not found")
    async with db.transaction() as transaction:
        assert await watch(transaction, cast.acme, UNKNOWN, "otto", NOW) == (Watch.REQUESTED, True)


async def test_eves_sims_are_not_adas_to_stop(db: Database, cast: Cast) -> None:
    async with db.transaction() as transaction:
        assert await unwatch(transaction, cast.acme, EVES_SIM, "ada", NOW) == (None, False)
    async with db.reading() as reading:
        assert (await counts_reads.counts(reading, cast.evil)).total == 1
        unwatched = sa.text("SELECT count(*) FROM unwatched_sims")
        assert (await reading.execute(unwatched)).scalar_one() == 0
