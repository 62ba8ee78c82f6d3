"""How many calls a second 1NCE lets a customer make."""

import math
import time
from collections.abc import Callable

from simulator.answers import gateway
from simulator.api.quirks import Quirks


class TokenBucket:
    """A bucket of tokens: `rate` a second, `most` saved up (a second's worth). A rate of 0 knows no limit."""

    def __init__(
        self, rate: float, quirks: Quirks, most: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._quirks = quirks
        self.rate = rate
        self._most = max(1.0, most if most is not None else rate)
        self._clock = clock
        self._tokens = self._most
        self._filled = clock()

    def take(self) -> None:
        """One request; refused with 429 and the whole seconds to wait when there have been too many."""
        if self.rate <= 0:
            return
        now = self._clock()
        self._tokens = min(self._most, self._tokens + (now - self._filled) * self.rate)
        self._filled = now
        if self._tokens < 1:
            wait = max(1, math.ceil((1 - self._tokens) / self.rate))
            headers = [(b"retry-after", str(wait).encode())] if self._quirks.retry_after else []
            raise gateway(429, "Too Many Requests", headers)
        self._tokens -= 1
