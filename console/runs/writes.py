"""Changes of the runs of jobs, and of the requests that they carry out: begun, alive, ended."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.dialects.postgresql import insert

from console.facts.jobs import JobChanged, JobRun
from console.runs.rules import LOST_AFTER, RunState
from console.runs.tables import job_looks, job_runs, run_requests
from console.store.database import Transaction
from console.store.job_requests import job_requests
from console.store.locks import AdvisoryLock, transaction_lock

c = job_runs.c
r = job_requests.c
RUN = (c.organization_id, *(c[name] for name in JobRun.__struct_fields__))


class Tally(Struct, kw_only=True):
    """What a run has seen so far. A job adds to it as it goes."""

    seen: int = 0
    changed: int = 0
    failed: int = 0
    error: str | None = None
    progress: dict[str, Any] | None = None


class Request(Struct, frozen=True, array_like=True):
    """What a run carries out. A request that was postponed or lost has a new attempt; its older ones are void."""

    id: int
    attempt: int


async def wait_for_others(transaction: Transaction, organization_id: int | None, job: str, now: datetime) -> bool:
    """Let no other run of this job begin before the transaction ends; whether one is alive. Lost ones are closed."""
    connection = transaction.connection
    await connection.execute(transaction_lock(AdvisoryLock.JOB_RUN, f"{job}:{organization_id}"))
    await close_lost(transaction, organization_id, job, now)
    running = sa.and_(_runs_of(organization_id, job), c.state == RunState.RUNNING)
    return (await connection.execute(sa.select(c.id).where(running).limit(1))).first() is not None


async def close_lost(transaction: Transaction, organization_id: int | None, job: str, now: datetime) -> None:
    """Close the runs of this job whose workers are lost; those that others are closing now are left to them."""
    running = sa.and_(_runs_of(organization_id, job), c.state == RunState.RUNNING)
    ids = sa.select(c.id).where(running, c.heartbeat_at < now - LOST_AFTER).with_for_update(skip_locked=True)
    ended = {"state": RunState.INTERRUPTED, "finished_at": now, "error": "Its worker was lost"}
    lost = sa.update(job_runs).where(running, c.id.in_(ids)).values(ended)
    for row in (await transaction.connection.execute(lost.returning(*RUN))).all():
        _publish(transaction, row, now)


async def note_look(transaction: Transaction, organization_id: int, job: str, now: datetime) -> None:
    """The job has looked for work of this organization, and found none."""
    statement = insert(job_looks).values(organization_id=organization_id, job=job, looked_at=now)
    later = statement.on_conflict_do_update(index_elements=["organization_id", "job"], set_={"looked_at": now})
    await transaction.connection.execute(later)


async def request_run(transaction: Transaction, organization_id: int, job: str, by: str, now: datetime) -> None:
    """Ask for a run of this job of the organization, and remember who did."""
    values = {"requested_at": now, "requested_by": by}
    statement = insert(run_requests).values(organization_id=organization_id, job=job, **values)
    again = statement.on_conflict_do_update(index_elements=["organization_id", "job"], set_=values)
    await transaction.connection.execute(again)
    transaction.later(job, organization_id=organization_id, key=f"{job}:{organization_id}:by_hand")


async def begin(transaction: Transaction, organization_id: int | None, job: str, now: datetime) -> int:
    """Record and publish that a run begins; its id."""
    statement = sa.insert(job_runs).values(
        organization_id=organization_id, job=job, state=RunState.RUNNING, started_at=now, heartbeat_at=now
    )
    row = (await transaction.connection.execute(statement.returning(*RUN))).one()
    _publish(transaction, row, now)
    run_id: int = row.id
    return run_id


async def where_cut_off(transaction: Transaction, organization_id: int | None, job: str) -> dict[str, Any]:
    """How far the last run of this job had come, if it did not end well; else empty."""
    ended = sa.select(c.state, c.progress).where(_runs_of(organization_id, job), c.state != RunState.RUNNING)
    last = (await transaction.connection.execute(ended.order_by(c.id.desc()).limit(1))).first()
    return (last.progress or {}) if last and last.state != RunState.DONE else {}


async def heartbeat(transaction: Transaction, run_id: int, tally: Tally, now: datetime) -> None:
    """A sign of life, with what has been seen so far."""
    values = {"seen": tally.seen, "changed": tally.changed, "failed": tally.failed, "progress": tally.progress}
    await transaction.connection.execute(sa.update(job_runs).values(heartbeat_at=now, **values).where(c.id == run_id))


async def finish(transaction: Transaction, run_id: int, state: RunState, tally: Tally, now: datetime) -> None:
    """Record and publish how the run ended."""
    statement = (
        sa.update(job_runs)
        .values(
            state=state,
            heartbeat_at=now,
            finished_at=now,
            seen=tally.seen,
            changed=tally.changed,
            failed=tally.failed,
            error=tally.error,
            progress=None if state is RunState.DONE else tally.progress,
        )
        .where(c.id == run_id)
        .returning(*RUN)
    )
    _publish(transaction, (await transaction.connection.execute(statement)).one(), now)


async def claim(transaction: Transaction, request: Request, now: datetime) -> bool:
    """Take the request over, before the run looks for work; False if it is done or void.

    Waits for open transactions that rely on it. Others with its key that wait and are due are deleted, for the run does
    their work too; those that an open transaction relies on are left, and handed over when this run has ended.
    """
    connection = transaction.connection
    row = (await connection.execute(sa.select(r.key).where(_is(request)).with_for_update())).first()
    if row is None:
        return False
    mine = sa.update(job_requests).where(r.id == request.id)
    await connection.execute(mine.values(handed_over_at=now, started_at=now))
    if row.key is not None:
        due = sa.and_(r.key == row.key, r.id != request.id, r.handed_over_at.is_(None), r.due_at <= sa.func.now())
        covered = sa.select(r.id).where(due).with_for_update(skip_locked=True)
        await connection.execute(sa.delete(job_requests).where(r.id.in_(covered)))
    return True


async def keep_claimed(transaction: Transaction, request: Request, now: datetime) -> None:
    """The run that carries it out is alive: the sweep leaves it alone."""
    await transaction.connection.execute(sa.update(job_requests).where(_is(request)).values(handed_over_at=now))


async def acknowledge(transaction: Transaction, request: Request) -> None:
    """It has been carried out. What was asked for meanwhile under its key is handed over next."""
    await transaction.connection.execute(sa.delete(job_requests).where(_is(request)))
    transaction.requests_released = True


async def postpone(transaction: Transaction, request: Request, now: datetime, delay: timedelta) -> None:
    """It could not be carried out: it waits so long, and is handed over again."""
    values = {"attempt": r.attempt + 1, "due_at": now + delay, "handed_over_at": None, "started_at": None}
    statement = sa.update(job_requests).where(_is(request))
    postponed_at = sa.func.coalesce(r.postponed_at, sa.literal(now, r.postponed_at.type))
    await transaction.connection.execute(statement.values(**values, postponed_at=postponed_at))
    transaction.requests_released = True


async def done_meanwhile(transaction: Transaction, organization_id: int | None, job: str, request: Request) -> bool:
    """Whether a run that began after the request was first postponed has ended well: it saw all there was to do."""
    later = sa.select(c.id).where(
        _runs_of(organization_id, job),
        c.state == RunState.DONE,
        c.started_at > sa.select(r.postponed_at).where(_is(request)).scalar_subquery(),
    )
    return (await transaction.connection.execute(later.limit(1))).first() is not None


async def delete_runs(transaction: Transaction, before: datetime) -> int:
    """Delete the runs from before; how many."""
    found = await transaction.connection.execute(sa.delete(job_runs).where(c.started_at < before))
    return found.rowcount


def _is(request: Request) -> "sa.ColumnElement[bool]":
    return sa.and_(r.id == request.id, r.attempt == request.attempt)


def _runs_of(organization_id: int | None, job: str) -> "sa.ColumnElement[bool]":
    return sa.and_(c.job == job, c.organization_id.is_not_distinct_from(organization_id))


def _publish(transaction: Transaction, row: "sa.Row[Any]", now: datetime) -> None:
    """A run for the whole installation is no organization's fact: the Jobs page finds it when it is drawn."""
    values = row._asdict()
    organization_id = values.pop("organization_id")
    if organization_id is not None:
        transaction.publish(organization_id, JobChanged(time=now, subject=row.job, data=JobRun(**values)))
