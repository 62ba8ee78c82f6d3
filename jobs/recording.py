"""Each run is recorded: its beginning, a heartbeat while it lives, its end; its request acknowledged or postponed."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog

from console import metrics
from console.log import logger
from console.once.errors import CircuitOpen, NotOffered, OnceError, Unexpected
from console.once.wire.masking import shape
from console.runs import reads, writes
from console.runs.rules import BUSY_DELAY, RunState, retry_delay
from console.runs.schedule import BY_NAME
from jobs.context import Run

HEARTBEAT_SECONDS = 10.0
QUIET_SECONDS = 5.0  # a shorter run that went well is not worth a line of the log
LOOK_NOTED_EVERY = timedelta(seconds=20)
Work = Callable[..., Awaitable[None]]
WorkWaits = Callable[[Run], Awaitable[bool]]
log = logger("jobs")


async def carry_out(
    context: dict[str, Any], run: Run, work: Work, *, alone: bool, work_waits: WorkWaits | None = None
) -> None:
    """Do the work and record it: its beginning, a heartbeat while it lives, its end, what it saw or what went wrong.

    A run of the schedule that `work_waits` finds no work for is none: that it looked is noted.
    What 1NCE does wrong fails the run with a sentence, and it is tried again; our own faults are raised.
    """
    if work_waits is not None and run.request is None and not await _look(run, work_waits):
        return
    began = run.now()
    if (run_id := await _begin(run, began, alone)) is None:
        return
    run.worker.running.add(run.identity)
    heartbeat = asyncio.create_task(_heartbeat(run, run_id, context))
    state, retry_in = RunState.FAILED, retry_delay(run.request.attempt) if run.request else None
    limit = asyncio.timeout(BY_NAME[run.job].timeout.total_seconds())
    with structlog.contextvars.bound_contextvars(job=run.job, run_id=run_id, organization_id=run.organization_id):
        try:
            async with limit:
                with run.traced():
                    await work(run, **run.arguments)
            state, retry_in = RunState.DONE, None
        except NotOffered as error:
            state, retry_in, run.tally.error = RunState.DONE, None, error.message
        except CircuitOpen as error:  # logged once when the circuit breaker opened; no fault of this run
            run.tally.error = str(error)
        except OnceError as error:
            retry_in = None if error.permanent else retry_in
            run.tally.error = f"{type(error).__name__}: {error}"
            form = form_of(error.body) if isinstance(error, Unexpected) else None
            log.warning("1NCE failed the job", reason=str(error), form=form)
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
            heartbeat.cancel()
            run.worker.running.discard(run.identity)
            await asyncio.shield(_finish(run, run_id, state, began, retry_in))


async def _look(run: Run, work_waits: WorkWaits) -> bool:
    """Whether there is work: a run that was lost is some, for the next one ends it. A look in vain is noted."""
    now = run.now()
    async with run.db.reading() as connection:
        lost = await reads.has_lost(connection, run.organization_id, run.job, now)
    if lost or await work_waits(run):
        run.worker.looked.pop(run.identity, None)
        return True
    noted_at = run.worker.looked.get(run.identity)
    if noted_at is None or now - noted_at >= LOOK_NOTED_EVERY:
        async with run.db.transaction() as transaction:
            await writes.note_look(transaction, run.organization_id, run.job, now)
        run.worker.looked[run.identity] = now
    return False


def form_of(body: bytes) -> str:
    """The form of an answer, for the log: its values name SIMs, their IMSI and their MSISDN."""
    try:
        return str(shape(msgspec.json.decode(body)))[:2000]
    except (msgspec.DecodeError, RecursionError):
        return f"no JSON, {len(body)} bytes"


async def _begin(run: Run, now: datetime, alone: bool) -> int | None:
    """Record that the run begins, its request claimed before it looks for work. None if it has nothing to do, or
    another is at work: then its request waits.
    """
    busy = run.identity in run.worker.running
    if busy and run.request is None:
        return None
    organization_id = run.organization_id or None
    async with run.db.transaction() as transaction:
        if alone:
            busy |= await writes.wait_for_others(transaction, organization_id, run.job, now)
        else:  # without the lock: a worker that stands still while it begins a run would hold up those of all others
            await writes.close_lost(transaction, organization_id, run.job, now)
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
        except Exception:  # the heartbeat must outlive a database or a Redis that does not answer
            metrics.loop_errors.labels("job_heartbeat").inc()
            log.warning("a heartbeat was lost", exc_info=True)
