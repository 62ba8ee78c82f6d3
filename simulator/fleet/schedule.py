"""What is to happen next, soonest first: the fleet costs nothing but the moments at which something happens."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.fleet.card import Card

Callback = Callable[[], object]  # something that is not a card's own next step: a queued reset, say
_Entry = tuple[float, int, "Card | Callback"]


class Schedule:
    """Appointments in simulated seconds. A card has one at a time: a new one makes the old one void."""

    def __init__(self) -> None:
        self._entries: list[_Entry] = []
        self._number = 0  # decides between appointments of the same moment, so that the order is always the same

    def fill(self, cards: list[Card]) -> None:
        """All first appointments at once."""
        entries: list[_Entry] = [(card.due, card.index, card) for card in cards if card.due != float("inf")]
        self._entries = entries
        self._number = len(cards)
        heapq.heapify(self._entries)

    def put(self, card: Card, due: float) -> None:
        """The card's next appointment, in place of any other."""
        card.due = due
        if due != float("inf"):
            self._number += 1
            heapq.heappush(self._entries, (due, self._number, card))

    def call_at(self, due: float, call_at: Callback) -> None:
        self._number += 1
        heapq.heappush(self._entries, (due, self._number, call_at))

    def next(self, until: float) -> tuple[float, Card | Callback] | None:
        """The soonest appointment not later than `until`, taken off; void ones are skipped."""
        entries = self._entries
        while entries and entries[0][0] <= until:
            due, _, thing = heapq.heappop(entries)
            if callable(thing):
                return due, thing
            if thing.due == due:
                return due, thing
        return None
