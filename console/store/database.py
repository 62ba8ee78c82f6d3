"""The database, and the one way to change it: do the work, commit, tell the facts, ask for the jobs."""

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import RedisError
from saq.queue.redis import RedisQueue
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from console import facts
from console.log import logger
from console.queue import job_queue, later
from console.store.outbox import Teller, item, put_down


class Transaction:
    """Work on the database that happens as a whole or not at all, with what is to be told and asked for after it."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Begin with nothing to tell."""
        self.connection = connection
        self.items: list[str] = []
        self.jobs: list[tuple[str, str | None, dict[str, Any]]] = []

    def tell(self, organization_id: int, fact: facts.Fact) -> None:
        """Tell this once the transaction has committed."""
        self.items.append(item(organization_id, fact))

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator[None]:
        """Work that may fail by itself: if it raises, its changes and what it would have told are as if never made."""
        items, jobs = len(self.items), len(self.jobs)
        try:
            async with self.connection.begin_nested():
                yield
        except BaseException:
            del self.items[items:], self.jobs[jobs:]
            raise

    def later(self, name: str, *, key: str | None = None, **kwargs: Any) -> None:
        """Ask for this job once the transaction has committed. What must not be lost needs a row that a sweep finds."""
        self.jobs.append((name, key, kwargs))


class Database:
    """PostgreSQL, the Redis that hears of its changes, and the queue of jobs."""

    def __init__(self, engine: AsyncEngine, redis: Redis, queue: RedisQueue) -> None:
        """Nothing is connected until the first question."""
        self.engine = engine
        self.redis = redis
        self.queue = queue
        self.teller = Teller(engine, redis)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection for questions: each statement sees the latest committed state."""
        async with self.engine.connect() as connection:
            yield await connection.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Change rows. On leaving, facts are committed with them, then told; then jobs are asked for."""
        async with self.engine.begin() as connection:
            transaction = Transaction(connection)
            yield transaction
            if transaction.items:
                await put_down(connection, transaction.items)
        if transaction.items:
            await self.teller.tell()
        for name, key, kwargs in transaction.jobs:
            try:
                await later(self.queue, name, key=key, **kwargs)
            except (RedisError, OSError, TimeoutError) as error:
                logger(__name__).warning("a job could not be asked for; a sweep will", job=name, reason=str(error))

    async def close(self) -> None:
        """Let go of every connection."""
        with contextlib.suppress(RedisError, OSError, TimeoutError):  # it may never have been there
            await self.queue.disconnect()
        await self.redis.aclose()
        await self.engine.dispose()


def in_each_others_way(error: DBAPIError) -> bool:
    """Whether PostgreSQL ended this transaction for another's sake (a deadlock): do it again."""
    return sqlstate(error).startswith("40")


def sqlstate(error: DBAPIError) -> str:
    """PostgreSQL's code for what went wrong; empty if the error is not PostgreSQL's."""
    return str(getattr(error.orig, "sqlstate", ""))


def open_database(
    database_url: str, redis_url: str, *, connections: int = 10, statement_seconds: float | None = None
) -> Database:
    """The database at these addresses. Redis answers within seconds or counts as away.

    `statement_seconds`: PostgreSQL ends every statement that takes longer.
    """
    server_settings = {"application_name": "console", "timezone": "UTC", "jit": "off"}
    if statement_seconds is not None:
        server_settings["statement_timeout"] = str(round(statement_seconds * 1000))
    engine = create_async_engine(
        database_url,
        pool_size=connections,
        max_overflow=0,
        pool_pre_ping=True,
        pool_recycle=1800,
        hide_parameters=True,  # errors are logged, and parameters hold phone numbers and messages
        connect_args={"server_settings": server_settings},
    )
    return Database(engine, open_redis(redis_url), job_queue(open_redis(redis_url)))


def open_redis(redis_url: str, *, retries: int = 2) -> Redis:
    """A Redis client: bytes in, bytes out. No answer within ten seconds counts as away."""
    retry = Retry(ExponentialBackoff(cap=0.5, base=0.05), retries=retries)  # the client's own would wait for long
    redis: Redis = Redis.from_url(redis_url, socket_connect_timeout=3, socket_timeout=10, protocol=2, retry=retry)
    return redis
