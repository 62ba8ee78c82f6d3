"""The web server answers once a change is committed; whoever else changes something goes on once it is published."""

import asyncio

import httpx
import pytest
import sqlalchemy as sa

from console.store.database import Database
from console.store.job_requests import job_requests
from console.store.locks import AdvisoryLock, transaction_lock
from tests.api.test_watching import operator_key
from tests.cast import ADAS_SIM, Cast
from tests.serving import Served
from tests.store.test_outbox import fact, published, waiting
from tests.streamer.test_attempts import until

pytestmark = pytest.mark.one_edition
HELD = transaction_lock(AdvisoryLock.FACT_RELAY)


async def ask(db: Database, web: Served, cast: Cast) -> httpx.Response:
    """Ask for a reset as a program does."""
    async with web.program(await operator_key(db, cast.acme)) as otto:
        return await otto.post(f"/sims/{ADAS_SIM}/reset", json={}, headers={"Idempotency-Key": "one"})


async def nothing_waits(db: Database) -> bool:
    return await waiting(db) == 0


async def one_waits(db: Database) -> bool:
    return await waiting(db) == 1


async def test_a_click_is_answered_while_another_process_publishes(web: Served, db: Database, cast: Cast) -> None:
    before = await published(db.redis)  # of the cast
    async with db.engine.begin() as elsewhere:
        await elsewhere.execute(HELD)
        answer = await ask(db, web, cast)
        assert answer.status_code == 202, answer.text
        assert await one_waits(db)
        assert await published(db.redis) == before
    await until(lambda: nothing_waits(db), "the fact is published")
    assert await published(db.redis) == [*before, ADAS_SIM]


async def test_job_requests_are_handed_over_after_the_answer(web: Served, db: Database, cast: Cast) -> None:
    async def handed_over() -> bool:
        query = sa.select(sa.func.bool_and(job_requests.c.handed_over_at.is_not(None)))
        async with db.reading() as connection:
            return (await connection.execute(query)).scalar_one() is True

    assert (await ask(db, web, cast)).status_code == 202
    await until(handed_over, "the queue has it")


async def test_what_was_begun_ends_before_the_connections_are_closed(web: Served, db: Database) -> None:
    async with web.db.transaction() as transaction:
        transaction.publish(1, fact("last"))
    await web.db.close()
    assert (await published(db.redis))[-1] == "last"


async def test_a_worker_goes_on_once_its_facts_are_published(db: Database) -> None:
    async def changes() -> None:
        async with db.transaction() as transaction:
            transaction.publish(1, fact("1"))

    async with db.engine.begin() as elsewhere:
        await elsewhere.execute(HELD)
        changing = asyncio.create_task(changes())
        await until(lambda: one_waits(db), "the change is committed")
        assert not changing.done()
    await changing
    assert await published(db.redis) == ["1"]
