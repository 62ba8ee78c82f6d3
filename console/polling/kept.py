"""The report on polling as readers get it: counting a large fleet takes seconds, so all readers share one count."""

import asyncio
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import msgspec
from redis.exceptions import RedisError
from sqlalchemy.ext.asyncio import AsyncConnection

from console import metrics
from console.log import logger
from console.polling.on_screen import on_screen
from console.polling.report import Polling, polling
from console.store.database import Database

CHEAP_SECONDS = 0.1  # a count that takes no longer is made for each reader
PATIENCE_SECONDS = 0.5  # for one that takes longer no reader waits who can have an earlier one
SHARE = 20  # such a count is made at most once in so many times as long as it takes
OLDEST = timedelta(minutes=10)  # no reader gets an older one


class KeptReport(msgspec.Struct, frozen=True):
    """A report, and how many seconds it took to count."""

    report: Polling
    seconds: float

    def lasts(self, now: datetime) -> bool:
        """Whether it is too early to count anew."""
        return now - self.report.as_of <= min(timedelta(seconds=SHARE * self.seconds), OLDEST)


class PollingReports:
    """The latest report of each organization, in Redis for all web processes. While Redis is down, each is counted."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._one_at_a_time: dict[int, asyncio.Lock] = defaultdict(asyncio.Lock)  # by organization
        self._counting: dict[int, asyncio.Task[None]] = {}  # the same, while nobody waits

    async def latest(self, reading: AsyncConnection, organization_id: int, now: datetime) -> Polling:
        """The report as of now where counting is cheap; else the latest, which says its own `as_of`."""
        kept = await self._kept(organization_id)
        if kept is not None and not kept.lasts(now) and self._may_be_late(kept, now):
            self._count_aside(organization_id)
        elif kept is None or not kept.lasts(now):
            async with self._one_at_a_time[organization_id]:
                kept = await self._kept(organization_id)
                if kept is None or not kept.lasts(now):
                    kept = await self._count(reading, organization_id, now)
                    if kept.seconds > CHEAP_SECONDS:
                        await self.keep(organization_id, kept)
        return kept.report

    async def keep(self, organization_id: int, kept: KeptReport) -> None:
        """Give this one to all readers."""
        try:
            await self._db.redis.set(_key(organization_id), msgspec.json.encode(kept), ex=OLDEST)
        except (RedisError, OSError, TimeoutError):
            metrics.loop_errors.labels("polling_report").inc()
            logger("polling").warning("the report on polling could not be kept", exc_info=True)

    @staticmethod
    def _may_be_late(kept: KeptReport, now: datetime) -> bool:
        return kept.seconds > PATIENCE_SECONDS and now - kept.report.as_of <= OLDEST

    async def _kept(self, organization_id: int) -> KeptReport | None:
        try:
            found = await self._db.redis.get(_key(organization_id))
            return msgspec.json.decode(found, type=KeptReport) if found else None
        except (RedisError, OSError, TimeoutError, msgspec.DecodeError):  # the last: another release has kept it
            return None

    async def _count(self, reading: AsyncConnection, organization_id: int, now: datetime) -> KeptReport:
        began = time.perf_counter()
        screen = await on_screen(self._db.redis, organization_id, now)
        report = await polling(reading, organization_id, now, on_screen=len(screen))
        return KeptReport(report, time.perf_counter() - began)

    def _count_aside(self, organization_id: int) -> None:
        if organization_id not in self._counting:
            task = asyncio.create_task(self._count_for_the_next(organization_id))
            self._counting[organization_id] = task
            task.add_done_callback(lambda _: self._counting.pop(organization_id))

    async def _count_for_the_next(self, organization_id: int) -> None:
        try:
            async with self._db.snapshot() as reading:
                kept = await self._count(reading, organization_id, datetime.now(UTC))
            await self.keep(organization_id, kept)
        except Exception:  # the report that is kept stays, and the next reader begins again
            logger("polling").warning("the report on polling could not be counted", exc_info=True)


def _key(organization_id: int) -> str:
    return f"polling:report:{organization_id}"
