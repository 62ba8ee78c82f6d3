"""How many calls a second 1NCE lets a customer make."""

import math
import time
from collections.abc import Callable

from simulator.answers import gateway


class Pace:
    """A bucket of tokens: `rate` a second, and no more than a second's worth saved up. A rate of 0 knows no limit."""

    def __init__(self, rate: float, most: float | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self._most = max(1.0, most if most is not None else rate)
        self._clock = clock
        self._tokens = self._most
        self._filled = clock()

    def take(self) -> None:
        """One call; refused with 429 and the whole seconds to wait when there have been too many."""
        if self.rate <= 0:
            return
        now = self._clock()
        self._tokens = min(self._most, self._tokens + (now - self._filled) * self.rate)
        self._filled = now
        if self._tokens < 1:
            wait = max(1, math.ceil((1 - self._tokens) / self.rate))
            raise gateway(429, "Too Many Requests", [(b"retry-after", str(wait).encode())])
        self._tokens -= 1
