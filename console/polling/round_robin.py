"""Smooth weighted round robin: which priority the next poll slot belongs to."""

from collections.abc import Iterable

from console.polling.rules import PRIORITY_WEIGHTS, Priority


class SmoothRoundRobin:
    """Smooth weighted round robin (as nginx balances upstreams) over priorities: of any number of slots each priority
    gets its part, exact to one slot.
    """

    def __init__(self) -> None:
        self._current: dict[Priority, int] = {}

    def next(self, present: Iterable[Priority]) -> Priority:
        """The priority of the next slot, among those that have SIMs to poll; at least one must be present."""
        self._current = {
            priority: self._current.get(priority, 0) + PRIORITY_WEIGHTS[priority] for priority in sorted(present)
        }
        chosen = max(self._current, key=lambda priority: self._current[priority])
        self._current[chosen] -= sum(PRIORITY_WEIGHTS[priority] for priority in self._current)
        return chosen
