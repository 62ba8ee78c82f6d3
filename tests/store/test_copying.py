"""Many new rows by COPY: each once, whoever else writes it meanwhile and whenever it comes."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from console.connectivity.tables import network_events
from console.connectivity.writes import EVENT_KEY, EVENT_VALUES
from console.store.bulk import Records, insert_records
from console.store.copying import copy_new
from console.store.database import Database
from tests.cast import ADAS_SIM, Cast

NOW = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
NAMES = ("organization_id", *EVENT_VALUES)
MANY = 300


def event(cast: Cast, number: int, *, at: datetime = NOW, text: str = "said") -> tuple[Any, ...]:
    return (cast.acme, at, number, ADAS_SIM, 3, "Generic", "info", text, None, None, None, None)


async def copy(db: Database, records: Records) -> Records:
    async with db.transaction() as transaction:
        since = NOW - timedelta(days=14)
        return await copy_new(
            transaction.connection, network_events, NAMES, records, key=EVENT_KEY, moment="time", since=since
        )


async def texts(db: Database) -> list[str]:
    c = network_events.c
    async with db.reading() as connection:
        return list((await connection.execute(sa.select(c.description).order_by(c.time, c.id))).scalars())


async def test_what_is_there_is_passed_over_and_the_rest_is_returned_in_order(db: Database, cast: Cast) -> None:
    first = [event(cast, number) for number in range(0, MANY, 2)]
    every = [event(cast, number) for number in reversed(range(MANY * 2))]
    assert await copy(db, first) == first
    assert [one[2] for one in await copy(db, every)] == [*range(1, MANY, 2), *range(MANY, MANY * 2)]
    assert await copy(db, every) == []
    assert len(await texts(db)) == MANY * 2


async def test_old_and_recent_ones_are_each_kept_once(db: Database, cast: Cast) -> None:
    records = [event(cast, number, at=NOW - timedelta(days=number % 3 * 20)) for number in range(MANY * 2)]
    assert await copy(db, records) == sorted(records, key=lambda one: (one[1], one[2]))
    assert await copy(db, records) == []
    assert len(await texts(db)) == MANY * 2


async def test_a_nul_in_one_of_many_spoils_none(db: Database, cast: Cast) -> None:
    assert len(await copy(db, [event(cast, n, text="nul \0" if n == 7 else "said") for n in range(MANY)])) == MANY
    assert [text for text in await texts(db) if text != "said"] == ["nul \ufffd"]


@pytest.mark.parametrize("commits", [True, False], ids=["commits", "takes-back"])
async def test_what_another_writes_at_the_same_time_counts_once(db: Database, cast: Cast, commits: bool) -> None:
    records = [event(cast, number) for number in range(MANY)]
    async with db.engine.connect() as other:
        await insert_records(other, network_events, NAMES, records[-1:], key=EVENT_KEY)
        copying = asyncio.create_task(copy(db, records))
        async with db.reading() as watching:
            waits = sa.text(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'COPY%'"
            )
            while not (await watching.execute(waits)).scalar_one():
                assert not copying.done(), "it did not meet the other"
                await asyncio.sleep(0.02)
        await (other.commit() if commits else other.rollback())
    assert await copying == (records[:-1] if commits else records)
    assert len(await texts(db)) == MANY
