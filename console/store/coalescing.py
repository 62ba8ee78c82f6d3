"""Work that many ask for at once, done one at a time: calls that come while it runs share one more run."""

import asyncio
from collections.abc import Awaitable, Callable


class Coalescing:
    """Runs the same work one at a time. Whoever asks gets a run that began after they asked."""

    def __init__(self, work: Callable[[], Awaitable[int]]) -> None:
        self._work = work
        self._lock = asyncio.Lock()
        self._asked = self._answered = 0

    async def run(self) -> int:
        """What the work returned, or 0 if another caller's run has answered this call too."""
        self._asked += 1
        mine = self._asked
        async with self._lock:
            if self._answered >= mine:
                return 0
            covered = self._asked
            done = await self._work()
            self._answered = covered
            return done
