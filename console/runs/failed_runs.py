"""Which runs of jobs have failed, by step of time."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from console.runs.rules import RunState
from console.runs.tables import job_runs

c = job_runs.c


async def failed_runs(
    connection: AsyncConnection, organization_id: int, since: datetime, step: timedelta, steps: int
) -> dict[int, dict[str, int]]:
    """The number of failed runs of each job by step, from 0: the organization's, and those for all."""
    number = sa.cast(
        sa.func.floor(sa.extract("epoch", c.started_at - sa.literal(since, c.started_at.type)) / step.total_seconds()),
        sa.Integer,
    )
    query = (
        sa.select(number.label("step"), c.job, sa.func.count().label("runs"))
        .where(sa.or_(c.organization_id == organization_id, c.organization_id.is_(None)))
        .where(c.state == RunState.FAILED, c.started_at >= since, c.started_at < since + step * steps)
        .group_by(sa.literal_column("1"), c.job)
        .order_by(sa.literal_column("1"), c.job)
    )
    found: dict[int, dict[str, int]] = {}
    for row in await connection.execute(query):
        found.setdefault(row.step, {})[row.job] = row.runs
    return found
