"""A run of a job, from its first line to its record: every job goes through here, once for each organization."""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import structlog
from msgspec import Struct, field

from console import metrics
from console.log import logger
from console.once.client import OnceClient
from console.once.errors import CircuitOpen, NotOffered, OnceError, Unexpected
from console.organizations import reads as organization_reads
from console.runs import writes
from console.runs.rules import RunState
from console.runs.writes import Tally
from console.settings import Settings
from console.store.database import Database
from jobs.polling.clients import Accounts

BEAT_SECONDS = 10.0
QUIET_SECONDS = 5.0  # a shorter run that went well is no news
log = logger("jobs")


class Shop(Struct, kw_only=True):
    """What every job on this worker works with."""

    settings: Settings
    db: Database
    accounts: Accounts
    taking: set[int] = field(default_factory=set)  # organizations whose posts are being taken in here
    patient: bool = False  # a poll goes on to the end of its minute, also while nobody is due


class Run(Struct, kw_only=True):
    """One run, for one organization (0: for the whole house). Jobs count what they see into the tally."""

    shop: Shop
    job: str
    organization_id: int
    once: OnceClient | None
    resumed: dict[str, Any] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)

    @property
    def db(self) -> Database:
        """The database."""
        return self.shop.db

    @property
    def client(self) -> OnceClient:
        """1NCE, for this organization."""
        assert self.once is not None, "only jobs made with needs_once=True speak to 1NCE"
        return self.once

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


Work = Callable[[Run], Awaitable[None]]
Job = Callable[..., Awaitable[None]]


def by_organization(*, needs_once: bool, alone: bool = True) -> Callable[[Work], Job]:
    """Make work for one organization a job: for the one that is named, else for all of them at once.

    With `needs_once`, organizations without an account at 1NCE are left out; with `alone`, a run that finds another run
    of the same job alive leaves it to that one.
    """

    def made(work: Work) -> Job:
        @functools.wraps(work)
        async def job(context: dict[str, Any], organization_id: int | None = None) -> None:
            shop: Shop = context["shop"]
            async with shop.db.reading() as connection:
                ids = [found.id for found in await organization_reads.every(connection)]
            wanted = [number for number in ids if organization_id in (None, number)]
            await asyncio.gather(*(_one(context, work, number, needs_once, alone) for number in wanted))

        return job

    return made


def for_the_house(work: Work) -> Job:
    """Make work that belongs to no organization a job."""

    @functools.wraps(work)
    async def job(context: dict[str, Any]) -> None:
        await _run(context, work, 0, None, alone=True)

    return job


async def _one(context: dict[str, Any], work: Work, organization_id: int, needs_once: bool, alone: bool) -> None:
    shop: Shop = context["shop"]
    once = await shop.accounts.client(organization_id) if needs_once else None
    if once is not None or not needs_once:
        await _run(context, work, organization_id, once, alone=alone)


async def _run(
    context: dict[str, Any], work: Work, organization_id: int, once: OnceClient | None, *, alone: bool
) -> None:
    """Do the work and record it: its beginning, a beat while it lives, its end with what it saw or what went wrong.

    What 1NCE does wrong fails the run with a sentence, and the next turn tries again; our own faults are raised.
    """
    shop: Shop = context["shop"]
    run = Run(shop=shop, job=work.__name__, organization_id=organization_id, once=once)
    began = run.now()
    async with shop.db.transaction() as transaction:
        begun = await writes.begin(transaction, organization_id or None, run.job, began, alone=alone)
    if begun is None:
        return
    run.resumed = begun.resumed
    beating = asyncio.create_task(_beat(run, begun.run_id, context))
    state = RunState.FAILED
    with structlog.contextvars.bound_contextvars(job=run.job, run_id=begun.run_id, organization_id=organization_id):
        try:
            await work(run)
            state = RunState.DONE
        except NotOffered as error:
            state, run.tally.error = RunState.DONE, error.message
        except CircuitOpen as error:  # said once when the line was opened; no fault of this run
            run.tally.error = str(error)
        except OnceError as error:
            run.tally.error = f"{type(error).__name__}: {error}"
            body = error.body[:2000].decode("utf-8", "replace") if isinstance(error, Unexpected) else None
            log.warning("1NCE failed the job", reason=str(error), body=body)
        except asyncio.CancelledError:
            state, run.tally.error = RunState.INTERRUPTED, "The worker was stopped"
            raise
        except Exception as error:
            run.tally.error = f"{type(error).__name__}: {error}"[:2000]
            raise
        finally:
            beating.cancel()
            await asyncio.shield(_finish(run, begun.run_id, state, began))


async def _finish(run: Run, run_id: int, state: RunState, began: datetime) -> None:
    now, tally = run.now(), run.tally
    metrics.job_runs.labels(run.job, state.value).inc()
    metrics.job_seconds.labels(run.job).observe((now - began).total_seconds())
    quiet = state is RunState.DONE and not tally.failed and (now - began).total_seconds() < QUIET_SECONDS
    level = log.debug if quiet else log.info
    level("run ended", state=state.value, seen=tally.seen, changed=tally.changed, failed=tally.failed)
    async with run.db.transaction() as transaction:
        await writes.finish(transaction, run_id, state, tally, now)


async def _beat(run: Run, run_id: int, context: dict[str, Any]) -> None:
    """Show signs of life to the database and to the queue, whatever happens to either."""
    while True:
        await asyncio.sleep(BEAT_SECONDS)
        try:
            async with run.db.transaction() as transaction:
                await writes.beat(transaction, run_id, run.tally, run.now())
            if job := context.get("job"):
                await job.update()
        except Exception:  # the beat must outlive a database or a Redis that is away for a moment
            metrics.loop_errors.labels("job_heartbeat").inc()
            log.warning("a beat was lost", exc_info=True)
