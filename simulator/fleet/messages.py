"""Short messages to and from the devices, and what has become of each; 1NCE keeps them for seven days."""

from __future__ import annotations

from collections import deque
from enum import IntEnum
from random import Random
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from simulator.times import DAYS_KEPT

if TYPE_CHECKING:
    from simulator.fleet.card import Card

KEPT_IN_ALL = 100_000


class MessageState(IntEnum):
    """1NCE's numbers; those who were cancelled are shown to nobody."""

    CANCELLED = 0
    PENDING = 2
    BUFFERED = 3  # tried, and the device was not there
    DELIVERED = 4
    FAILED = 5
    EXPIRED = 6


WAITING = frozenset({MessageState.PENDING, MessageState.BUFFERED})


class Draft(Struct, frozen=True, kw_only=True):
    """A message as it was asked for. `expires` is wall clock."""

    payload: str
    expires: float
    source: str = ""
    source_type: int = 161
    dcs: int = 0
    udh: str = ""


class Message(Struct, gc=False, kw_only=True):
    """A message and its state; moments are wall clock, save `since`, which is simulated."""

    id: int
    index: int  # of the SIM in its series
    from_device: bool
    draft: Draft
    since: float
    submitted: float
    destination: str = ""  # what the device dialled; nobody uses it
    state: MessageState = MessageState.PENDING
    tried: float | None = None
    ended: float | None = None
    tries: int = 0
    error: str | None = None


class MessageListener(Protocol):
    """What sends messages on to the customer: the Data Streamer, the SMS Forwarder."""

    def on_message(self, card: Card, message: Message) -> None: ...

    def on_delivery_report(self, card: Card, message: Message) -> None: ...


class MessageStore:
    """All messages of the fleet that are kept, oldest first. A SIM without any costs nothing."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed * 31 + 5)  # of its own, so that messages change nothing else in a fleet's life
        self.listeners: list[MessageListener] = []
        self.all: deque[tuple[Card, Message]] = deque()

    def keep(self, card: Card, message: Message) -> None:
        """Put it with the SIM's others; what is too old or too much is forgotten."""
        if card.messages is None:
            card.messages = []
        card.messages.append(message)
        self.all.append((card, message))
        while len(self.all) > KEPT_IN_ALL or not _fresh(self.all[0][1], message.since):
            owner, oldest = self.all.popleft()
            if owner.messages and owner.messages[0] is oldest:
                del owner.messages[0]


def kept(card: Card, seconds: float) -> list[Message]:
    """The SIM's messages of the last seven simulated days, newest first; cancelled ones are gone."""
    if not card.messages:
        return []
    return [
        message
        for message in reversed(card.messages)
        if message.state is not MessageState.CANCELLED and _fresh(message, seconds)
    ]


def _fresh(message: Message, seconds: float) -> bool:
    return seconds - message.since < DAYS_KEPT
