"""Questions about the runs of jobs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.facts.jobs import JobRun
from console.runs.rules import LOST_AFTER, RunState, next_run
from console.runs.schedule import JOBS
from console.runs.tables import job_looks, job_runs

c = job_runs.c
PAGE = 50  # runs that a page shows
COLUMNS = tuple(c[name] for name in JobRun.__struct_fields__)


class JobState(Struct, frozen=True, kw_only=True):
    """A job of the schedule with its last run."""

    name: Annotated[str, Meta(description="The job's name.", examples=["sync_sims"])]
    title: Annotated[str, Meta(description="The same for people.", examples=["Inventory"])]
    description: Annotated[
        str,
        Meta(
            description="What it does.",
            examples=["Reads 1NCE's inventory: which SIMs there are, their labels and whether they are enabled"],
        ),
    ]
    every: Annotated[str, Meta(description="How often it runs.", examples=["15 minutes"])]
    next_run_at: Annotated[
        datetime | None,
        Meta(
            description="When it runs next; null for a job that only something else asks for.",
            examples=["2026-11-20T10:15:00Z"],
        ),
    ]
    last_run: Annotated[JobRun | None, Meta(description="Its last run; null if it never ran.")]
    checked_at: Annotated[
        datetime | None,
        Meta(
            description="When it last looked for work and found none (such a look is no run), to the half minute.",
            examples=["2026-11-20T10:00:00Z"],
        ),
    ]
    by_hand: Annotated[
        bool, Meta(description="Whether a run of it may be asked for outside its schedule.", examples=[True])
    ]
    failures_24h: Annotated[int, Meta(description="How many runs failed in the last 24 hours.", examples=[0])]


def _theirs(organization_id: int) -> "sa.ColumnElement[bool]":
    return sa.or_(c.organization_id == organization_id, c.organization_id.is_(None))


async def runs(
    connection: AsyncConnection,
    organization_id: int,
    *,
    job: str | None = None,
    state: str | None = None,
    limit: int = 50,
    installation: bool = False,
) -> list[JobRun]:
    """Runs, the newest first: the organization's own, and those for the whole installation; or only the latter."""
    where = [*([c.job == job] if job else []), *([c.state == state] if state else [])]
    owners = (None,) if installation else (organization_id, None)
    found = _newest(owners, where, limit, by_job=bool(job)).subquery("found")
    rows = await connection.execute(sa.select(found).order_by(found.c.id.desc()).limit(limit))
    return [JobRun(**row._mapping) for row in rows]


def _newest(
    owners: Sequence[int | None],
    where: "Sequence[sa.ColumnElement[bool]]",
    limit: int,
    *,
    by_job: bool,
    beside: sa.FromClause | None = None,
) -> "sa.CompoundSelect[*tuple[Any, ...]]":
    """So many of each owner, each by an index that has them in this order: no other run is looked at.

    `beside`: the table of which each row asks.
    """
    mine = [c.organization_id.is_(None) if one is None else c.organization_id == one for one in owners]
    # As the index has it: else PostgreSQL does not see that rows of NULL, or of the job of another row, are in order.
    order = [c.organization_id, *([c.job] if by_job else []), c.id.desc()]
    each = [sa.select(*COLUMNS).where(one, *where).order_by(*order).limit(limit) for one in mine]
    return sa.union_all(*(each if beside is None else [one.correlate(beside) for one in each]))


async def schedule(connection: AsyncConnection, organization_id: int, now: datetime) -> list[JobState]:
    """Every job with the time of its next run, its last run and how often it failed in the last 24 hours."""
    names = (
        sa.func.unnest(sa.literal([job.name for job in JOBS], sa.ARRAY(sa.Text)))
        .table_valued("job")
        .render_derived("names")
    )
    of_job = [c.job == sa.cast(names.c.job, sa.Text)]
    ones = _newest((organization_id, None), of_job, 1, by_job=True, beside=names).subquery("ones")
    latest = sa.select(ones).order_by(ones.c.id.desc()).limit(1).lateral("latest")
    rows = (await connection.execute(sa.select(latest).select_from(names.join(latest, sa.true())))).all()
    last = {row.job: JobRun(**row._mapping) for row in rows}
    failed = sa.select(c.job, sa.func.count().label("n")).where(
        _theirs(organization_id),
        c.state == RunState.FAILED,
        c.started_at > sa.literal(now, sa.DateTime(timezone=True)) - sa.text("INTERVAL '24 hours'"),
    )
    failures = {row.job: row.n for row in (await connection.execute(failed.group_by(c.job))).all()}
    looks = sa.select(job_looks.c.job, job_looks.c.looked_at).where(job_looks.c.organization_id == organization_id)
    looked = {row.job: row.looked_at for row in (await connection.execute(looks)).all()}
    return [
        JobState(
            name=job.name,
            title=job.title,
            description=job.description,
            every=job.every,
            next_run_at=next_run(job, now),
            last_run=last.get(job.name),
            checked_at=looked.get(job.name),
            by_hand=job.not_by_hand is None,
            failures_24h=failures.get(job.name, 0),
        )
        for job in JOBS
    ]


async def last_done(connection: AsyncConnection, organization_id: int, job: str) -> JobRun | None:
    """The last run of this job that ended well: what it keeps is as old as this."""
    row = (await connection.execute(last_done_query(organization_id, job))).first()
    return JobRun(**row._mapping) if row else None


def last_done_query(organization_id: "int | sa.BindParameter[int]", job: str) -> "sa.Select[Any]":
    """The SELECT of `last_done`."""
    query = sa.select(*COLUMNS).where(c.organization_id == organization_id, c.job == job, c.state == RunState.DONE)
    return query.order_by(c.id.desc()).limit(sa.literal_column("1"))


async def has_lost(connection: AsyncConnection, organization_id: int, job: str, now: datetime) -> bool:
    """Whether a run of this job is recorded as running and gives no sign of life."""
    mine = sa.and_(c.organization_id == organization_id, c.job == job, c.state == RunState.RUNNING)
    query = sa.select(sa.exists().where(mine, c.heartbeat_at < now - LOST_AFTER))
    return bool((await connection.execute(query)).scalar_one())
