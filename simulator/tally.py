"""How often which door was called, second by second, for the last two hours."""

import time
from collections.abc import Callable
from typing import Any

KEPT = 7200  # seconds


class Tally:
    """Counts calls by path template, status and second of the wall clock."""

    def __init__(self, wall: Callable[[], float] = time.time) -> None:
        self._wall = wall
        self._totals: dict[str, dict[str, int]] = {}
        self._seconds: dict[int, dict[str, int]] = {}
        self._second = 0
        self._now: dict[str, int] = {}

    def count(self, door: str, status: str) -> None:
        """One call of a door such as "GET /management-api/v2/sims"; a dropped call has the status "dropped"."""
        second = int(self._wall())
        if second != self._second:
            self._turn(second)
        self._now[door] = self._now.get(door, 0) + 1
        statuses = self._totals.setdefault(door, {})
        statuses[status] = statuses.get(status, 0) + 1

    def _turn(self, second: int) -> None:
        self._second = second
        self._now = self._seconds.setdefault(second, {})
        while self._seconds and next(iter(self._seconds)) < second - KEPT:
            del self._seconds[next(iter(self._seconds))]

    def told(self, since: float = 0) -> dict[str, Any]:
        """`totals` by door and status since the start, and `seconds` from `since` on, oldest first."""
        return {
            "totals": self._totals,
            "seconds": [
                {"second": second, "counts": counts} for second, counts in self._seconds.items() if second >= since
            ],
        }
