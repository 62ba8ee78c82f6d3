"""A run of a job, from its first line to its record: every job goes through here, once for each organization."""

import asyncio
import functools
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from msgspec import Struct, field

from console import metrics
from console.log import logger
from console.once.client import OnceClient
from console.once.errors import CircuitOpen, NotOffered, OnceError, Unexpected
from console.organizations import reads as organization_reads
from console.runs import writes
from console.runs.rules import BUSY_DELAY, RunState, retry_delay
from console.runs.schedule import BY_NAME
from console.runs.writes import Request, Tally
from console.settings import Settings
from console.store.database import Database, Transaction
from jobs.polling.clients import Accounts

HEARTBEAT_SECONDS = 10.0
QUIET_SECONDS = 5.0  # a shorter run that went well is not worth a line of the log
log = logger("jobs")


class WorkerContext(Struct, kw_only=True):
    """What every job on this worker works with."""

    settings: Settings
    db: Database
    accounts: Accounts
    running: set[tuple[Any, ...]] = field(default_factory=set)  # job, organization and arguments of runs in here
    patient: bool = False  # a poll goes on to the end of its minute, also while nobody is due


class Run(Struct, kw_only=True):
    """One run, for one organization (0: for the whole installation). Jobs count what they see into the tally."""

    worker: WorkerContext
    job: str
    organization_id: int
    once: OnceClient | None
    request: Request | None = None  # what it carries out; None for a run of the schedule
    arguments: dict[str, Any] = field(default_factory=dict)
    resumed: dict[str, Any] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)

    @property
    def db(self) -> Database:
        """The database."""
        return self.worker.db

    @property
    def client(self) -> OnceClient:
        """1NCE, for this organization."""
        assert self.once is not None, "only jobs made with needs_once=True speak to 1NCE"
        return self.once

    @property
    def identity(self) -> tuple[Any, ...]:
        """What no second run on the same worker does at the same time."""
        return self.job, self.organization_id, *sorted(self.arguments.items())

    def now(self) -> datetime:
        """The time, to the microsecond, UTC."""
        return datetime.now(UTC)

    def counted(self, *, seen: int = 0, changed: int = 0, failed: int = 0) -> None:
        """Add to the tally."""
        self.tally.seen += seen
        self.tally.changed += changed
        self.tally.failed += failed
        if changed:
            metrics.changes.labels(self.job).inc(changed)

    async def acknowledge(self, transaction: Transaction) -> None:
        """Say in the transaction that does the work that the request has been carried out: then it is done once.

        A job that does not call it is acknowledged when it returns, and may be run again if its worker is lost before.
        """
        if self.request is not None:
            await writes.acknowledge(transaction, self.request)


Work = Callable[..., Awaitable[None]]
Job = Callable[..., Awaitable[None]]


