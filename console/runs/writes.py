"""Changes of the runs of jobs."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from console.facts.jobs import JobChanged, JobRun
from console.runs.rules import LOST_AFTER, RunState
from console.runs.tables import job_runs
from console.store.database import Transaction


class Tally(Struct, kw_only=True):
    """What a run has seen so far. A job adds to it as it goes."""

    seen: int = 0
    changed: int = 0
    failed: int = 0
    error: str | None = None
    progress: dict[str, Any] | None = None


class Begun(Struct, frozen=True):
    """A run that has begun, and where the last run of this job was cut off, if it was."""

    run_id: int
    resumed: dict[str, Any]


async def begin(
    transaction: Transaction, organization_id: int | None, job: str, now: datetime, *, alone: bool
) -> Begun | None:
    """Put down that a run begins. None if it may only run `alone` and another run of it is alive."""
    c = job_runs.c
    connection = transaction.connection
    await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(f"{job}:{organization_id}"))))
    mine = sa.and_(c.job == job, c.organization_id.is_not_distinct_from(organization_id))
    running = sa.and_(mine, c.state == RunState.RUNNING)
    await connection.execute(
        sa.update(job_runs)
        .values(state=RunState.INTERRUPTED, finished_at=now, error="Its worker was lost")
        .where(running, c.beaten_at < now - LOST_AFTER)
    )
    if alone and (await connection.execute(sa.select(c.id).where(running).limit(1))).first():
        return None
    ended = sa.select(c.state, c.progress).where(mine, c.state != RunState.RUNNING)
    last = (await connection.execute(ended.order_by(c.id.desc()).limit(1))).first()
    statement = sa.insert(job_runs).values(
        organization_id=organization_id, job=job, state=RunState.RUNNING, started_at=now, beaten_at=now
    )
    run_id = (await connection.execute(statement.returning(c.id))).scalar_one()
    return Begun(run_id, (last.progress or {}) if last and last.state != RunState.DONE else {})


async def beat(transaction: Transaction, run_id: int, tally: Tally, now: datetime) -> None:
    """A sign of life, with what has been seen so far."""
    values = {"seen": tally.seen, "changed": tally.changed, "failed": tally.failed, "progress": tally.progress}
    await transaction.connection.execute(
        sa.update(job_runs).values(beaten_at=now, **values).where(job_runs.c.id == run_id)
    )


async def finish(transaction: Transaction, run_id: int, state: RunState, tally: Tally, now: datetime) -> None:
    """Put down how the run ended, and tell it if it was an organization's."""
    c = job_runs.c
    statement = (
        sa.update(job_runs)
        .values(
            state=state,
            beaten_at=now,
            finished_at=now,
            seen=tally.seen,
            changed=tally.changed,
            failed=tally.failed,
            error=tally.error,
            progress=None if state is RunState.DONE else tally.progress,
        )
        .where(c.id == run_id)
        .returning(c.organization_id, *(c[name] for name in JobRun.__struct_fields__))
    )
    row = (await transaction.connection.execute(statement)).one()._asdict()
    organization_id = row.pop("organization_id")
    if organization_id is not None and (tally.changed or tally.failed or state is not RunState.DONE):
        transaction.tell(organization_id, JobChanged(time=now, subject=row["job"], data=JobRun(**row)))


async def forget(transaction: Transaction, before: datetime) -> int:
    """Drop the runs from before; how many."""
    found = await transaction.connection.execute(sa.delete(job_runs).where(job_runs.c.started_at < before))
    return found.rowcount
