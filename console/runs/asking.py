"""Asking for one run of a job outside its schedule: who may is asked by `acting`, what may be run is decided here."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from console.errors import Conflict, NotFound, TooMany
from console.organizations.tables import organizations
from console.runs.rules import BY_HAND_EVERY, BY_HAND_WITHIN, MOST_BY_HAND, RunRequest
from console.runs.schedule import BY_NAME
from console.runs.tables import run_requests
from console.runs.writes import request_run, wait_for_others
from console.store.database import Transaction
from console.store.job_requests import job_requests

c = run_requests.c


async def ask_for_run(transaction: Transaction, organization_id: int, job: str, by: str, now: datetime) -> RunRequest:
    """Ask for one run of this job of the organization, at once; the request, or the one that still stands.

    One stands for BY_HAND_EVERY, and while no worker has begun it. Raises NotFound for an unknown job, Conflict for one
    that is not run by hand and while a run of it is alive, TooMany beyond MOST_BY_HAND jobs within BY_HAND_WITHIN.
    """
    known = BY_NAME.get(job)
    if known is None:
        raise NotFound("There is no such job")
    if known.not_by_hand:
        raise Conflict(f"{job} is not run by hand: {known.not_by_hand}", job=job)
    o, connection = organizations.c, transaction.connection
    alone = sa.select(o.id).where(o.id == organization_id).with_for_update(key_share=True)
    await connection.execute(alone)
    lately = {one.job: one for one in await requests(connection, organization_id)}
    if (last := lately.get(job)) and (now < last.retry_at or await _waits(connection, organization_id, job)):
        return last
    if await wait_for_others(transaction, organization_id, job, now):
        raise Conflict(f"{job} is running: ask again when this run has ended", job=job)
    counted = sorted(one.requested_at for one in lately.values() if one.requested_at > now - BY_HAND_WITHIN)
    if len(counted) >= MOST_BY_HAND:
        wait = max(1, round((counted[0] + BY_HAND_WITHIN - now).total_seconds()))
        raise TooMany(f"At most {MOST_BY_HAND} jobs a minute can be asked for", retry_after=wait)
    await request_run(transaction, organization_id, job, by, now)
    return RunRequest(job=job, requested_at=now, requested_by=by, retry_at=now + BY_HAND_EVERY)


async def requests(connection: AsyncConnection, organization_id: int) -> list[RunRequest]:
    """The last request of each job that was ever asked for by hand."""
    query = sa.select(c.job, c.requested_at, c.requested_by).where(c.organization_id == organization_id)
    return [
        RunRequest(
            job=row.job,
            requested_at=row.requested_at,
            requested_by=row.requested_by,
            retry_at=row.requested_at + BY_HAND_EVERY,
        )
        for row in (await connection.execute(query)).all()
    ]


async def _waits(connection: AsyncConnection, organization_id: int, job: str) -> bool:
    r = job_requests.c
    waits = sa.and_(r.organization_id == organization_id, r.job == job, r.key.endswith(":by_hand"))
    return bool((await connection.execute(sa.select(sa.exists().where(waits, r.started_at.is_(None))))).scalar_one())
