"""The database, and the one way to change it: do the work, commit, publish the facts, hand over the job requests."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError
from saq.queue.redis import RedisQueue
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from console import facts
from console.log import logger
from console.queue import job_queue
from console.store.after_commit import AfterCommit
from console.store.changes import KEPT_SECONDS, Changes
from console.store.direct_reads import DirectReads
from console.store.engines import open_engine, server_settings
from console.store.job_requests import JobRequest, RequestRelay, append_requests
from console.store.kept_counts import KeptCounts
from console.store.one_connection import OneConnection
from console.store.outbox import FactRelay, append_facts, item
from console.store.redis_clients import open_redis
from console.store.replica import ReplicaReads

Write = Callable[["Transaction"], Awaitable[None]]
Confirm = Callable[[AsyncConnection, Any], Awaitable[None]]


class Transaction:
    """Work on the database that happens as a whole or not at all, with the facts and job requests that it makes."""

    def __init__(self, connection: AsyncConnection, confirm: Confirm | None = None) -> None:
        self.connection = connection
        self.confirm = confirm  # where callers send requests: see acting.py
        self.items: list[str] = []
        self.requests: list[JobRequest] = []
        self.requests_released = (
            False  # requests of earlier transactions may be handed over once this one has committed
        )
        self.kept: list[Write] = []
        self.callers_changed = False  # what decides who calls, and what they may do

    def publish(self, organization_id: int, fact: facts.Fact) -> None:
        """Publish this fact once the transaction has committed."""
        self.items.append(item(organization_id, fact))

    def later(
        self,
        job: str,
        *,
        organization_id: int | None = None,
        key: str | None = None,
        due_at: datetime | None = None,
        **arguments: Any,
    ) -> None:
        """Ask for this job once the transaction has committed: the request is a row, and outlives a crash of anything.

        Requests with the same key want the same: those that wait are one. Arguments are what JSON can say.
        """
        self.requests.append(
            JobRequest(job=job, organization_id=organization_id, key=key, due_at=due_at, arguments=arguments)
        )

    def in_any_case(self, write: Write) -> None:
        """Write this with the transaction; if it is rolled back, in one of its own. A refused attempt is kept so."""
        self.kept.append(write)

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator[None]:
        """Work that may fail by itself: if it raises, its changes, facts and requests are as if never made."""
        items, requests = len(self.items), len(self.requests)
        try:
            async with self.connection.begin_nested():
                yield
        except BaseException:
            del self.items[items:], self.requests[requests:]
            raise


class Database:
    """PostgreSQL, the Redis that its changes are published to, and the queue of jobs."""

    def __init__(
        self,
        engine: AsyncEngine,
        redis: Redis,
        queue: RedisQueue,
        direct: DirectReads,
        replica: ReplicaReads,
        *,
        answers_first: bool = False,
    ) -> None:
        """`answers_first`: see AfterCommit."""
        self.engine = engine
        self.direct = direct
        self.replica = replica
        self.redis = redis
        self.queue = queue
        self.changes = Changes(redis)
        self.counts = KeptCounts(engine, redis)
        self.relay = FactRelay(engine, redis)
        self.requests = RequestRelay(engine, queue)
        self._after_commit = AfterCommit(self.relay, self.requests, answers_first=answers_first)
        self.confirm: Confirm | None = None  # raises NotAllowed if a caller's rights have ended since they were found
        self.export_turn = asyncio.Lock()  # of the part of an export that is made now: see giving_way

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection for questions: each statement sees the latest committed state."""
        async with self.engine.connect() as connection:
            yield await connection.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """A connection for questions that all see the state that the first one saw."""
        async with OneConnection(self.engine, kept=False).snapshot() as connection:
            yield connection

    @asynccontextmanager
    async def transaction(self, *, unseen: bool = False, published: bool = False) -> AsyncIterator[Transaction]:
        """Change rows. On leaving, facts and job requests are committed with them, then published and handed over.

        `unseen`: nothing that is kept in memory is made of these rows. `published`: it is left once its facts are, also
        where others are answered first, for they end what is kept.
        """
        kept: list[Write] = []
        try:
            async with self.engine.begin() as connection:
                transaction = Transaction(connection, self.confirm)
                kept = transaction.kept
                yield transaction
                for write in kept:
                    await write(transaction)
                await append_requests(connection, transaction.requests)
                if transaction.items:
                    await append_facts(connection, transaction.items)
        except Exception:
            if kept:
                await self._write_apart(kept)
            raise
        if not unseen:  # before the facts: who receives one may ask for the row, and must not get what was kept
            await self._report_change(transaction)
        hands_over = bool(transaction.requests) or transaction.requests_released
        await self._after_commit.follow(publishes=bool(transaction.items), hands_over=hands_over, waits=published)

    async def _report_change(self, transaction: Transaction) -> None:
        """Nothing kept is used from now on; of callers not even where Redis does not answer."""
        callers = transaction.callers_changed
        if not await self.changes.committed(callers=callers) and callers:
            await asyncio.sleep(KEPT_SECONDS)  # as long as anything is kept

    async def _write_apart(self, kept: Sequence[Write]) -> None:
        """What is kept of a transaction that was rolled back; the error that ended it is the one to be seen."""
        try:
            async with self.engine.begin() as connection:
                for write in kept:
                    await write(Transaction(connection))
        except Exception:
            logger(__name__).exception("what was to be kept of a transaction that was rolled back is lost")

    async def close(self) -> None:
        """Let go of every connection."""
        await self._after_commit.ended()
        await self.counts.close()
        with contextlib.suppress(RedisError, OSError, TimeoutError):  # it may never have been there
            await self.queue.disconnect()
        await self.changes.close()
        await self.redis.aclose()
        await self.direct.close()
        await self.replica.close()
        await self.engine.dispose()


def open_database(
    database_url: str, redis_url: str, *, connections: int = 10, statement_seconds: float | None = None
) -> Database:
    """The database at these addresses. PostgreSQL ends statements that take longer than `statement_seconds`."""
    return database_of(open_engine(database_url, connections, statement_seconds), redis_url, statement_seconds)


def database_of(
    engine: AsyncEngine,
    redis_url: str,
    statement_seconds: float | None = None,
    replica: AsyncEngine | None = None,
    *,
    answers_first: bool = False,
) -> Database:
    """The database of this engine, which is disposed of when the database is closed: another may take it then.

    `replica`: what exports and charts are read from. `answers_first`: see AfterCommit.
    """
    direct, reads = DirectReads(engine, server_settings(statement_seconds)), ReplicaReads(engine, replica)
    redis, queue = open_redis(redis_url), job_queue(open_redis(redis_url))
    return Database(engine, redis, queue, direct, reads, answers_first=answers_first)
