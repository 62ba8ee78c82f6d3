"""The heartbeat that lets the fleet live while real time passes."""

import asyncio
import time

from simulator.fleet.fleet import Fleet

BEAT = 0.1  # seconds
BUDGET = 0.04  # seconds of a beat that the fleet may take, so that the doors stay open
LEAP = 5.0  # seconds of real time caught up after a standstill of the machine, at most


class Pulse:
    """Moves the fleet on by `speed` simulated seconds for each real one, unless it is still. Start `run` as a task."""

    def __init__(self, fleet: Fleet, speed: float, still: bool) -> None:
        self._fleet = fleet
        self.speed = speed
        self.still = still

    async def run(self) -> None:
        last = time.monotonic()
        while True:
            await asyncio.sleep(BEAT)
            now = time.monotonic()
            passed, last = min(LEAP, now - last), now
            if not self.still:
                self._fleet.advance(passed * self.speed, now + BUDGET)
