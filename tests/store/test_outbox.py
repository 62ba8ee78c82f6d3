"""Nothing is published that did not happen; nothing that happened stays unpublished; nothing is published twice."""

import asyncio
from datetime import UTC, datetime

import msgspec
import pytest
import sqlalchemy as sa
from redis.asyncio import Redis

from console.facts.sims import SimChanged, SimState
from console.settings import Settings
from console.store.database import Database, open_database
from console.store.outbox import AT_ONCE, EPOCH, FACTS_AT_ONCE, SEQUENCE, STREAM, append_facts, item, outbox
from console.trial import ValkeyServer
from tests.cast import ADAS_SIM, Cast, add_sim


class Stop(Exception):
    """Something went wrong in the middle."""


async def published(redis: Redis) -> list[str]:
    """The subjects of what was published, in order."""
    entries = await redis.xrange(STREAM)
    return [fields[b"f"].split(b"\t")[2].decode() for _, fields in entries]


async def waiting(db: Database) -> int:
    async with db.reading() as connection:
        return int((await connection.execute(sa.select(sa.func.count()).select_from(outbox))).scalar_one())


def fact(subject: str) -> SimChanged:
    return SimChanged(time=datetime.now(UTC), subject=subject, data=SimState(iccid=subject))


async def test_a_fact_is_published_after_the_commit_and_leaves_the_outbox(db: Database) -> None:
    async with db.transaction() as transaction:
        transaction.publish(1, fact("1"))
        transaction.publish(1, fact("2"))
        assert await published(db.redis) == []
    assert await published(db.redis) == ["1", "2"]
    assert await waiting(db) == 0


async def test_what_is_rolled_back_is_not_published(db: Database) -> None:
    with pytest.raises(Stop):
        async with db.transaction() as transaction:
            transaction.publish(1, fact("1"))
            raise Stop
    async with db.transaction() as transaction:
        transaction.publish(1, fact("2"))
    assert await published(db.redis) == ["2"]


async def test_what_a_crash_left_behind_is_published_by_the_next_relay_once(db: Database) -> None:
    async with db.engine.begin() as connection:  # a process that dies right after its commit
        await append_facts(connection, [item(1, fact("left"))])
    assert await published(db.redis) == []
    assert await db.relay.publish_waiting() == 1
    assert await db.relay.publish_waiting() == 0
    assert await published(db.redis) == ["left"]


async def test_one_call_publishes_all_that_waits_however_much(db: Database) -> None:
    names = [[f"{number}"] for number in range(AT_ONCE + 1)]  # more transactions than one step takes
    names.append([f"of many {number}" for number in range(FACTS_AT_ONCE)])  # and as many facts
    names.append(["last"])
    async with db.engine.begin() as connection:
        for some in names:
            await append_facts(connection, [item(1, fact(name)) for name in some])
    every = [name for some in names for name in some]
    assert await db.relay.publish_waiting() == len(every)
    assert await published(db.redis) == every
    assert await waiting(db) == 0


async def test_many_facts_of_one_transaction_become_rows_that_redis_takes_one_after_the_other(db: Database) -> None:
    async with db.engine.begin() as connection:
        await append_facts(connection, [item(1, fact(str(number))) for number in range(2 * FACTS_AT_ONCE + 500)])
        rows = await connection.execute(sa.select(outbox.c.facts).order_by(outbox.c.id))
        assert rows.scalars().all() == [FACTS_AT_ONCE, FACTS_AT_ONCE, 500]
    seq = int(await db.redis.get(SEQUENCE) or 0)
    assert await db.relay.publish_waiting() == 2 * FACTS_AT_ONCE + 500
    published = [body[b"f"].split(b"\t")[2] for _, body in await db.redis.xrange(STREAM, min=f"{seq + 1}-0")]
    assert published == [str(number).encode() for number in range(2 * FACTS_AT_ONCE + 500)]


async def test_a_relay_that_dies_before_it_deletes_the_rows_publishes_nothing_twice(db: Database) -> None:
    async with db.engine.begin() as connection:
        await append_facts(connection, [item(1, fact("once"))])
    async with db.engine.connect() as connection:  # publishes, and dies before its own commit
        rows = (await connection.execute(sa.select(outbox))).all()
    await db.relay.publish_waiting()
    async with db.engine.begin() as connection:
        await connection.execute(
            sa.text("INSERT INTO outbox (id, items, facts) OVERRIDING SYSTEM VALUE VALUES (:id, :items, :facts)"),
            [{"id": row.id, "items": row.items, "facts": row.facts} for row in rows],
        )
    assert await db.relay.publish_waiting() == 0
    assert await published(db.redis) == ["once"]
    assert await waiting(db) == 0


async def test_the_newer_state_of_a_sim_is_always_published_after_the_older(db: Database, cast: Cast) -> None:
    async def rename(number: int) -> None:
        async with db.transaction() as transaction:
            await add_sim(transaction, cast.acme, ADAS_SIM, label=f"name-{number}")

    await asyncio.gather(*(rename(number) for number in range(40)))
    revisions = []
    for _, fields in await db.redis.xrange(STREAM):
        _, kind, subject, body = fields[b"f"].split(b"\t", 3)
        if (kind, subject.decode()) == (b"sim.changed", ADAS_SIM):
            revisions.append(msgspec.json.decode(body)["data"]["revision"])
    assert len(revisions) > 30
    assert revisions == sorted(revisions)
    assert len(set(revisions)) == len(revisions)


@pytest.mark.one_edition
async def test_facts_wait_while_redis_is_away_and_are_published_when_it_is_back(
    db: Database, settings: Settings, valkey: ValkeyServer
) -> None:
    deaf = open_database(settings.database_url, "redis://127.0.0.1:1/0", connections=2)
    async with deaf.transaction() as transaction:
        transaction.publish(1, fact("patient"))
    await deaf.close()
    assert await waiting(db) == 1
    async with db.transaction() as transaction:
        transaction.publish(1, fact("next"))
    assert await published(db.redis) == ["patient", "next"]


@pytest.mark.one_edition
async def test_a_new_epoch_begins_when_redis_has_forgotten_the_old(db: Database) -> None:
    async with db.transaction() as transaction:
        transaction.publish(1, fact("1"))
    await db.redis.set(EPOCH, "another")
    async with db.transaction() as transaction:
        transaction.publish(1, fact("2"))
    assert await db.redis.get(SEQUENCE) == b"1"
    assert await published(db.redis) == ["2"]
