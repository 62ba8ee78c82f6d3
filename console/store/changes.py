"""Whether anything was changed since a moment: a word in Redis that each transaction replaces when it has committed.

Who reads the word, then the database, has what nobody needs to read again for as long as the word stays the same. A
change that could not be said to Redis is seen after KEPT_SECONDS, which is as long as anything is kept.
"""

import asyncio
import os
from contextlib import suppress

from msgspec import Struct
from redis.asyncio import Redis
from redis.exceptions import RedisError

from console import metrics
from console.log import logger
from console.store.coalescing import Coalescing

KEPT_SECONDS = 5.0
WAIT_SECONDS = 0.5  # that a transaction waits for a Redis that does not answer
RETRY_SECONDS = 0.2
ROWS, CALLERS = "changed:rows", "changed:callers"
WORDS = (ROWS, CALLERS)
AWAY = (RedisError, OSError, TimeoutError)


class Changed(Struct, frozen=True):
    """The words as they were: of rows of any kind, and of what decides who calls. None: Redis is away, keep nothing."""

    rows: bytes | None = None
    callers: bytes | None = None


class Changes:
    """Replaces the words. Transactions that commit at about the same time share one command."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._coalescing = Coalescing(self._replace)
        self._wanted: set[str] = set()
        self._trying: asyncio.Task[None] | None = None
        self.number = self.of_callers = 0  # of this process's own transactions: nothing kept outlives one of them

    async def committed(self, *, callers: bool = False) -> bool:
        """A transaction has committed; `callers`: with what decides who calls. Whether Redis knows it now.

        Waits WAIT_SECONDS at most; then it is tried further beside.
        """
        self.number += 1
        self.of_callers += callers
        self._wanted.update(WORDS if callers else (ROWS,))
        if self._trying is not None:
            return False
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._coalescing.run()
        except AWAY:
            self._try_beside()
            return False
        except asyncio.CancelledError:
            self._try_beside()
            raise
        return True  # what is wanted by now is that of others, who wait for their own

    def _try_beside(self) -> None:
        if self._wanted and self._trying is None:
            self._trying = asyncio.get_running_loop().create_task(self._try())

    async def close(self) -> None:
        """Try no further."""
        if self._trying is not None:
            self._trying.cancel()

    async def _replace(self) -> int:
        wanted, self._wanted = self._wanted, set()
        try:
            if wanted:
                await self._redis.mset({name: os.urandom(9) for name in wanted})
        except BaseException:
            self._wanted |= wanted
            raise
        return len(wanted)

    async def _try(self) -> None:
        logger(__name__).warning("Redis was not informed of a change: answers may be as old", seconds=KEPT_SECONDS)
        try:
            while self._wanted:
                metrics.changes_unpublished.inc()
                await asyncio.sleep(RETRY_SECONDS)
                with suppress(*AWAY):
                    await self._replace()
        finally:
            self._trying = None
