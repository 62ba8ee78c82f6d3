"""How fast one kind of question may be asked: its part of the calls, and the parts of those who have nothing to ask."""

import asyncio
import time

from redis.exceptions import RedisError

from console.polling import reads
from console.polling.rules import FLOORS, Kind, Terms, allowed
from jobs.run import Run

TERMS_SECONDS = 15.0  # how long a look at the terms is good for
LEAST_SECONDS = 2.0  # for so long who has asked counts as still at work


class Spending:
    """Hands out moments to ask at. The kinds tell each other in Redis that they are at work, on whatever worker."""

    def __init__(self, run: Run, kind: Kind) -> None:
        """Nothing is spent yet."""
        self._run = run
        self._kind = kind
        self._terms: Terms | None = None
        self._look_at = 0.0
        self._next = 0.0

    async def moment(self, until: float = float("inf")) -> bool:
        """Wait for the next moment to ask at. False, at once, if it comes only after `until` (monotonic seconds)."""
        rate = await self.rate()
        at = max(time.monotonic(), self._next)
        if at >= until:
            return False
        self._next = at + 1 / rate
        await asyncio.sleep(at - time.monotonic())
        return True

    async def rate(self) -> float:
        """Calls a second that are this kind's now. Asking for it says that there is something to ask."""
        terms = await self._known()
        at_work = await self._others(1 / allowed(self._kind, FLOORS.keys() | {Kind.INVENTORY}, terms))
        return allowed(self._kind, at_work, terms)

    async def _known(self) -> Terms:
        if self._terms is None or time.monotonic() >= self._look_at:
            async with self._run.db.reading() as connection:
                self._terms = await reads.terms(connection, self._run.organization_id, self._run.now())
            self._look_at = time.monotonic() + TERMS_SECONDS
        return self._terms

    async def _others(self, between: float) -> set[Kind]:
        """Who else is at work; everybody, if Redis can't say. `between`: seconds between two calls at the slowest."""
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
