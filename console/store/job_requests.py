"""Requests for jobs that must not be lost: rows, committed with the change that wants the job.

    transaction.later ----commit----> row, waiting --relay--> row, handed over --claim--> started --acknowledge--> gone
                                          ^                        |                        |
                                          |         sweep: Redis forgot it: asked again     |
                                          +----- postponed: busy, failed, or its worker was lost -----+

After the commit the relay hands waiting rows to the queue in their order. The run deletes its row when it has done the
work. Of one key, one row at a time is handed over: what is asked for while it waits or runs is one more row, handed
over when that run has ended. A request is carried out at least once; a job that may not act twice guards itself.

`append` never waits for anybody. It relies on a row of the same key that still waits by a shared lock on it, and a run
that would take such a row with it (`console.runs.writes.claim`) leaves out locked ones: so a run that looks for work
sees the work of everybody who relied on its row.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from msgspec import Struct, field
from redis.exceptions import RedisError
from saq.queue.redis import RedisQueue
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from console import metrics
from console.log import logger
from console.queue import enqueue
from console.store.coalescing import Coalescing
from console.store.locks import LAZY_COMMIT
from console.store.metadata import metadata, moment
from console.telemetry.trace_context import traceparent

AT_ONCE = 100  # requests handed over in one step
SILENT_AFTER = timedelta(seconds=45)  # a run that has shown no sign of life for so long is lost with its worker
FORGOTTEN_AFTER = timedelta(seconds=30)  # a request that has not been started by then is asked for again

job_requests = sa.Table(
    "job_requests",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("organization_id", sa.Integer),  # None: for the whole installation
    sa.Column("job", sa.Text, nullable=False),
    sa.Column("arguments", JSONB, nullable=False, server_default="{}"),
    sa.Column("key", sa.Text),  # requests with the same key want the same; None: each is one of its own
    sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("due_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("attempt", sa.Integer, nullable=False, server_default="1"),
    moment("handed_over_at"),  # and each sign of life of its run; None: it waits for the relay
    moment("started_at"),  # a run has claimed it
    moment("postponed_at"),  # the first time that it had to wait for another run
    sa.Column("traceparent", sa.Text),  # the trace in which it was asked for (W3C Trace Context)
)
c = job_requests.c


class JobRequest(Struct, frozen=True, kw_only=True):
    """What a job is asked to do, for whom and when. `due_at` None is at once; a key stands for job and arguments."""

    job: str
    organization_id: int | None = None
    key: str | None = None
    due_at: datetime | None = None
    arguments: dict[str, Any] = field(default_factory=dict)


async def append_requests(connection: AsyncConnection, requests: Sequence[JobRequest]) -> None:
    """Commit requests with the transaction. Call it last, with every row already changed."""
    for request in requests:
        due_at = sa.func.now() if request.due_at is None else sa.literal(request.due_at, c.due_at.type)
        if request.key is not None:
            same = sa.select(c.id).where(c.key == request.key, c.handed_over_at.is_(None), c.due_at <= due_at)
            relied_on = same.limit(1).with_for_update(read=True, key_share=True, skip_locked=True)
            if (await connection.execute(relied_on)).first():
                continue
        values = {"organization_id": request.organization_id, "job": request.job, "key": request.key}
        values["traceparent"] = traceparent.get()
        await connection.execute(sa.insert(job_requests).values(**values, arguments=request.arguments, due_at=due_at))


def _waiting() -> "sa.Select[Any]":
    """The first that wait, but for those with a key for which an earlier one is handed over or waits."""
    other = job_requests.alias("other")
    before = sa.select(other.c.id).where(
        other.c.key == c.key,
        sa.or_(other.c.handed_over_at.is_not(None), other.c.id < c.id),
        other.c.due_at <= sa.func.greatest(c.due_at, sa.func.now()),
    )
    waiting = sa.select(job_requests).where(c.handed_over_at.is_(None), ~before.exists())
    return waiting.order_by(c.id).limit(AT_ONCE)


def _note() -> "sa.Update":
    """That these, by id and attempt, are handed over."""
    asked = sa.tuple_(c.id, c.attempt).in_(sa.bindparam("asked", expanding=True))
    handed_over = sa.update(job_requests).where(asked, c.handed_over_at.is_(None))
    return handed_over.values(handed_over_at=sa.func.greatest(sa.func.now(), c.due_at))


class RequestRelay:
    """Hands committed requests to the queue. Rows stay until their runs have ended, so Redis may forget everything."""

    def __init__(self, engine: AsyncEngine, queue: RedisQueue) -> None:
        self._engine = engine
        self._queue = queue
        self._waiting = _waiting()
        self._note = _note()
        self._coalescing = Coalescing(self._hand_over_all)

    async def hand_over(self) -> int:
        """Hand over what waits and was committed before this call; how many. They wait on if Redis does not answer."""
        return await self._coalescing.run()

    async def sweep(self, now: datetime) -> int:
        """Hand over what a crash left, ask again for what Redis or a lost worker has lost; how many of all these."""
        lost = sa.and_(c.started_at.is_not(None), c.handed_over_at < now - SILENT_AFTER)
        again = sa.update(job_requests).where(lost)
        async with self._engine.begin() as connection:
            await connection.execute(again.values(attempt=c.attempt + 1, handed_over_at=None, started_at=None))
        quiet = sa.and_(c.started_at.is_(None), c.handed_over_at < now - FORGOTTEN_AFTER)
        async with self._engine.connect() as connection:
            rows = (
                await connection.execute(
                    sa.select(job_requests).where(quiet).order_by(c.handed_over_at, c.id).limit(AT_ONCE * 10)
                )
            ).all()
        forgotten = 0
        try:
            for row in rows:  # the queue takes no notice of those that it knows
                forgotten += await self._ask(row)
        except (RedisError, OSError, TimeoutError) as error:
            metrics.loop_errors.labels("job_requests").inc()
            logger(__name__).warning("the sweep could not ask again for jobs", reason=str(error))
            return forgotten
        if rows:
            async with self._engine.begin() as connection:
                looked_at = sa.and_(c.id.in_([row.id for row in rows]), quiet)
                await connection.execute(sa.update(job_requests).where(looked_at).values(handed_over_at=now))
        return forgotten + await self.hand_over()

    async def _hand_over_all(self) -> int:
        handed_over = 0
        try:
            more = True
            while more:
                some = await self._hand_over_some()
                handed_over, more = handed_over + some, some == AT_ONCE
        except (RedisError, OSError, TimeoutError, sa.exc.DBAPIError) as error:
            metrics.loop_errors.labels("job_requests").inc()
            logger(__name__).warning("job requests could not be handed over, they wait", reason=str(error))
        return handed_over

    async def _hand_over_some(self) -> int:
        """No lock is held while Redis is asked: whoever else hands over the same request does no harm."""
        async with self._engine.connect() as connection:
            rows = (await connection.execute(self._waiting)).all()
        if not rows:
            return 0
        for row in rows:
            await self._ask(row)
        async with self._engine.begin() as connection:
            await connection.execute(sa.select(LAZY_COMMIT))
            await connection.execute(self._note, {"asked": [(row.id, row.attempt) for row in rows]})
        return len(rows)

    async def _ask(self, row: "sa.Row[Any]") -> bool:
        now = datetime.now(UTC)
        return await enqueue(
            self._queue,
            row.job,
            key=f"request:{row.id}:{row.attempt}",
            due_at=row.due_at if row.due_at > now else None,
            organization_id=row.organization_id,
            request=[row.id, row.attempt],
            arguments=row.arguments,
            traceparent=row.traceparent,
        )
