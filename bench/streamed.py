"""What the Data Streamer posts: the life of a simulated fleet, faster than any clock, in batches as 1NCE sends them."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
from installation import Installation

from console.sims.writes import INVENTORY, record_inventory
from simulator.fleet.card import Card
from simulator.fleet.events import NetworkEvent, Usage
from simulator.fleet.fleet import Fleet
from simulator.fleet.records import event, usage

BATCH = 3_000
STEP_SECONDS = 5.0


class RecordWriter:
    """Records every event and use of a simulated fleet as 1NCE would post it."""

    def __init__(self, sims: int, hours_ago: float) -> None:
        """A fleet whose life begins so many hours ago."""
        began = time.time() - hours_ago * 3600
        self._clock = [0.0]
        self.fleet = Fleet(sims, 1, wall=lambda: began + self._clock[0])
        self.fleet.listener = self
        self._encoder = msgspec.json.Encoder()
        self.records: list[bytes] = []

    def on_event(self, card: Card, network_event: NetworkEvent) -> None:
        """An event."""
        self._write(event(self.fleet.series, card, network_event))

    def on_usage(self, card: Card, usage_: Usage) -> None:
        """A usage record."""
        self._write(usage(self.fleet.series, card, usage_))

    def _write(self, record: dict[str, Any]) -> None:
        self.records.append(self._encoder.encode(record))

    def batches(self) -> Iterator[bytes]:
        """Batch after batch, as long as somebody wants one."""
        while True:
            while len(self.records) < BATCH:
                self.fleet.advance(STEP_SECONDS)
                self._clock[0] += STEP_SECONDS
            batch, self.records = self.records[:BATCH], self.records[BATCH:]
            yield b"[" + b",".join(batch) + b"]"


async def settle(installation: Installation, writer: RecordWriter) -> None:
    """Insert the fleet's SIMs, as after a walk through the inventory: posts are about known SIMs."""
    series, now = writer.fleet.series, datetime.now(UTC)
    rows = [
        {
            **dict.fromkeys(INVENTORY),
            "iccid": series.iccid(card.index),
            "msisdn": series.msisdn(card.index),
            "label": f"pump-{card.index}",
            "status": "enabled",
        }
        for card in writer.fleet.cards
    ]
    async with installation.db.transaction() as transaction:
        await record_inventory(transaction, installation.organization_id, rows, now)
