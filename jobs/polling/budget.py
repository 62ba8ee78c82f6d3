"""How fast one kind of poll may call 1NCE: its share of the rate limit, and the shares of inactive kinds."""

import asyncio
import time

from redis.exceptions import RedisError

from console.polling import reads
from console.polling.rules import FLOORS, Kind, Terms, calls_allowed
from jobs.run import Run

TERMS_SECONDS = 15.0  # how long the terms are kept before they are read again
LEAST_SECONDS = 2.0  # a kind counts as active at least this long after a call


class PollBudget:
    """Spaces the calls of one kind of poll. Which kinds are active is kept in Redis, for all workers together."""

    def __init__(self, run: Run, kind: Kind) -> None:
        self._run = run
        self._kind = kind
        self._terms: Terms | None = None
        self._look_at = 0.0
        self._next = 0.0

    async def acquire(self, until: float = float("inf")) -> bool:
        """Wait until the next call may be made. False, at once, if that is after `until` (monotonic seconds)."""
        rate = await self.rate()
        at = max(time.monotonic(), self._next)
        if at >= until:
            return False
        self._next = at + 1 / rate
        await asyncio.sleep(at - time.monotonic())
        return True

    async def rate(self) -> float:
        """Calls a second of this kind now. Marks the kind as active."""
        terms = await self._current_terms()
        active = await self._active(1 / calls_allowed(self._kind, FLOORS.keys() | {Kind.INVENTORY}, terms))
        return calls_allowed(self._kind, active, terms)

    async def _current_terms(self) -> Terms:
        if self._terms is None or time.monotonic() >= self._look_at:
            async with self._run.db.reading() as connection:
                self._terms = await reads.terms(connection, self._run.organization_id, self._run.now())
            self._look_at = time.monotonic() + TERMS_SECONDS
        return self._terms

    async def _active(self, between: float) -> set[Kind]:
        """The active kinds; all while Redis is down. `between`: the longest time between two calls, in seconds."""
        redis, key, now = self._run.db.redis, f"polling:{self._run.organization_id}", time.time()
        try:
            async with redis.pipeline(transaction=False) as pipeline:
                pipeline.hset(key, self._kind.value, str(now + max(LEAST_SECONDS, 2 * between)))
                pipeline.expire(key, 600)
                pipeline.hgetall(key)
                *_, found = await pipeline.execute()
        except (RedisError, OSError, TimeoutError):
            return set(Kind)
        return {kind for kind in Kind if float(found.get(kind.value.encode(), 0)) > now}
