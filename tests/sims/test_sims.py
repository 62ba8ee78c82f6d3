"""What is kept of SIMs: only what differs is written, and only what changed is published."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from console.connectivity.writes import record_statuses
from console.sims import counts_reads, reads, writes
from console.sims.filter_parameters import read_filter
from console.sims.rules import SimFilter, having, parse_sort
from console.store.database import Database
from console.store.keyset import read_cursor
from console.store.outbox import SEQUENCE
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, EVES_SIM, Cast, listed, placed

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


async def physical_rows(db: Database) -> list[Any]:
    """Where each row lies, and who last wrote or locked it: the same again if nothing was written."""
    async with db.reading() as connection:
        return [
            tuple(row) for row in await connection.execute(sa.text("SELECT ctid, xmin, xmax FROM sims ORDER BY iccid"))
        ]


async def test_an_inventory_that_says_nothing_new_writes_no_row_and_publishes_no_fact(db: Database, cast: Cast) -> None:
    inventory = [listed(ADAS_SIM, label="pump-1"), listed(ADAS_OTHER_SIM, label="pump-2")]
    before, seq = await physical_rows(db), await db.redis.get(SEQUENCE)
    async with db.transaction() as transaction:
        assert await writes.record_inventory(transaction, cast.acme, inventory, NOW) == []
    assert await physical_rows(db) == before
    assert await db.redis.get(SEQUENCE) == seq


async def test_only_the_sim_that_changed_is_written(db: Database, cast: Cast) -> None:
    inventory = [listed(ADAS_SIM, label="renamed"), listed(ADAS_OTHER_SIM, label="pump-2")]
    async with db.transaction() as transaction:
        assert await writes.record_inventory(transaction, cast.acme, inventory, NOW) == [ADAS_SIM]
    async with db.reading() as connection:
        changed = await reads.one(connection, cast.acme, ADAS_SIM)
    assert changed is not None
    assert (changed.label, changed.revision) == ("renamed", 3)


async def test_the_same_sim_listed_by_another_organization_stays_apart(db: Database, cast: Cast) -> None:
    async with db.transaction() as transaction:
        await writes.record_inventory(transaction, cast.evil, [listed(ADAS_SIM, label="eve's")], NOW)
    async with db.reading() as connection:
        adas, eves = [await reads.one(connection, one, ADAS_SIM) for one in (cast.acme, cast.evil)]
    assert adas is not None
    assert eves is not None
    assert (adas.label, eves.label) == ("pump-1", "eve's")


async def test_news_older_than_what_is_known_changes_nothing(db: Database, cast: Cast) -> None:
    later = datetime.now(UTC) + timedelta(minutes=1)
    async with db.transaction() as transaction:
        await record_statuses(
            transaction, cast.acme, [placed(ADAS_SIM, later, connection="offline")], later, "streamer"
        )
    old = later - timedelta(seconds=30)
    async with db.transaction() as transaction:
        assert not await record_statuses(
            transaction, cast.acme, [placed(ADAS_SIM, old, connection="online")], old, "streamer"
        )
    async with db.reading() as connection:
        sim = await reads.one(connection, cast.acme, ADAS_SIM)
    assert sim is not None
    assert sim.connection == "offline"


@pytest.mark.parametrize("reported", [timedelta(hours=-3), None], ids=["earlier", "not said"])
async def test_no_sim_was_last_seen_earlier_than_is_known(db: Database, cast: Cast, reported: timedelta | None) -> None:
    first, seen = datetime.now(UTC) + timedelta(minutes=1), NOW - timedelta(minutes=5)
    second = first + timedelta(minutes=1)
    for at, last in ((first, seen), (second, None if reported is None else seen + reported)):
        async with db.transaction() as transaction:
            row = placed(ADAS_SIM, at, connection="online", last_seen_at=last)
            changed = await record_statuses(transaction, cast.acme, [row], at, "poll")
    assert not changed
    async with db.reading() as connection:
        sim = await reads.one(connection, cast.acme, ADAS_SIM)
    assert sim is not None
    assert sim.last_seen_at == seen


async def test_a_sim_is_missing_after_two_whole_walks_without_it_and_comes_back(db: Database, cast: Cast) -> None:
    async def walk(met: set[str]) -> tuple[list[str], list[str]]:
        async with db.transaction() as transaction:
            return await writes.record_walk(transaction, cast.acme, met, NOW)

    assert await walk({ADAS_SIM}) == ([], [])
    assert await walk({ADAS_SIM}) == ([ADAS_OTHER_SIM], [])
    assert await walk({ADAS_SIM}) == ([], [])
    assert await walk({ADAS_SIM, ADAS_OTHER_SIM}) == ([], [ADAS_OTHER_SIM])
    async with db.reading() as connection:
        sim = await reads.one(connection, cast.acme, ADAS_OTHER_SIM)
    assert sim is not None
    assert not sim.missing


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, [ADAS_SIM, ADAS_OTHER_SIM]),
        ({"connection": "online"}, [ADAS_SIM]),
        ({"connection": "unknown"}, []),
        ({"country": "FR"}, [ADAS_OTHER_SIM]),
        ({"status": "enabled"}, [ADAS_SIM, ADAS_OTHER_SIM]),
        ({"quota": "unknown"}, [ADAS_SIM, ADAS_OTHER_SIM]),
        ({"quota": "low"}, []),
        ({"label": "none"}, []),
        ({"label": "pump-2"}, [ADAS_OTHER_SIM]),
        ({"q": "PUMP"}, [ADAS_SIM, ADAS_OTHER_SIM]),
        ({"q": "pump 0002"}, [ADAS_OTHER_SIM]),
        ({"q": "p%p"}, []),
        ({"q": EVES_SIM}, []),
    ],
)
@pytest.mark.one_edition
async def test_each_filter_finds_and_counts_the_same_sims(
    db: Database, cast: Cast, wanted: dict[str, str], found: list[str]
) -> None:
    async with db.reading() as connection:
        page = await reads.page(connection, cast.acme, read_filter(wanted.items(), wanted.get("q", "")))
    assert [sim.iccid for sim in page.items] == found
    assert page.total == len(found)


@pytest.mark.parametrize(
    "sort", ["", "-iccid", "label", "-label", "country,-label", "-last_seen_at", "data_left_bytes"]
)
@pytest.mark.one_edition
async def test_a_walk_by_cursor_meets_every_sim_once_in_order(db: Database, cast: Cast, sort: str) -> None:
    iccids = [f"89882280667{number:08d}" for number in range(23)]
    rows = [
        placed(
            iccid, NOW, country=("DE", "FR", None)[n % 3], last_seen_at=NOW - timedelta(hours=n % 4) if n % 5 else None
        )
        for n, iccid in enumerate(iccids)
    ]
    async with db.transaction() as transaction:
        labels = [listed(iccid, label=f"label-{n % 6}" if n % 4 else None) for n, iccid in enumerate(iccids)]
        await writes.record_inventory(transaction, cast.acme, labels, NOW)
        await record_statuses(transaction, cast.acme, rows, NOW, "poll")
    order = parse_sort(sort)
    async with db.reading() as connection:
        whole = await reads.page(connection, cast.acme, SimFilter(), sort=order, limit=500)
        walked, cursor = [], None
        while True:
            page = await reads.page(connection, cast.acme, SimFilter(), sort=order, limit=4, cursor=cursor)
            walked += page.items
            if page.next_cursor is None:
                break
            cursor = read_cursor(page.next_cursor)
    assert [sim.iccid for sim in walked] == [sim.iccid for sim in whole.items]
    assert len(walked) == whole.total == 25


async def test_every_count_is_that_of_the_list_behind_it(db: Database, cast: Cast) -> None:
    async with db.reading() as connection:
        counts = await counts_reads.counts(connection, cast.acme)
        for name in ("connection", "status", "quota"):
            for word, number in getattr(counts, name).items():
                assert await reads.count(connection, cast.acme, having(**{name: word})) == number
        assert counts.total == await reads.count(connection, cast.acme, SimFilter()) == 2


def test_a_sort_of_thousands_of_fields_is_refused_at_the_first_too_many() -> None:
    began = time.process_time()
    with pytest.raises(ValueError, match="8 fields at most"):
        parse_sort(",".join(f"field.a{number}" for number in range(8_000)))
    assert time.process_time() - began < 0.2
