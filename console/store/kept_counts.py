"""Counts that look at a whole fleet: dear ones are made aside, and shared by all readers, as of a moment."""

import asyncio
import time
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
LONGEST = timedelta(minutes=5)  # that one may take: no request waits for it


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
        self._counting: dict[str, asyncio.Task[Kept]] = {}

    async def close(self) -> None:
        """Count no further."""
        tasks = [*self._counting.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def latest(self, name: str, kind: type[Found], count: Count[Found]) -> Counted | None:
        """As of now where counting is cheap, else the latest; None: it is being counted, ask again.

        `name` says all that it depends on, `kind` is what `count` gives.
        """
        kept = await self._kept(name)
        if kept is None or not kept.lasts(datetime.now(UTC)):
            task = self._count_aside(name, count)
            if kept is None:
                await asyncio.wait([task], timeout=PATIENCE_SECONDS)
                if not task.done():
                    return None
                kept = task.result()
        return Counted(kept.as_of, msgspec.json.decode(kept.found, type=kind))

    def _count_aside(self, name: str, count: Count[Found]) -> "asyncio.Task[Kept]":
        if name not in self._counting:
            task = asyncio.create_task(self._count(name, count))
            self._counting[name] = task
            task.add_done_callback(lambda done: self._end(name, done))
        return self._counting[name]

    def _end(self, name: str, task: "asyncio.Task[Kept]") -> None:
        del self._counting[name]
        if not task.cancelled() and (error := task.exception()):  # what is kept stays, and the next reader begins again
            logger("counts").warning("what the fleet was asked could not be counted", exc_info=error)

    async def _count(self, name: str, count: Count[Found]) -> Kept:
        as_of, began = datetime.now(UTC), time.perf_counter()
        async with OneConnection(self._engine, kept=False).snapshot() as reading:
            longest = sa.func.set_config("statement_timeout", str(round(LONGEST.total_seconds() * 1000)), sa.true())
            await reading.execute(sa.select(longest))
            found = await count(reading)
        kept = Kept(as_of, time.perf_counter() - began, msgspec.Raw(msgspec.json.encode(found)))
        if kept.seconds > CHEAP_SECONDS:
            await self._keep(name, kept)
        return kept

    async def _keep(self, name: str, kept: Kept) -> None:
        try:
            await self._redis.set(_key(name), msgspec.json.encode(kept), ex=OLDEST)
        except (RedisError, OSError, TimeoutError):
            metrics.loop_errors.labels("kept_counts").inc()
            logger("counts").warning("what was counted could not be kept", exc_info=True)

    async def _kept(self, name: str) -> Kept | None:
        try:
            found = await self._redis.get(_key(name))
            return msgspec.json.decode(found, type=Kept) if found else None
        except (RedisError, OSError, TimeoutError, msgspec.DecodeError):  # the last: another release has kept it
            return None


def _key(name: str) -> str:
    return f"counts:{name}"
