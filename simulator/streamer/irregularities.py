"""What goes wrong between 1NCE and its customers: things that are missing, come twice, or come in the wrong order."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Annotated, Any

from msgspec import Meta, Struct

from simulator.fleet.event_texts import SENTENCES
from simulator.fleet.event_types import EVENT_TEXTS, EventType
from simulator.fleet.records import ORGANISATION
from simulator.times import zulu_millis

Record = dict[str, Any]
Share = Annotated[float, Meta(ge=0, le=1)]

_MAY_BE_NULL = ("sim", "organisation", "tariff", "operator", "imsi", "detail", "event_source")
_ABOUT_NO_SIM = (EventType.SUPPORT_ACCESS, EventType.SECOND_FACTOR)


class Shares(Struct, forbid_unknown_fields=True, kw_only=True):
    """How much of it goes wrong, each from 0 to 1."""

    nulls: Share = 0.01  # of the records, how many have an object that is null; a quarter as many are about no SIM
    duplicates: Share = 0.0  # of the posts, how many are sent twice
    disorder: Share = 0.0  # of the posts, how many are shuffled, cut in two, and sent the later half first


class Irregularities:
    """Draws what goes wrong, always the same for the same seed."""

    def __init__(self, seed: int, shares: Shares, next_id: Callable[[], int], wall: Callable[[], float]) -> None:
        self.random = Random(seed * 17 + 3)
        self.shares = shares
        self._next_id = next_id
        self._wall = wall

    def with_irregularities(self, record: Record) -> list[Record]:
        """The record as it is sent: whole, with a null in it, or preceded by one about the account."""
        if self.random.random() >= self.shares.nulls:
            return [record]
        if self.random.random() < 0.2:
            return [self._about_no_sim(), record]
        present = [name for name in _MAY_BE_NULL if name in record]
        return [{**record, self.random.choice(present): None}] if present else [record]

    def _about_no_sim(self) -> Record:
        kind = self.random.choice(_ABOUT_NO_SIM)
        texts = EVENT_TEXTS[kind]
        return {
            "id": self._next_id(),
            "event_type": {"id": int(kind), "description": texts.name},
            "timestamp": zulu_millis(self._wall()),
            "alert": texts.alert,
            "description": SENTENCES[kind],
            "event_source": {"id": texts.source[0], "description": texts.source[1]},
            "event_severity": {"id": texts.severity[0], "description": texts.severity[1]},
            "organisation": ORGANISATION,
            "user": "ada@example.com",
            "sim": None,
            "imsi": None,
            "endpoint": None,
            "detail": None,
        }

    def is_duplicated(self) -> bool:
        """Whether this post is sent once more."""
        return self.random.random() < self.shares.duplicates

    def is_disordered(self) -> bool:
        """Whether this post is shuffled and sent the later half first."""
        return self.random.random() < self.shares.disorder
