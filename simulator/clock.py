"""The clock that moves the fleet on while real time passes."""

import asyncio
import time

from simulator.fleet.fleet import Fleet

INTERVAL = 0.1  # seconds
BUDGET = 0.04  # seconds of an interval that the fleet may take, so that requests are still answered
LONGEST_STEP = 5.0  # seconds of real time caught up after a standstill of the machine, at most


class FleetClock:
    """Moves the fleet on by `speed` simulated seconds for each real one, unless it is still. Start `run` as a task."""

    def __init__(self, fleet: Fleet, speed: float, still: bool) -> None:
        self._fleet = fleet
        self.speed = speed
        self.still = still

    async def run(self) -> None:
        last = time.monotonic()
        while True:
            await asyncio.sleep(INTERVAL)
            now = time.monotonic()
            passed, last = min(LONGEST_STEP, now - last), now
            if not self.still:
                self._fleet.advance(passed * self.speed, now + BUDGET)
