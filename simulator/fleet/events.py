"""What happened to each SIM: the last two hundred network events of the last seven days."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from simulator.times import DAYS_KEPT

if TYPE_CHECKING:
    from simulator.fleet.card import Card

KEPT_PER_SIM = 200
KEPT_IN_ALL = 200_000


class NetworkEvent(Struct, gc=False):
    """A network event in short; the full record is written when somebody asks. `at` is wall clock."""

    id: int
    kind: int  # an EventType
    at: float
    place: int
    rat: int = 0
    lac: int = 0
    cell: int = 0
    session: int = 0
    sent: int = 0  # millionths of a MB
    received: int = 0
    left: int = 0
    total: int = 0
    cause: str | None = None


class Usage(Struct, gc=False):
    """What a session has used since its last record, in millionths of a MB; `start` and `end` are wall clock.

    Or, with `messages`, a short message: then `sent` and `received` count messages.
    """

    id: int
    start: float
    end: float
    sent: int
    received: int
    place: int
    rat: int
    session: int
    messages: bool = False


class Listener(Protocol):
    """What receives each event and usage record: the Data Streamer."""

    def on_event(self, card: Card, network_event: NetworkEvent) -> None: ...

    def on_usage(self, card: Card, usage: Usage) -> None: ...


class Numbering:
    """Ids that are never given twice, and go on rising after a restart, since they come from the wall clock.

    Those of live records are odd; the generated past has even ones.
    """

    def __init__(self, wall: Callable[[], float]) -> None:
        self._wall = wall
        self._last = 0

    def next(self) -> int:
        self._last = max(self._last + 2, int(self._wall() * 1_000_000) * 2 + 1)
        return self._last


def past_id(at: float, index: int) -> int:
    """The id of something invented that happened to a SIM at a whole second before the start."""
    return (int(at) * 1_000_000 + index) * 2


class EventLog:
    """All network events, bounded for each SIM and for the fleet: the oldest go first."""

    def __init__(self) -> None:
        self._all: deque[tuple[Card, int]] = deque()

    def keep(self, card: Card, network_event: NetworkEvent) -> None:
        """Keep it; no listener is called."""
        if card.network_events is None:
            card.network_events = []
        card.network_events.append(network_event)
        if len(card.network_events) > KEPT_PER_SIM:
            del card.network_events[0]
        self._all.append((card, network_event.id))
        if len(self._all) > KEPT_IN_ALL:
            oldest, last = self._all.popleft()
            kept = oldest.network_events
            while kept and kept[0].id <= last:
                del kept[0]


def recent(card: Card, now: float) -> list[NetworkEvent]:
    """What is kept of the last seven days, oldest first."""
    return [network_event for network_event in card.network_events or () if network_event.at > now - DAYS_KEPT]
