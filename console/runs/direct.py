"""The last run of each job, and the last runs of all, as prepared statements: how far each has come."""

from typing import Any

import sqlalchemy as sa

from console.runs.reads import PAGE
from console.runs.schedule import JOBS
from console.runs.tables import job_runs
from console.store.direct_reads import DirectReads, Question

c = job_runs.c


async def revisions_of_jobs(direct: DirectReads, organization_id: int) -> dict[str, int]:
    """Of each job that has run the revision of its last run."""
    return {row[0]: row[1] for row in await direct.rows(LAST, organization_id=organization_id)}


async def revisions_of_runs(direct: DirectReads, organization_id: int) -> dict[int, int]:
    """Of the last runs, as many as a page shows, their revisions by their ids, the newest first."""
    return {row[0]: row[1] for row in await direct.rows(RUNS, organization_id=organization_id)}


def _theirs() -> "sa.ColumnElement[bool]":
    return sa.or_(c.organization_id == sa.bindparam("organization_id", type_=sa.Integer), c.organization_id.is_(None))


def _revision() -> "sa.ColumnElement[int]":
    """As `JobRun.revision` has it."""
    return c.id * sa.literal_column("2") + sa.cast(c.finished_at.is_not(None), sa.Integer)


def _last() -> "sa.Select[Any]":
    listed = sa.literal([job.name for job in JOBS], sa.ARRAY(sa.Text))
    names = sa.func.unnest(listed).table_valued("job").render_derived("names")
    latest = (
        sa.select(c.job, _revision().label("revision"))
        .where(c.job == sa.cast(names.c.job, sa.Text), _theirs())
        .order_by(c.id.desc())
        .limit(sa.literal_column("1"))
        .lateral("latest")
    )
    return sa.select(latest).select_from(names.join(latest, sa.true()))


def _runs() -> "sa.Select[Any]":
    return sa.select(c.id, _revision()).where(_theirs()).order_by(c.id.desc()).limit(sa.literal_column(str(PAGE)))


LAST, RUNS = Question(_last), Question(_runs)
