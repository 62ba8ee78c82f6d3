"""A job of the schedule that finds no work leaves no run; when it looked is known."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from console.runs import reads
from console.runs.rules import RunState
from console.runs.tables import job_runs
from jobs.judge_alerts import judge_alerts
from jobs.take_stream import take_stream
from tests.jobs.conftest import Acme
from tests.jobs.test_stream import take, usage

pytestmark = pytest.mark.one_edition


async def recorded(acme: Acme, job: str) -> list[str]:
    async with acme.worker.db.reading() as connection:
        return [run.state for run in await reads.runs(connection, acme.id, job=job)]


async def test_a_look_in_vain_leaves_no_run_but_when_it_was(acme: Acme) -> None:
    began = datetime.now(UTC)
    await acme.run(take_stream)
    await acme.run(judge_alerts)
    assert (await recorded(acme, "take_stream"), await recorded(acme, "judge_alerts")) == ([], ["done"])
    for _ in range(3):
        await acme.run(judge_alerts)
        await acme.run(take_stream)
    assert await recorded(acme, "judge_alerts") == ["done"]
    async with acme.worker.db.reading() as connection:
        schedule = {job.name: job for job in await reads.schedule(connection, acme.id, datetime.now(UTC))}
    for name in ("judge_alerts", "take_stream"):
        checked_at = schedule[name].checked_at
        assert checked_at is not None
        assert began < checked_at <= datetime.now(UTC)
    assert schedule["sync_sims"].checked_at is None
    await take(acme, [usage(1, 2.0)])
    assert await recorded(acme, "take_stream") == ["done"]


async def test_a_run_that_was_lost_is_ended_by_the_next_look(acme: Acme) -> None:
    await acme.run(take_stream)
    lost = datetime.now(UTC) - timedelta(minutes=5)
    values = {"organization_id": acme.id, "job": "take_stream", "started_at": lost, "heartbeat_at": lost}
    async with acme.worker.db.transaction() as transaction:
        await transaction.connection.execute(sa.insert(job_runs).values(**values, state=RunState.RUNNING))
    await acme.run(take_stream)
    assert await recorded(acme, "take_stream") == ["done", "interrupted"]
