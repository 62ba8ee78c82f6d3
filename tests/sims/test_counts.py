"""Counts of SIMs agree with the SIMs, whatever changes them, several at once, in every snapshot."""

import asyncio
import random
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from console.sims import counts_reads as reads
from console.sims import reads as lists
from console.sims.filter_parameters import read_filter
from console.sims.tables import fleet_counts
from console.sims.watching_writes import unwatch
from console.sims.writes import fold_counts, record_connections, record_inventory
from console.store.database import Database
from tests.cast import ADAS_SIM, Cast, listed, placed

pytestmark = pytest.mark.one_edition
NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)
ICCIDS = [f"89882280666{number:08d}" for number in range(40)]
COUNTED = sa.text("""
    SELECT s.connection, s.status, s.quota, s.missing_walks >= 2, s.operator, s.country, s.rat, s.apn,
        count(*)
    FROM sims s LEFT JOIN unwatched_sims u USING (organization_id, iccid)
    WHERE s.organization_id = :organization_id AND u.iccid IS NULL GROUP BY 1, 2, 3, 4, 5, 6, 7, 8""")


async def differences(db: Database, organization_id: int) -> list[tuple[object, ...]]:
    """Where the counts are not what one gets by counting the SIMs, in one snapshot."""
    async with db.engine.connect() as reading:
        await reading.execution_options(isolation_level="REPEATABLE READ")
        kept = await reads.kinds(reading, organization_id)
        rows = (await reading.execute(COUNTED, {"organization_id": organization_id})).all()
    found = {
        (one.connection, one.status, one.quota, one.missing, one.operator, one.country, one.rat, one.apn): one.sims
        for one in kept
    }
    true = {tuple(row[:8]): row[8] for row in rows}
    return [(key, found.get(key), true.get(key)) for key in {*found, *true} if found.get(key) != true.get(key)]


async def move(db: Database, organization_id: int, chance: random.Random) -> None:
    """Some SIMs, in one transaction; now and then one that fails, which must leave no trace."""
    for number in range(12):
        chosen = sorted(chance.sample(ICCIDS, 8))
        at = NOW + timedelta(seconds=chance.randrange(10_000))
        where = [
            placed(
                iccid,
                at,
                connection=chance.choice(["online", "offline", None]),
                operator=chance.choice(["A", "B", None]),
                country=chance.choice(["DE", None]),
                rat=chance.choice(["LTE", "2G", None]),
                apn=chance.choice(["iot.1nce.net", "sensor.net", None]),
            )
            for iccid in chosen
        ]
        try:
            async with db.transaction() as transaction:
                await record_connections(transaction, organization_id, where, at)
                if number % 4 == 3:
                    raise ZeroDivisionError
        except ZeroDivisionError:
            continue


async def fold(db: Database, organization_id: int) -> None:
    for _ in range(8):
        async with db.transaction() as transaction:
            await fold_counts(transaction, organization_id)
        await asyncio.sleep(0)


async def test_counts_are_those_of_the_sims_while_several_change_and_fold_them(db: Database, cast: Cast) -> None:
    async with db.transaction() as transaction:
        await record_inventory(transaction, cast.acme, [listed(iccid) for iccid in ICCIDS], NOW)
    chances = [random.Random(seed) for seed in range(3)]
    moving = [move(db, cast.acme, chance) for chance in chances]
    working = asyncio.gather(*moving, fold(db, cast.acme), fold(db, cast.acme))
    found = []
    while not working.done():
        found.append(await differences(db, cast.acme))
    await working
    assert found
    assert [one for one in found if one] == []
    async with db.transaction() as transaction:
        await transaction.connection.execute(sa.text("DELETE FROM sims WHERE iccid = :iccid"), {"iccid": ICCIDS[0]})
        await unwatch(transaction, cast.acme, ADAS_SIM, "ada", NOW)
    assert await differences(db, cast.acme) == []
    assert await differences(db, cast.evil) == []


async def test_folded_counts_are_one_row_for_each_kind(db: Database, cast: Cast) -> None:
    for connection in ("online", "offline", "online"):
        async with db.transaction() as transaction:
            await record_connections(
                transaction, cast.acme, [placed(ADAS_SIM, datetime.now(UTC), connection=connection)], NOW
            )
    async with db.transaction() as transaction:
        await fold_counts(transaction, cast.acme)
    async with db.reading() as reading:
        numbers = sa.select(fleet_counts.c.connection, fleet_counts.c.sims).where(
            fleet_counts.c.organization_id == cast.acme
        )
        rows = sorted((await reading.execute(numbers)).all())
    assert [tuple(row) for row in rows] == [("offline", 1), ("online", 1)]


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "connection=online",
        "connection=unknown&country_not=DE",
        "operator=A&operator=unknown",
        "operator_not=A&quota=unknown&status_not=unknown",
        "rat=unknown",
        "apn=iot.1nce.net&apn=unknown",
        "apn_not=sensor.net&country=DE",
        "rat_not=LTE&connection_not=online",
        "q=8988228066",
        "q=8988&connection=online",
        "q=88228 0666",
        "q=0000",
    ],
)
async def test_a_filter_counts_as_many_as_it_lists(asked: str, db: Database, cast: Cast) -> None:
    async with db.transaction() as transaction:
        await record_inventory(transaction, cast.acme, [listed(iccid) for iccid in ICCIDS], NOW)
    await move(db, cast.acme, random.Random(asked))
    async with db.transaction() as transaction:
        for iccid in ICCIDS[::3]:
            await unwatch(transaction, cast.acme, iccid, "ada", NOW)
    parameters = [(name, value) for name, _, value in (one.partition("=") for one in asked.split("&") if one)]
    q = " ".join(value for name, value in parameters if name == "q")
    wanted = read_filter([one for one in parameters if one[0] != "q"], q)
    async with db.snapshot() as reading:
        total = await lists.count(reading, cast.acme, wanted)
        listing = await lists.keys(reading, cast.acme, wanted, limit=100)
        backwards = await lists.keys(reading, cast.acme, wanted, limit=5, offset=max(0, total - 5), total=total)
    assert total == len(listing)
    assert total > 5
    assert backwards == listing[-5:]
    assert not set(ICCIDS[::3]) & set(listing)
