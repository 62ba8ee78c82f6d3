"""What took effect: every write that the account would find on its bill or in its log."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from simulator.times import zulu_millis


class Entry(Struct):
    """One entry. `kind` is "change", "reset", "topup", "sms", "sms.cancel", "order", "ticket" or "order.gone".

    `detail` depends on it. The last three kinds belong to no SIM: their ICCID is empty.
    """

    id: int
    time: str
    kind: str
    iccid: str
    detail: dict[str, Any]


class Ledger:
    """All lines since the start, oldest first."""

    def __init__(self, wall: Callable[[], float] = time.time) -> None:
        self._wall = wall
        self.entries: list[Entry] = []

    def write(self, kind: str, iccid: str, detail: dict[str, Any]) -> Entry:
        entry = Entry(len(self.entries) + 1, zulu_millis(self._wall()), kind, iccid, detail)
        self.entries.append(entry)
        return entry