def by_organization(*, needs_once: bool, alone: bool = True) -> Callable[[Work], Job]:
    """Make work for one organization a job: for the one that is named, else for all of them at once.

    With `needs_once`, organizations without an account at 1NCE are left out. On one worker it runs once at a time for
    an organization and the same arguments; with `alone`, on all workers together. A run of the schedule that finds
    another is left out; a request waits until it can run.
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
                once = await worker.accounts.client(number) if needs_once else None
                if once is not None or not needs_once:
                    runs.append(_new(worker, work, number, once, asked, arguments))
            if not runs and asked is not None:
                log.warning("a job was asked for an organization that it can't run for", job=work.__name__)
                async with worker.db.transaction() as transaction:
                    await writes.acknowledge(transaction, asked)
            ended = await asyncio.gather(*(_do(context, run, work, alone) for run in runs), return_exceptions=True)
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
        await _do(context, _new(context["worker"], work, 0, None, asked, arguments), work, alone=True)

    return job


def _new(
    worker: WorkerContext,
    work: Work,
    organization_id: int,
    once: OnceClient | None,
    request: Request | None,
    arguments: dict[str, Any] | None,
) -> Run:
    return Run(
        worker=worker,
        job=work.__name__,
        organization_id=organization_id,
        once=once,
        request=request,
        arguments=arguments or {},
    )


async def _do(context: dict[str, Any], run: Run, work: Work, alone: bool) -> None:
    """Do the work and record it: its beginning, a heartbeat while it lives, its end, what it saw or what went wrong.

    What 1NCE does wrong fails the run with a sentence, and it is tried again; our own faults are raised.
    """
    began = run.now()
    if (run_id := await _begin(run, began, alone)) is None:
        return
    run.worker.running.add(run.identity)
    beating = asyncio.create_task(_heartbeat(run, run_id, context))
    state, retry_in = RunState.FAILED, retry_delay(run.request.attempt) if run.request else None
    limit = asyncio.timeout(BY_NAME[run.job].timeout.total_seconds())
    with structlog.contextvars.bound_contextvars(job=run.job, run_id=run_id, organization_id=run.organization_id):
        try:
            async with limit:
                await work(run, **run.arguments)
            state, retry_in = RunState.DONE, None
        except NotOffered as error:
            state, retry_in, run.tally.error = RunState.DONE, None, error.message
        except CircuitOpen as error:  # logged once when the circuit breaker opened; no fault of this run
            run.tally.error = str(error)
        except OnceError as error:
            retry_in = None if error.permanent else retry_in
            run.tally.error = f"{type(error).__name__}: {error}"
            body = error.body[:2000].decode("utf-8", "replace") if isinstance(error, Unexpected) else None
            log.warning("1NCE failed the job", reason=str(error), body=body)
        except asyncio.CancelledError:
            state, retry_in = RunState.INTERRUPTED, timedelta(0)
            run.tally.error = "The worker was stopped"
            raise
        except Exception as error:
            run.tally.error = f"{type(error).__name__}: {error}"[:2000]
            if limit.expired():
                run.tally.error = f"It took longer than {BY_NAME[run.job].timeout}"
            raise
        finally:
            beating.cancel()
            run.worker.running.discard(run.identity)
            await asyncio.shield(_finish(run, run_id, state, began, retry_in))


async def _begin(run: Run, now: datetime, alone: bool) -> int | None:
    """Record that the run begins, its request claimed before it looks for work. None if it has nothing to do, or
    another is at work: then its request waits.
    """
    busy = run.identity in run.worker.running
    if busy and run.request is None:
        return None
    organization_id = run.organization_id or None
    async with run.db.transaction() as transaction:
        busy |= await writes.wait_for_others(transaction, organization_id, run.job, now) and alone
        if run.request is not None:
            if not await writes.claim(transaction, run.request, now):
                return None
            if alone and await writes.done_meanwhile(transaction, organization_id, run.job, run.request):
                await writes.acknowledge(transaction, run.request)
                return None
            if busy:
                await writes.postpone(transaction, run.request, now, BUSY_DELAY)
        if busy:
            return None
        run.resumed = await writes.where_cut_off(transaction, organization_id, run.job)
        return await writes.begin(transaction, organization_id, run.job, now)


async def _finish(run: Run, run_id: int, state: RunState, began: datetime, retry_in: timedelta | None) -> None:
    """Record the end; the request is acknowledged with it, or waits for so long to be tried again."""
    now, tally = run.now(), run.tally
    metrics.job_runs.labels(run.job, state.value).inc()
    metrics.job_seconds.labels(run.job).observe((now - began).total_seconds())
    quiet = state is RunState.DONE and not tally.failed and (now - began).total_seconds() < QUIET_SECONDS
    level = log.debug if quiet else log.info
    level("run ended", state=state.value, seen=tally.seen, changed=tally.changed, failed=tally.failed)
    async with run.db.transaction() as transaction:
        await writes.finish(transaction, run_id, state, tally, now)
        if run.request is not None and retry_in is None:
            await writes.acknowledge(transaction, run.request)
        elif run.request is not None and retry_in is not None:
            await writes.postpone(transaction, run.request, now, retry_in)


async def _heartbeat(run: Run, run_id: int, context: dict[str, Any]) -> None:
    """Show signs of life to the database and to the queue, whatever happens to either."""
    while True:
        await asyncio.sleep(HEARTBEAT_SECONDS)
        try:
            async with run.db.transaction() as transaction:
                await writes.heartbeat(transaction, run_id, run.tally, run.now())
                if run.request is not None:
                    await writes.keep_claimed(transaction, run.request, run.now())
            if job := context.get("job"):
                await job.update()
        except Exception:  # the heartbeat must outlive a database or a Redis that is away for a moment
            metrics.loop_errors.labels("job_heartbeat").inc()
            log.warning("a heartbeat was lost", exc_info=True)
