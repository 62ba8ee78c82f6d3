"""Makes a function a job: a run of it for each organization, or one for the whole installation."""

import asyncio
import functools
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from console.log import logger
from console.once.client import OnceClient
from console.organizations import reads as organization_reads
from console.runs import writes
from console.runs.schedule import BY_NAME
from console.runs.writes import Request
from jobs.context import Run, WorkerContext
from jobs.recording import Work, WorkWaits, carry_out

__all__ = ["Job", "Run", "WorkerContext", "by_organization", "for_installation"]
log = logger("jobs")
Job = Callable[..., Awaitable[None]]


def by_organization(
    *, needs_once: bool, alone: bool = True, work_waits: WorkWaits | None = None
) -> Callable[[Work], Job]:
    """Make work for one organization a job: for the one that is named, else for all of them at once.

    With `needs_once`, organizations without an account at 1NCE are left out. On one worker it runs once at a time for
    an organization and the same arguments; with `alone`, on all workers together. A run of the schedule that finds
    another is left out; a request waits until it can run. With `work_waits`, a run of the schedule that it finds no
    work for leaves no record but when it looked.
    """

    def made(work: Work) -> Job:
        assert BY_NAME[work.__name__].by_organization, "the table of jobs says otherwise"

        @functools.wraps(work)
        async def job(
            context: dict[str, Any],
            organization_id: int | None = None,
            request: Sequence[int] | None = None,
            arguments: dict[str, Any] | None = None,
        ) -> None:
            worker: WorkerContext = context["worker"]
            asked = None if request is None else Request(*request)
            async with worker.db.reading() as connection:
                ids = [found.id for found in await organization_reads.every(connection)]
            runs = []
            for number in ids:
                if organization_id not in (None, number):
                    continue
                once = await worker.once_clients.client(number) if needs_once else None
                if once is not None or not needs_once:
                    runs.append(_new(context, work, number, once, asked, arguments))
            if not runs and asked is not None:
                log.warning("a job was asked for an organization that it can't run for", job=work.__name__)
                async with worker.db.transaction() as transaction:
                    await writes.acknowledge(transaction, asked)
            each = (carry_out(context, run, work, alone=alone, work_waits=work_waits) for run in runs)
            ended = await asyncio.gather(*each, return_exceptions=True)
            for error in ended:
                if error is not None:
                    raise error

        return job

    return made


def for_installation(work: Work) -> Job:
    """Make work that belongs to no organization a job. It runs once at a time."""
    assert not BY_NAME[work.__name__].by_organization, "the table of jobs says otherwise"

    @functools.wraps(work)
    async def job(
        context: dict[str, Any],
        organization_id: int | None = None,
        request: Sequence[int] | None = None,
        arguments: dict[str, Any] | None = None,
    ) -> None:
        asked = None if request is None else Request(*request)
        await carry_out(context, _new(context, work, 0, None, asked, arguments), work, alone=True)

    return job


def _new(
    context: dict[str, Any],
    work: Work,
    organization_id: int,
    once: OnceClient | None,
    request: Request | None,
    arguments: dict[str, Any] | None,
) -> Run:
    job = context.get("job")  # of the queue; absent where a test runs it
    return Run(
        worker=context["worker"],
        job=work.__name__,
        organization_id=organization_id,
        once=once,
        request=request,
        arguments=arguments or {},
        traceparent=job.meta.get("traceparent") if job else None,
    )
