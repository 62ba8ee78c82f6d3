"""How often each handler was called, second by second, for the last two hours; and each write that was received."""

import time
from collections import deque
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from simulator.requests import Request
from simulator.times import zulu_millis

KEPT = 7200  # seconds
WRITES_KEPT = 100_000


class Write(Struct):
    """One request that may have changed something, whatever became of it. `status`: what was answered, or "dropped".

    Empty while it has no answer.
    """

    id: int
    time: str
    method: str
    path: str
    query: str
    status: str = ""


class RequestCounts:
    """Counts calls by path template, status and second of the wall clock."""

    def __init__(self, wall: Callable[[], float] = time.time) -> None:
        self._wall = wall
        self._totals: dict[str, dict[str, int]] = {}
        self._seconds: dict[int, dict[str, int]] = {}
        self._second = 0
        self._now: dict[str, int] = {}
        self._received = 0
        self.writes: deque[Write] = deque(maxlen=WRITES_KEPT)

    def receive(self, request: Request) -> Write:
        """Note a request that may change something, before anything is done."""
        self._received += 1
        query = request.query_string.decode("latin-1")
        write = Write(self._received, zulu_millis(self._wall()), request.method, request.path, query)
        self.writes.append(write)
        return write

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
