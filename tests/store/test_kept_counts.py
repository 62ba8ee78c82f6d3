"""Counts of a whole fleet: dear ones are made once, aside, and say as of when they are."""

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from console.settings import Settings
from console.store.database import Database, open_database
from console.store.kept_counts import AT_ONCE, MOST_WANTED, PATIENCE_SECONDS, SHARE, Kept

pytestmark = pytest.mark.one_edition
DEAR_SECONDS = PATIENCE_SECONDS + 0.5


class Counting:
    """A count of the database that takes so long, and how often it was made."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.times = self.running = self.most = 0

    async def __call__(self, reading: AsyncConnection) -> list[int]:
        """How often it was made."""
        self.times, self.running = self.times + 1, self.running + 1
        self.most = max(self.most, self.running)
        await reading.execute(sa.select(sa.func.pg_sleep(self.seconds)))
        self.running -= 1
        return [self.times]


async def test_nobody_waits_long_for_a_dear_count_and_all_get_the_same(db: Database) -> None:
    dear, began = Counting(DEAR_SECONDS), datetime.now(UTC)
    first = await asyncio.gather(*(db.counts.latest(1, "dear", list[int], dear) for _ in range(5)))
    assert first == [None] * 5
    while (found := await db.counts.latest(1, "dear", list[int], dear)) is None:
        assert datetime.now(UTC) - began < timedelta(seconds=30)
    assert (found.found, dear.times) == ([1], 1)
    assert began <= found.as_of <= datetime.now(UTC)
    assert await db.counts.latest(1, "dear", list[int], dear) == found


async def test_another_process_gets_what_was_counted(db: Database, settings: Settings) -> None:
    dear, other = Counting(0.3), open_database(settings.database_url, settings.redis_url)
    found = await db.counts.latest(1, "dear", list[int], dear)
    assert found is not None
    assert await other.counts.latest(1, "dear", list[int], dear) == found
    await other.close()


async def test_an_old_count_is_shown_with_its_time_while_the_next_is_made(db: Database) -> None:
    dear, age = Counting(DEAR_SECONDS), timedelta(seconds=SHARE * DEAR_SECONDS + 1)
    kept = Kept(datetime.now(UTC) - age, DEAR_SECONDS, msgspec.Raw(b"[7]"))
    await db.redis.set("counts:1:dear", msgspec.json.encode(kept))
    found = await asyncio.wait_for(db.counts.latest(1, "dear", list[int], dear), PATIENCE_SECONDS)
    assert found is not None
    assert (found.found, found.as_of) == ([7], kept.as_of)
    async with asyncio.timeout(30):
        while (found := await db.counts.latest(1, "dear", list[int], dear)) is None or found.found != [1]:
            await db.redis.exists("counts:1:dear")


async def test_a_cheap_count_is_made_for_each_reader(db: Database) -> None:
    cheap = Counting(0)
    for times in (1, 2):
        found = await db.counts.latest(1, "cheap", list[int], cheap)
        assert found is not None
        assert found.found == [times]


async def test_a_count_that_takes_longer_than_a_request_may_is_made(settings: Settings) -> None:
    hasty = open_database(settings.database_url, settings.redis_url, statement_seconds=0.2)
    found = await hasty.counts.latest(1, "longer", list[int], Counting(0.5))
    assert found is not None
    await hasty.close()


async def test_one_organization_counts_one_thing_at_a_time_and_keeps_no_other_from_counting(db: Database) -> None:
    dear = Counting(DEAR_SECONDS)
    many = [db.counts.latest(1, f"range {number}", list[int], dear) for number in range(3 * MOST_WANTED)]
    asked = asyncio.gather(*many)
    await asyncio.sleep(0.2)
    other = await db.counts.latest(2, "range 0", list[int], Counting(0.1))
    assert other is not None, "the other organization's is made meanwhile"
    assert await asked == [None] * len(many)
    async with asyncio.timeout(30):
        while dear.times < MOST_WANTED or dear.running:  # noqa: ASYNC110 (a count has no event to wait for)
            await asyncio.sleep(0.1)
    await asyncio.sleep(0.2)
    assert (dear.times, dear.most) == (MOST_WANTED, 1)


async def test_many_organizations_hold_few_connections(db: Database) -> None:
    dear = Counting(0.4)
    found = await asyncio.gather(*(db.counts.latest(number, "range", list[int], dear) for number in range(4)))
    assert dear.most == AT_ONCE
    assert all(found)
