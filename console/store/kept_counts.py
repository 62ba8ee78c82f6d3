"""Counts that look at a whole fleet: dear ones are made aside, and shared by all readers, as of a moment."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from console import metrics
from console.log import logger
from console.store.one_connection import OneConnection

Found = TypeVar("Found")
Count = Callable[[AsyncConnection], Awaitable[Found]]

CHEAP_SECONDS = 0.1  # a count that takes no longer is made for each reader
PATIENCE_SECONDS = 1.0  # so long a reader waits for a count that nobody has made yet
SHARE = 20  # a dear count is made at most once in so many times as long as it takes
OLDEST = timedelta(minutes=10)  # no reader gets an older one
LONGEST = timedelta(minutes=1)  # that one may take: no request waits for it
AT_ONCE = 2  # counts that a process makes, one of an organization: each holds one of its connections
MOST_WANTED = 4  # of one organization that are being made or wait; more are not begun


class Kept(Struct, frozen=True):
    """What was counted, in JSON."""

    as_of: datetime
    seconds: float  # that it took
    found: msgspec.Raw

    def lasts(self, now: datetime) -> bool:
        """Whether it is too early to count anew."""
        return now - self.as_of <= min(timedelta(seconds=SHARE * self.seconds), OLDEST)


class Counted(Struct, frozen=True):
    """What was counted, and as of when."""

    as_of: datetime
    found: Any


class KeptCounts:
    """The latest of each, in Redis for all web processes. While Redis is down, each process counts for itself."""

    def __init__(self, engine: AsyncEngine, redis: Redis) -> None:
        self._engine = engine
        self._redis = redis
        self._counting: dict[tuple[int, str], asyncio.Task[Kept]] = {}
        self._turns: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._places = asyncio.Semaphore(AT_ONCE)

    async def close(self) -> None:
        """Count no further."""
        tasks = [*self._counting.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def latest(self, organization_id: int, name: str, kind: type[Found], count: Count[Found]) -> Counted | None:
        """As of now where counting is cheap, else the latest; None: it is being counted, ask again.

        `name` says all that it depends on beside the organization, `kind` is what `count` gives. Hold no connection.
        """
        kept = await self._kept(_key(organization_id, name))
        if kept is None or not kept.lasts(datetime.now(UTC)):
            task = self._count_aside(organization_id, name, count)
            if kept is None:
                if task is None or not (await asyncio.wait([task], timeout=PATIENCE_SECONDS))[0]:
                    return None
                kept = task.result()
        return Counted(kept.as_of, msgspec.json.decode(kept.found, type=kind))

    def _count_aside(self, organization_id: int, name: str, count: Count[Found]) -> "asyncio.Task[Kept] | None":
        if (task := self._counting.get((organization_id, name))) is not None:
            return task
        if sum(1 for whose, _ in self._counting if whose == organization_id) >= MOST_WANTED:
            return None
        task = asyncio.create_task(self._in_turn(organization_id, name, count))
        self._counting[organization_id, name] = task
        task.add_done_callback(lambda done: self._end((organization_id, name), done))
        return task

    async def _in_turn(self, organization_id: int, name: str, count: Count[Found]) -> Kept:
        async with self._turns[organization_id], self._places:
            return await self._count(_key(organization_id, name), count)

    def _end(self, asked: tuple[int, str], task: "asyncio.Task[Kept]") -> None:
        del self._counting[asked]
        if not task.cancelled() and (error := task.exception()):  # what is kept stays, and the next reader begins again
            logger("counts").warning("what the fleet was asked could not be counted", exc_info=error)

    async def _count(self, key: str, count: Count[Found]) -> Kept:
        as_of, began = datetime.now(UTC), time.perf_counter()
        async with OneConnection(self._engine, kept=False).snapshot() as reading:
            longest = sa.func.set_config("statement_timeout", str(round(LONGEST.total_seconds() * 1000)), sa.true())
            await reading.execute(sa.select(longest))
            found = await count(reading)
        kept = Kept(as_of, time.perf_counter() - began, msgspec.Raw(msgspec.json.encode(found)))
        if kept.seconds > CHEAP_SECONDS:
            await self._keep(key, kept)
        return kept

    async def _keep(self, key: str, kept: Kept) -> None:
        try:
            await self._redis.set(key, msgspec.json.encode(kept), ex=OLDEST)
        except (RedisError, OSError, TimeoutError):
            metrics.loop_errors.labels("kept_counts").inc()
            logger("counts").warning("what was counted could not be kept", exc_info=True)

    async def _kept(self, key: str) -> Kept | None:
        try:
            found = await self._redis.get(key)
            return msgspec.json.decode(found, type=Kept) if found else None
        except (RedisError, OSError, TimeoutError, msgspec.DecodeError):  # the last: another release has kept it
            return None


def _key(organization_id: int, name: str) -> str:
    return f"counts:{organization_id}:{name}"
