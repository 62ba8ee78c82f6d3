"""A job that is asked for is run: whatever dies or forgets after the commit, and however often it is asked for."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from saq.job import Job as QueuedJob

from console.runs import reads as run_reads
from console.runs import writes as runs
from console.runs.writes import Request
from console.settings import Settings
from console.store.database import Database, open_database
from console.store.job_requests import JobRequest, append_requests, job_requests
from console.store.locks import AdvisoryLock, transaction_lock
from console.store.outbox import STREAM
from console.streamer.posts import writes as streamer
from console.streamer.posts.tables import streamer_posts
from console.usage import reads as usage_reads
from jobs.polling.clients import OnceClients
from jobs.run import WorkerContext
from jobs.take_stream import take_stream
from tests.cast import Cast
from tests.jobs.test_stream import ICCID, MB, NOW, usage
from tests.processes import until

pytestmark = pytest.mark.one_edition
JOB = "take_stream"


class Stop(Exception):
    """Something went wrong in the middle."""


@pytest.fixture
def worker(db: Database, settings: Settings) -> WorkerContext:
    return WorkerContext(settings=settings, db=db, once_clients=OnceClients(settings, db))


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


async def test_a_run_sees_the_work_of_everybody_who_relied_on_its_request(db: Database, cast: Cast) -> None:
    async with db.engine.begin() as connection:  # waits for the relay
        await connection.execute(
            sa.insert(job_requests).values(job=JOB, organization_id=cast.acme, key=f"{JOB}:{cast.acme}")
        )
    written, go_on = asyncio.Event(), asyncio.Event()

    async def post() -> None:
        async with db.engine.begin() as connection:
            await connection.execute(
                sa.insert(streamer_posts).values(organization_id=cast.acme, received_at=NOW, body=b"[]")
            )
            await append_requests(
                connection, [JobRequest(job=JOB, organization_id=cast.acme, key=f"{JOB}:{cast.acme}")]
            )
            written.set()
            await go_on.wait()

    async def look() -> int:
        async with db.transaction() as transaction:
            (row,) = await rows(db)
            assert await runs.claim(transaction, Request(row.id, row.attempt), datetime.now(UTC))
        async with db.transaction() as transaction:
            return len(await streamer.claim_posts(transaction, cast.acme, NOW, most=9))

    posting = asyncio.create_task(post())
    await written.wait()
    looking = asyncio.create_task(look())
    await asyncio.sleep(0.3)
    assert not looking.done()
    go_on.set()
    await posting
    assert await looking == 1


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


async def test_a_run_that_is_alive_is_not_asked_for_again(db: Database) -> None:
    await ask(db)
    request = await claimed(db)
    await db.redis.flushall()
    later = datetime.now(UTC) + timedelta(minutes=5)
    async with db.transaction() as transaction:
        await runs.keep_claimed(transaction, request, later)
    assert await db.requests.sweep(later + timedelta(seconds=10)) == 0
    assert await queued(db) == 0


async def test_kill_9_of_a_worker_at_work_loses_nothing_and_counts_nothing_twice(
    db: Database, settings: Settings, cast: Cast, worker: WorkerContext
) -> None:
    async with db.transaction() as transaction:
        await streamer.keep_post(transaction, cast.acme, msgspec.json.encode([usage(1, 2.0)]), NOW)
    async with db.engine.begin() as connection:
        await connection.execute(transaction_lock(AdvisoryLock.USAGE, cast.acme))  # the run comes so far, and waits
        process = dying(settings, "running", cast.acme)
        async with asyncio.timeout(60):
            while (await rows(db))[0].started_at is None:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        process.kill()
        process.wait()
    await db.redis.flushall()
    later = datetime.now(UTC) + timedelta(seconds=60)
    async with db.engine.begin() as connection:  # the time that has passed, for the run that is lost
        await connection.execute(sa.text("UPDATE job_runs SET heartbeat_at = heartbeat_at - interval '60 seconds'"))
    assert await db.requests.sweep(later) == 1
    job = await taken_out(db)
    await take_stream({"worker": worker}, **(job.kwargs or {}))
    await take_stream({"worker": worker}, **(job.kwargs or {}))  # the queue hands it out twice: done is done
    async with db.reading() as connection:
        days = await usage_reads.of_days(connection, cast.acme, [(ICCID, NOW.date())])
        found = await run_reads.runs(connection, cast.acme, job=JOB)
    assert [day.data_bytes for day in days] == [2 * MB]
    assert [run.state for run in found] == ["done", "interrupted"]
    assert await rows(db) == []


async def test_a_run_that_fails_is_tried_again(db: Database, cast: Cast, worker: WorkerContext) -> None:
    async with db.transaction() as transaction:
        transaction.later(JOB, organization_id=cast.acme, wrong=True)  # take_stream takes no argument
    job = await taken_out(db)
    with pytest.raises(TypeError):
        await take_stream({"worker": worker}, **(job.kwargs or {}))
    (row,) = await rows(db)
    assert (row.attempt, row.started_at) == (2, None)
    assert timedelta(0) < row.due_at - datetime.now(UTC) <= timedelta(seconds=2)


async def test_a_request_that_finds_its_job_at_work_waits(db: Database, cast: Cast, worker: WorkerContext) -> None:
    async with db.transaction() as transaction:
        transaction.later(JOB, organization_id=cast.acme)
    job = await taken_out(db)
    worker.running.add((JOB, cast.acme))
    await take_stream({"worker": worker}, **(job.kwargs or {}))
    (row,) = await rows(db)
    assert row.attempt == 2
    assert row.handed_over_at is not None, "it is with the queue again, for a moment later"


async def test_a_run_is_published_when_it_begins_and_when_it_ends(
    db: Database, cast: Cast, worker: WorkerContext
) -> None:
    last = (await db.redis.xrevrange(STREAM, count=1))[0][0].decode()
    await take_stream({"worker": worker}, organization_id=cast.acme)
    facts = [fields[b"f"].split(b"\t", 3) for _, fields in await db.redis.xrange(STREAM, min=f"({last}")]
    assert [fact[:3] for fact in facts] == [[b"%d" % cast.acme, b"job.changed", JOB.encode()]] * 2
    states = [msgspec.json.decode(fact[3])["data"]["state"] for fact in facts]
    assert states == ["running", "done"]
