"""A job of the schedule that finds no work leaves no run; when it looked is known."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from console.runs import reads
from console.runs.rules import RunState
from console.runs.tables import job_runs
from console.silences import reads as silence_reads
from console.silences import writes as silence_writes
from console.silences.bodies import NewSilence, WindowSetting
from console.silences.rules import Label, Matcher
from console.silences.tables import silences
from jobs.announce_silences import announce_silences
from jobs.deliver import deliver
from jobs.judge_alerts import judge_alerts
from jobs.run import Job
from jobs.run_bulk_actions import run_bulk_actions
from jobs.settle import settle
from jobs.take_in_posts import take_in_posts
from tests.jobs.conftest import Acme
from tests.jobs.test_stream import take, usage

pytestmark = pytest.mark.one_edition


async def recorded(acme: Acme, job: str) -> list[str]:
    async with acme.worker.db.reading() as connection:
        return [run.state for run in await reads.runs(connection, acme.id, job=job)]


async def test_a_look_in_vain_leaves_no_run_but_when_it_was(acme: Acme) -> None:
    began = datetime.now(UTC)
    await acme.run(take_in_posts)
    await acme.run(judge_alerts)
    assert (await recorded(acme, "take_in_posts"), await recorded(acme, "judge_alerts")) == ([], ["done"])
    for _ in range(3):
        await acme.run(judge_alerts)
        await acme.run(take_in_posts)
    assert await recorded(acme, "judge_alerts") == ["done"]
    async with acme.worker.db.reading() as connection:
        schedule = {job.name: job for job in await reads.schedule(connection, acme.id, datetime.now(UTC))}
    for name in ("judge_alerts", "take_in_posts"):
        checked_at = schedule[name].checked_at
        assert checked_at is not None
        assert began < checked_at <= datetime.now(UTC)
    assert schedule["sync_sims"].checked_at is None
    await take(acme, [usage(1, 2.0)])
    assert await recorded(acme, "take_in_posts") == ["done"]


async def test_a_run_that_was_lost_is_ended_by_the_next_look(acme: Acme) -> None:
    await acme.run(take_in_posts)
    lost = datetime.now(UTC) - timedelta(minutes=5)
    values = {"organization_id": acme.id, "job": "take_in_posts", "started_at": lost, "heartbeat_at": lost}
    async with acme.worker.db.transaction() as transaction:
        await transaction.connection.execute(sa.insert(job_runs).values(**values, state=RunState.RUNNING))
    await acme.run(take_in_posts)
    assert await recorded(acme, "take_in_posts") == ["done", "interrupted"]


async def test_jobs_that_look_each_minute_leave_a_run_only_where_they_find_work(acme: Acme) -> None:
    jobs: dict[str, Job] = {
        "settle": settle,
        "deliver": deliver,
        "announce_silences": announce_silences,
        "run_bulk_actions": run_bulk_actions,
    }
    for job in jobs.values():
        await acme.run(job)
    assert {name: await recorded(acme, name) for name in jobs} == {name: [] for name in jobs}
    now = datetime.now(UTC)
    matchers = [Matcher(label=Label.OPERATOR, values=["DTAG"])]
    coming = now + timedelta(minutes=5)
    async with acme.worker.db.transaction() as transaction:
        silence = NewSilence(matchers=matchers, reason="works", ends_at=coming)
        await silence_writes.add_silence(transaction, acme.id, silence, "ada", now, long=False)
        window = WindowSetting(
            name="Works", matchers=matchers, time_zone="UTC", first_begin=f"{coming:%Y-%m-%dT%H:%M}", length_minutes=60
        )
        await silence_writes.add_window(transaction, acme.id, window, "ada", now)
    await acme.run(announce_silences)
    assert await recorded(acme, "announce_silences") == []
    opens = coming.replace(second=0, microsecond=0)
    async with acme.worker.db.reading() as connection:
        moments = (opens - timedelta(minutes=2), opens - timedelta(seconds=60), opens, coming)
        due = [await silence_reads.work_waits(connection, acme.id, moment) for moment in moments]
    assert due == [False, True, True, True]
    async with acme.worker.db.transaction() as transaction:
        await transaction.connection.execute(sa.update(silences).values(ends_at=now))
    await acme.run(announce_silences)
    await acme.run(announce_silences)
    assert await recorded(acme, "announce_silences") == ["done"]
