"""Answers of several polls at the same time: each is kept."""

import asyncio

import sqlalchemy as sa

from console.runs import reads as run_reads
from console.sims import reads
from console.sims.rules import SimFilter
from console.store.database import Database
from jobs import sync_status
from jobs.sync_sims import sync_sims
from tests.jobs.conftest import Acme
from tests.jobs.test_polls import make_all_due
from tests.simulation import FLEET


async def test_an_answer_that_was_in_anothers_way_is_kept_all_the_same(db: Database, acme: Acme) -> None:
    await acme.run(sync_sims)
    await acme.run(sync_status.sync_status)
    await make_all_due(db)
    async with db.engine.begin() as writing:
        await writing.execute(sa.text("UPDATE sims SET operator = 'nobody', connection_at = now() - interval '1 day'"))
        # Who waits for a lock looks once, after this time, whether it waits for itself: on a busy machine the other
        # must have come to its second statement by then.
        await writing.execute(sa.text(f"ALTER DATABASE {db.engine.url.database} SET deadlock_timeout = '4s'"))
    await db.engine.dispose()
    async with asyncio.TaskGroup() as group, db.engine.begin() as other:
        await other.execute(sa.text("SET LOCAL deadlock_timeout = '1min'"))
        await other.execute(sa.text("UPDATE sims SET missing_walks = missing_walks"))
        group.create_task(acme.run(sync_status.sync_status))
        await until_it_is_so(db, "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        # Now each waits for what the other has: the run, which looks first, is ended by PostgreSQL.
        await other.execute(sa.text("UPDATE sim_checks SET status_at = status_at"))
    await until_it_is_so(db, "SELECT deadlocks > 0 FROM pg_stat_database WHERE datname = current_database()")
    async with db.reading() as connection:
        run = await run_reads.last_done(connection, acme.id, "sync_status")
        found = await reads.page(connection, acme.id, SimFilter(), limit=500)
    assert run is not None
    assert (run.seen, run.failed, run.changed) == (FLEET, 0, FLEET)
    assert "nobody" not in {sim.operator for sim in found.items}


async def until_it_is_so(db: Database, question: str) -> None:
    async with asyncio.timeout(20), db.reading() as reading:
        while not (await reading.execute(sa.text(question))).scalar():  # noqa: ASYNC110
            await asyncio.sleep(0.05)
