"""A job that is asked for is run: whatever dies or forgets after the commit, and however often it is asked for."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from saq.job import Job as QueuedJob
from saq.job import Status

from console.runs import writes as runs
from console.runs.writes import Request
from console.settings import Settings
from console.store.database import Database, open_database
from console.store.job_requests import job_requests
from tests.processes import until

pytestmark = pytest.mark.one_edition
JOB = "take_in_posts"


class Stop(Exception):
    """Something went wrong in the middle."""


async def ask(db: Database, key: str | None = "k", **more: Any) -> None:
    async with db.transaction() as transaction:
        transaction.later(JOB, organization_id=1, key=key, **more)


async def rows(db: Database) -> Sequence[Any]:
    async with db.reading() as connection:
        return (await connection.execute(sa.select(job_requests).order_by(job_requests.c.id))).all()


async def queued(db: Database) -> int:
    return await db.queue.count("queued")


async def taken_out(db: Database) -> QueuedJob:
    job = await db.queue.dequeue(timeout=5)
    assert job is not None
    return job


async def claimed(db: Database) -> Request:
    """The next request of the queue, claimed."""
    request = Request(*(await taken_out(db)).kwargs["request"])  # type: ignore[index]
    async with db.transaction() as transaction:
        assert await runs.claim(transaction, request, datetime.now(UTC))
    return request


def dying(settings: Settings, point: str, organization_id: int) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SECRET_KEY": settings.secret_key,
    }
    return subprocess.Popen([sys.executable, "-m", "tests.store.dying", point, str(organization_id)], env=environment)


async def test_a_request_is_handed_over_after_the_commit_with_its_arguments(db: Database) -> None:
    async with db.transaction() as transaction:
        transaction.later(JOB, organization_id=7, action_id=5)
        assert await queued(db) == 0
    job = await taken_out(db)
    (row,) = await rows(db)
    assert job.kwargs == {"organization_id": 7, "request": [row.id, 1], "arguments": {"action_id": 5}}
    assert row.handed_over_at is not None


async def test_what_is_rolled_back_is_not_asked_for(db: Database) -> None:
    with pytest.raises(Stop):
        async with db.transaction() as transaction:
            transaction.later(JOB, organization_id=1)
            raise Stop
    async with db.transaction() as transaction:
        with pytest.raises(Stop):
            async with transaction.attempt():
                transaction.later(JOB, organization_id=1)
                raise Stop
    assert (await rows(db), await queued(db)) == ([], 0)


async def test_requests_are_handed_over_in_their_order(db: Database) -> None:
    async with db.transaction() as transaction:
        for number in range(250):
            transaction.later(JOB, organization_id=1, number=number)
    taken = [(await taken_out(db)).kwargs["arguments"]["number"] for _ in range(250)]  # type: ignore[index]
    assert taken == list(range(250))


async def test_a_thousand_requests_with_one_key_are_one_job_and_few_rows(db: Database) -> None:
    for _ in range(10):
        await asyncio.gather(*(ask(db) for _ in range(100)))
    assert await queued(db) == 1
    assert len(await rows(db)) < 50
    request = await claimed(db)
    assert len(await rows(db)) == 1
    async with db.transaction() as transaction:
        await runs.acknowledge(transaction, request)
    assert (await rows(db), await queued(db)) == ([], 0)


async def test_what_is_asked_for_while_it_runs_is_run_afterwards(db: Database) -> None:
    await ask(db)
    request = await claimed(db)
    await ask(db)
    await ask(db)
    assert (await queued(db), len(await rows(db))) == (0, 2)
    async with db.transaction() as transaction:
        await runs.acknowledge(transaction, request)
    assert await queued(db) == 1
    await claimed(db)


async def test_who_asks_never_waits_for_who_asks_for_the_same(db: Database) -> None:
    async with asyncio.timeout(5), db.transaction() as one, db.transaction() as other:
        one.later(JOB, organization_id=1, key="k")
        other.later(JOB, organization_id=1, key="k")
        async with db.transaction() as third:
            third.later(JOB, organization_id=1, key="k")


async def test_kill_9_between_commit_and_hand_over_loses_nothing(db: Database, settings: Settings) -> None:
    process = dying(settings, "committed", 1)
    await until(lambda: process.poll() is not None, 60)
    assert process.returncode == -9
    assert (len(await rows(db)), await queued(db)) == (1, 0)
    assert await db.requests.sweep(datetime.now(UTC)) == 1
    assert await queued(db) == 1


async def test_requests_wait_while_redis_is_away(db: Database, settings: Settings) -> None:
    deaf = open_database(settings.database_url, "redis://127.0.0.1:1/0", connections=2)
    await ask(deaf)
    await deaf.close()
    assert await queued(db) == 0
    await ask(db, key=None)
    assert await queued(db) == 2


async def test_a_redis_that_forgets_everything_is_asked_again(db: Database) -> None:
    await ask(db)
    await db.redis.flushall()
    now = datetime.now(UTC)
    assert await db.requests.sweep(now + timedelta(seconds=5)) == 0
    assert await queued(db) == 0
    assert await db.requests.sweep(now + timedelta(seconds=40)) == 1
    assert await queued(db) == 1
    assert await db.requests.sweep(now + timedelta(seconds=90)) == 0, "the queue knows it"
    assert await queued(db) == 1


async def test_lost_jobs_are_queued_again_and_nobody_subscribes_to_their_end(db: Database) -> None:
    for key in "ab":
        await ask(db, key)
        job = await taken_out(db)
        job.status, job.started, job.touched = Status.ACTIVE, 1, 1
        await db.redis.set(job.id, db.queue.serialize(job))
    sweeping = asyncio.create_task(db.queue.sweep(abort=1.5))
    subscriptions = []
    while not sweeping.done():
        subscriptions.append(await db.redis.pubsub_numpat())
        await asyncio.sleep(0.05)
    assert len(await sweeping) == 2
    assert set(subscriptions) == {0}
    assert await db.queue.count("incomplete") == 2, "both are to be tried again"
