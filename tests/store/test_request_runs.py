"""What becomes of a job request while its job runs: nothing is lost, nothing is done twice."""

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
import sqlalchemy as sa

from console.runs import reads as run_reads
from console.runs import writes as runs
from console.runs.writes import Request
from console.settings import Settings
from console.store.database import Database
from console.store.job_requests import JobRequest, append_requests, job_requests
from console.store.locks import AdvisoryLock, transaction_lock
from console.store.outbox import STREAM
from console.streamer import posts_writes as streamer
from console.streamer.tables import streamer_posts
from console.usage import reads as usage_reads
from jobs.check_streamer import check_streamer
from jobs.run import WorkerContext
from jobs.take_in_posts import take_in_posts
from jobs.worker import functions
from tests.cast import Cast
from tests.jobs.test_stream import ICCID, MB, NOW, usage
from tests.store.test_job_requests import JOB, ask, claimed, dying, queued, rows, taken_out

pytestmark = pytest.mark.one_edition


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
        await connection.execute(sa.text("UPDATE streamer_posts SET claimed_until = NULL"))
    assert await db.requests.sweep(later) == 1
    job = await taken_out(db)
    await take_in_posts({"worker": worker}, **(job.kwargs or {}))
    await take_in_posts({"worker": worker}, **(job.kwargs or {}))  # the queue hands it out twice: done is done
    async with db.reading() as connection:
        days = await usage_reads.of_days(connection, cast.acme, [(ICCID, NOW.date())])
        found = await run_reads.runs(connection, cast.acme, job=JOB)
    assert [day.data_bytes for day in days] == [2 * MB]
    assert [run.state for run in found] == ["done", "interrupted"]
    assert await rows(db) == []


async def test_a_run_that_fails_is_tried_again(db: Database, cast: Cast, worker: WorkerContext) -> None:
    async with db.transaction() as transaction:
        transaction.later(JOB, organization_id=cast.acme, wrong=True)  # take_in_posts takes no argument
    job = await taken_out(db)
    with pytest.raises(TypeError):
        await take_in_posts({"worker": worker}, **(job.kwargs or {}))
    (row,) = await rows(db)
    assert (row.attempt, row.started_at) == (2, None)
    assert timedelta(0) < row.due_at - datetime.now(UTC) <= timedelta(seconds=2)


async def test_what_the_version_before_asks_for_by_the_jobs_former_name_is_done(
    db: Database, cast: Cast, worker: WorkerContext
) -> None:
    async with db.transaction() as transaction:
        transaction.later("take_stream", organization_id=cast.acme)
    job = await taken_out(db)
    await dict(functions())[job.function]({"worker": worker}, **(job.kwargs or {}))
    assert await rows(db) == []
    async with db.reading() as connection:
        assert [run.state for run in await run_reads.runs(connection, cast.acme, job=JOB)] == ["done"]


async def test_a_request_that_finds_its_job_at_work_waits(db: Database, cast: Cast, worker: WorkerContext) -> None:
    async with db.transaction() as transaction:
        transaction.later(JOB, organization_id=cast.acme)
    job = await taken_out(db)
    worker.running.add((JOB, cast.acme))
    await take_in_posts({"worker": worker}, **(job.kwargs or {}))
    (row,) = await rows(db)
    assert row.attempt == 2
    assert row.handed_over_at is not None, "it is with the queue again, for a moment later"


async def test_a_run_is_published_when_it_begins_and_when_it_ends(
    db: Database, cast: Cast, worker: WorkerContext
) -> None:
    last = (await db.redis.xrevrange(STREAM, count=1))[0][0].decode()
    await check_streamer({"worker": worker}, organization_id=cast.acme)
    facts = [fields[b"f"].split(b"\t", 3) for _, fields in await db.redis.xrange(STREAM, min=f"({last}")]
    assert [fact[:3] for fact in facts] == [[b"%d" % cast.acme, b"job.changed", b"check_streamer"]] * 2
    states = [msgspec.json.decode(fact[3])["data"]["state"] for fact in facts]
    assert states == ["running", "done"]
