"""The whole fleet: its cards, its clock, its random numbers, and what is to happen next."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from simulator.fleet import behaviour, incidents
from simulator.fleet.card import Card
from simulator.fleet.devices import CHANGES_A_SECOND
from simulator.fleet.event_types import SMS_QUOTA_KINDS
from simulator.fleet.events import EventLog, Listener, NetworkEvent, Numbering
from simulator.fleet.identity import SERIES_SIZE, Series
from simulator.fleet.initial import initial_cards
from simulator.fleet.messages import MessageStore
from simulator.fleet.schedule import Schedule

if TYPE_CHECKING:
    from simulator.fleet.event_types import EventType

LIVELIEST = 50.0  # changes a second that a large fleet is slowed down to, at speed 1


class Fleet:
    """`sims` cards whose behaviour follows from `seed`: the same seed and the same steps give the same events.

    `wall` is the real clock, which dates what happens; `hour` is the hour of the day (UTC) at which the simulated life
    begins, since devices are busier by day. Raises ValueError when there are more SIMs than numbers for them.
    """

    def __init__(self, sims: int, seed: int, wall: Callable[[], float] = time.time, hour: float = 9.0) -> None:
        if not 0 <= sims <= SERIES_SIZE:
            raise ValueError(f"between 0 and {SERIES_SIZE} SIMs, not {sims}")
        self.seed = seed
        self.series = Series(seed)
        self.random = random.Random(seed)
        self.wall = wall
        self.hour = hour
        self.seconds = 0.0  # simulated, since the start
        self.stretch = max(1.0, sims * CHANGES_A_SECOND / LIVELIEST)  # a large fleet takes all more slowly
        self.sessions = 70_000_000 + seed % 1000 * 10_000  # the last session's id
        self.unlisted = 0  # how many SIMs the inventory no longer knows
        self.changes = 0  # of connection, operator or cell, since the start
        self.numbering = Numbering(wall)
        self.event_log = EventLog()
        self.schedule = Schedule()
        self.message_store = MessageStore(seed)
        self.listener: Listener | None = None
        self.started = wall()
        self.cards: list[Card] = initial_cards(self, sims)
        self.order: list[Card] = self.cards.copy()  # the order of the inventory's pages: not that of the numbers
        self.random.shuffle(self.order)
        self.schedule.fill(self.cards)
        incidents.begin(self)

    def card(self, iccid: str) -> Card | None:
        """The SIM with this number of 19 digits, listed or not."""
        index = self.series.index(iccid)
        return self.cards[index] if index is not None and index < len(self.cards) else None

    def note(
        self,
        card: Card,
        kind: EventType,
        cause: str | None = None,
        *,
        session: int = 0,
        sent: int = 0,
        received: int = 0,
    ) -> None:
        """Something happened to the SIM, where it now is: kept, and passed to the listener."""
        left, total = (card.sms_left, card.sms_total) if kind in SMS_QUOTA_KINDS else (card.left, card.total)
        network_event = NetworkEvent(
            id=self.numbering.next(), kind=kind, at=self.wall(), place=card.place, rat=card.rat, lac=card.lac,
            cell=card.cell, session=session, sent=sent, received=received, left=left, total=total, cause=cause,
        )  # fmt: skip
        self.event_log.keep(card, network_event)
        if self.listener is not None:
            self.listener.on_event(card, network_event)

    def advance(self, seconds: float, deadline: float = float("inf")) -> int:
        """Move life on by simulated seconds; answers how many steps cards took.

        When the deadline (of `time.monotonic`) has passed, life stops short of the goal and goes on from there next
        time: more slowly than was asked for.
        """
        until = self.seconds + seconds
        steps = 0
        while (appointment := self.schedule.next(until)) is not None:
            due, thing = appointment
            self.seconds = max(self.seconds, due)
            if isinstance(thing, Card):
                behaviour.wake(self, thing)
            else:
                thing()
            steps += 1
            if steps % 32 == 0 and time.monotonic() > deadline:
                return steps
        self.seconds = until
        return steps
