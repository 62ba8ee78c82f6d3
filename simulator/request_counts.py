"""How often each handler was called, second by second, for the last two hours."""

import time
from collections.abc import Callable
from typing import Any

KEPT = 7200  # seconds


class RequestCounts:
    """Counts calls by path template, status and second of the wall clock."""

    def __init__(self, wall: Callable[[], float] = time.time) -> None:
        self._wall = wall
        self._totals: dict[str, dict[str, int]] = {}
        self._seconds: dict[int, dict[str, int]] = {}
        self._second = 0
        self._now: dict[str, int] = {}

    def count(self, handler: str, status: str) -> None:
        """One request of a handler such as "GET /management-api/v2/sims"; dropped ones have the status "dropped"."""
        second = int(self._wall())
        if second != self._second:
            self._turn(second)
        self._now[handler] = self._now.get(handler, 0) + 1
        statuses = self._totals.setdefault(handler, {})
        statuses[status] = statuses.get(status, 0) + 1

    def _turn(self, second: int) -> None:
        self._second = second
        self._now = self._seconds.setdefault(second, {})
        while self._seconds and next(iter(self._seconds)) < second - KEPT:
            del self._seconds[next(iter(self._seconds))]

    def as_json(self, since: float = 0) -> dict[str, Any]:
        """`totals` by handler and status since the start, and `seconds` from `since` on, oldest first."""
        return {
            "totals": self._totals,
            "seconds": [
                {"second": second, "counts": counts} for second, counts in self._seconds.items() if second >= since
            ],
        }
