"""The newest runs of jobs: the organization's and the installation's, found without a look at all others."""

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from console.runs import reads
from console.runs.tables import job_runs
from console.store.database import Database
from tests.cast import Cast

pytestmark = pytest.mark.one_edition
NOW = datetime.now(UTC)


async def ran(db: Database, organization_id: int | None, job: str, state: str = "done") -> int:
    """A run; its id."""
    values: dict[str, Any] = {"organization_id": organization_id, "job": job, "state": state}
    values |= dict.fromkeys(("started_at", "heartbeat_at", "finished_at"), NOW)
    async with db.engine.begin() as connection:
        number: int = (
            await connection.execute(sa.insert(job_runs).values(values).returning(job_runs.c.id))
        ).scalar_one()
        return number


async def test_each_job_has_its_own_last_run(db: Database, cast: Cast) -> None:
    await ran(db, cast.acme, "sync_sims")
    prune = await ran(db, None, "prune")
    walk = await ran(db, cast.acme, "sync_sims", "failed")
    looked = await ran(db, cast.acme, "sync_status")
    await ran(db, cast.evil, "sync_sims")
    async with db.reading() as reading:
        found = {job.name: job for job in await reads.schedule(reading, cast.acme, NOW)}
        last = {name: job.last_run.id for name, job in found.items() if job.last_run}
        assert last == {"sync_sims": walk, "prune": prune, "sync_status": looked}
        assert found["sync_sims"].failures_24h == 1


async def test_runs_of_both_stand_in_one_order(db: Database, cast: Cast) -> None:
    ids = [
        await ran(db, owner, "prune", state) for owner in (cast.acme, None, cast.evil) for state in ("done", "failed")
    ]
    async with db.reading() as reading:
        found = [run.id for run in await reads.runs(reading, cast.acme)]
        failed = [run.id for run in await reads.runs(reading, cast.acme, state="failed", job="prune")]
        installation = [run.id for run in await reads.runs(reading, cast.acme, installation=True, limit=1)]
    assert found == ids[3::-1]
    assert (failed, installation) == ([ids[3], ids[1]], [ids[3]])


@pytest.mark.parametrize("where", ["organization_id = 1 AND state = 'failed'", "organization_id = 1"])
async def test_an_index_has_them_in_this_order(db: Database, cast: Cast, where: str) -> None:
    await ran(db, cast.acme, "prune")
    async with db.snapshot() as reading:
        for setting in ("enable_seqscan", "enable_sort", "enable_bitmapscan"):
            await reading.execute(sa.text(f"SET LOCAL {setting} = off"))
        query = f"EXPLAIN SELECT * FROM job_runs WHERE {where} ORDER BY organization_id, id DESC LIMIT 5"
        plan = (await reading.execute(sa.text(query))).scalars().all()
    assert any("job_runs_state_idx" in line or "job_runs_newest_idx" in line for line in plan), plan
