"""Posts that fail, and posts that kill: others are taken in meanwhile, and nothing is tried for ever."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from console import metrics
from console.settings import Settings
from console.store.database import Database
from console.store.locks import AdvisoryLock, transaction_lock
from console.streamer.checks import check_waiting
from console.streamer.posts_reads import waiting
from console.streamer.posts_writes import claim_posts, keep_post
from console.streamer.tables import streamer_posts, unknown_records
from jobs.intake.attempts import take_next
from jobs.metrics import measure
from jobs.run import Run
from jobs.take_in_posts import take_in_posts
from tests.jobs.conftest import Acme
from tests.jobs.test_stream import NOW, day_bytes, event, usage
from tests.serving import Served

pytestmark = pytest.mark.one_edition
MB = 1_048_576


async def keep(acme: Acme, *records: dict[str, Any]) -> None:
    async with acme.worker.db.transaction() as transaction:
        await keep_post(transaction, acme.id, msgspec.json.encode(records), NOW)


async def ask(db: Database, statement: sa.Executable) -> list[Any]:
    async with db.reading() as reading:
        return list((await reading.execute(statement)).all())


async def let_time_pass(db: Database) -> None:
    """As if so long had passed that every post may be tried again."""
    async with db.engine.begin() as connection:
        await connection.execute(sa.update(streamer_posts).values(claimed_until=None))


async def until(true: Callable[[], Awaitable[bool]], what: str) -> None:
    for _ in range(1200):
        if await true():
            return
        await asyncio.sleep(0.05)
    pytest.fail(f"never: {what}")


async def lose_a_worker(db: Database, settings: Settings, acme: Acme, attempt: int) -> None:
    """A worker is killed in its attempt to take a post in: usage is locked, so it waits in the middle of it."""

    async def in_the_middle() -> bool:
        (found,) = await ask(db, sa.select(sa.func.max(streamer_posts.c.attempts)))
        return bool(found[0] == attempt)

    async def let_go() -> bool:
        free = sa.select(streamer_posts.c.id).where(streamer_posts.c.failure.is_(None))
        async with db.engine.begin() as connection:
            locked = (await connection.execute(free.with_for_update(skip_locked=True))).all()
        return len(locked) == len(await ask(db, free))

    environment = {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SECRET_KEY": settings.secret_key,
    }
    async with db.engine.connect() as holder:
        await holder.execute(sa.text("SET LOCAL idle_in_transaction_session_timeout = 0"))  # a worker may start slowly
        await holder.execute(transaction_lock(AdvisoryLock.USAGE, acme.id))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "jobs", env=environment, stdout=asyncio.subprocess.DEVNULL
        )
        try:
            await until(in_the_middle, f"a worker begins attempt {attempt}")
        finally:
            process.kill()
            await process.wait()
        await holder.rollback()
    await until(let_go, "the posts are free again")


async def test_a_record_that_kills_the_worker_each_time_is_set_aside_and_holds_up_nobody(
    db: Database, settings: Settings, acme: Acme
) -> None:
    await keep(acme, usage(1, 1.0))
    for lost in range(1, 4):
        await lose_a_worker(db, settings, acme, lost)
        (post,) = await ask(db, sa.select(streamer_posts.c.attempts, streamer_posts.c.claimed_until))
        assert post.attempts == lost
        assert post.claimed_until > datetime.now(UTC)
        await keep(acme, usage(10 + lost, 2.0))
        await acme.run(take_in_posts)  # its turn has not come again: those behind it are taken in
        assert await day_bytes(db, acme) == 2 * lost * MB
        await let_time_pass(db)
    assert [row.posts for row in (await waiting_of(db)).values()] == [1]
    await acme.run(take_in_posts)
    (aside,) = await ask(db, sa.select(unknown_records))
    assert msgspec.json.decode(aside.body) == usage(1, 1.0)
    assert "3 attempts failed" in aside.why
    assert "worker was lost" in aside.why
    assert await ask(db, sa.select(streamer_posts.c.id)) == []
    assert await day_bytes(db, acme) == 6 * MB


async def waiting_of(db: Database) -> dict[int, Any]:
    async with db.reading() as reading:
        return dict(await waiting(reading))


async def lost(db: Database, acme: Acme, times: int) -> None:
    """As if so many attempts had ended with their worker."""
    for _ in range(times):
        async with db.transaction() as transaction:
            assert await claim_posts(transaction, acme.id, datetime.now(UTC), most=8)
        await let_time_pass(db)


async def sizes(db: Database) -> list[int]:
    bodies = await ask(db, sa.select(streamer_posts.c.body).order_by(streamer_posts.c.id))
    return [len(msgspec.json.decode(row.body)) for row in bodies]


async def test_a_post_that_kills_is_divided_until_its_bad_record_stands_alone(db: Database, acme: Acme) -> None:
    """Which record it is nobody knows: of the parts, the one that kills is divided again."""
    run = Run(worker=acme.worker, job="take_in_posts", organization_id=acme.id, once=None)
    await keep(acme, *(usage(number, 1.0) for number in range(40)))
    await lost(db, acme, 3)
    assert await take_next(run)
    assert await sizes(db) == [5] * 8
    await lost(db, acme, 1)
    assert await take_next(run)
    assert await sizes(db) == [5] * 7 + [1] * 5
    await acme.run(take_in_posts)
    assert (await day_bytes(db, acme), await sizes(db)) == (40 * MB, [])


@pytest.mark.parametrize("many", [1, 40])
async def test_a_failure_that_is_no_records_fault_is_tried_a_few_times_and_then_set_aside_alone(
    db: Database, acme: Acme, many: int
) -> None:
    """Here a trigger refuses one record with a code that says nothing of the data."""
    async with db.engine.begin() as connection:
        await connection.execute(sa.text(REFUSING))
        await connection.execute(sa.text(REFUSED))
    await keep(acme, *(usage(number, 1.0) for number in range(many)), usage(666, 1.0))
    await keep(acme, usage(1000, 1.0))
    for _ in range(4):
        await acme.run(take_in_posts)
        await let_time_pass(db)
    assert await day_bytes(db, acme) == (many + 1) * MB
    (aside,) = await ask(db, sa.select(unknown_records))
    assert msgspec.json.decode(aside.body)["id"] == 666
    assert await sizes(db) == []


REFUSING = """
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.record_id = 666 THEN RAISE EXCEPTION 'no' USING ERRCODE = '57014'; END IF;
        RETURN NEW;
    END $$"""
REFUSED = "CREATE TRIGGER refuse BEFORE INSERT ON usage_records FOR EACH ROW EXECUTE FUNCTION refuse()"


WAITS = """
    SELECT 1 FROM pg_locks JOIN pg_database ON pg_database.oid = database
    WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()"""


async def test_a_run_that_is_stopped_gives_its_posts_back_as_they_were(db: Database, acme: Acme) -> None:
    await keep(acme, usage(1, 1.0))
    async with db.engine.connect() as holder:
        await holder.execute(transaction_lock(AdvisoryLock.USAGE, acme.id))
        running = asyncio.create_task(acme.run(take_in_posts))
        async with asyncio.timeout(20):
            while not await ask(db, sa.text(WAITS)):  # it has claimed the post, and knows it  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        running.cancel()
        await asyncio.wait({running})
    (post,) = await ask(db, sa.select(streamer_posts.c.attempts, streamer_posts.c.claimed_until))
    assert tuple(post) == (0, None)


async def test_how_long_posts_wait_is_said_by_health_by_the_page_and_by_a_metric(
    db: Database, acme: Acme, web: Served
) -> None:
    now = datetime.now(UTC)
    await keep(acme, event(1, 3, NOW))
    async with db.engine.begin() as connection:
        old = {"received_at": now - timedelta(minutes=6)}
        await connection.execute(sa.update(streamer_posts).values(old))
        await connection.execute(
            sa.insert(streamer_posts).values(
                organization_id=acme.id, received_at=now - timedelta(days=1), body=b"{", failure="no JSON"
            )
        )
    async with db.reading() as reading:
        with pytest.raises(LookupError, match=r"1 posts wait, the oldest for 36. s; set aside: 1 posts, 0 records"):
            await check_waiting(reading, now)
        await measure(reading, now)
    sample = metrics.installation.get_sample_value
    assert sample("console_streamer_posts_waiting_seconds", {"organization": "acme"}) == pytest.approx(360, abs=1)
    assert sample("console_streamer_set_aside", {"organization": "acme", "what": "posts"}) == 1
    async with web.stranger() as stranger:
        answer = await stranger.get("/health/services")
    health = {one["name"]: one for one in answer.json()["services"]}
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert not health["intake"]["healthy"]
    assert health["streamer"]["healthy"]
    async with web.signed_in("ada") as ada:
        page = (await ada.get("/carrier")).text
    assert "1 post\n" in page
    assert "0 records and 1 posts that could not be taken in" in page


async def test_a_post_that_was_just_taken_is_neither_waiting_nor_set_aside(db: Database, acme: Acme) -> None:
    await keep(acme, usage(1, 1.0))
    await acme.run(take_in_posts)
    async with db.reading() as reading:
        assert await waiting(reading) == {}
        assert await check_waiting(reading, datetime.now(UTC)) == "no posts wait; set aside: 0 posts, 0 records"


async def test_posts_taken_together_have_no_more_than_so_many_bytes(db: Database, acme: Acme) -> None:
    for number in range(4):
        await keep(acme, usage(number, 1.0))
    async with db.reading() as reading:
        size = (await reading.execute(sa.select(sa.func.octet_length(streamer_posts.c.body)).limit(1))).scalar_one()
    taken = []
    for most_bytes in (2 * size + 1, 1, 100 * size):
        async with db.transaction() as transaction:
            taken.append(await claim_posts(transaction, acme.id, NOW, most=8, most_bytes=most_bytes))
    assert [len(posts) for posts in taken] == [2, 1, 1]
