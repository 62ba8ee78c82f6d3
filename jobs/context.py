"""What a run of a job works with: the worker's parts, the organization, the request that it carries out."""

from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct, field

from console import metrics
from console.once.client import OnceClient
from console.runs import writes
from console.runs.writes import Request, Tally
from console.settings import Settings
from console.store.database import Database, Transaction
from console.telemetry.tracing import Tracing
from jobs.polling.clients import OnceClients


class WorkerContext(Struct, kw_only=True):
    """What every job on this worker works with."""

    settings: Settings
    db: Database
    once_clients: OnceClients
    running: set[tuple[Any, ...]] = field(default_factory=set)  # job, organization and arguments of runs in here
    looked: dict[tuple[Any, ...], datetime] = field(default_factory=dict)  # when a look that found no work was noted
    tracing: Tracing | None = None
    continuous: bool = False  # a poll goes on to the end of its minute, also while no SIM is due


class Run(Struct, kw_only=True):
    """One run, for one organization (0: for the whole installation). Jobs count what they see into the tally."""

    worker: WorkerContext
    job: str
    organization_id: int
    once: OnceClient | None
    request: Request | None = None  # what it carries out; None for a run of the schedule
    arguments: dict[str, Any] = field(default_factory=dict)
    traceparent: str | None = None  # the trace in which it was asked for
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

    def traced(self) -> AbstractContextManager[None]:
        """A span around the work, in the trace in which it was asked for; nothing where nothing is traced."""
        tracing = self.worker.tracing
        return nullcontext() if tracing is None else tracing.run(self.job, self.organization_id, self.traceparent)

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
