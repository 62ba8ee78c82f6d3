"""Whether open lists of SIMs have changed since they were drawn: read once a list, said once a second."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from markupsafe import escape

from console.live.hub import Hub
from console.live.pieces import Html, replace
from console.live.view import View
from console.pages.sim_list import ListQuery
from console.sims import reads
from console.sims.position import Position, position
from console.sims.rules import SimFilter
from console.store.database import Database

TICK_SECONDS = 1.0
MOST_KEPT = 256  # positions of lists


class KeptPosition:
    """A list as it was read last, and at which fact of the stream that was."""

    def __init__(self) -> None:
        self.reading = asyncio.Lock()
        self.at: tuple[str, int] | None = None  # epoch and number
        self.found: tuple[Position, int] | None = None


class ListPositions:
    """Reads each distinct list once for each change of the fleet, however many pages show it."""

    def __init__(self, db: Database, hub: Hub) -> None:
        self._db = db
        self._hub = hub
        self._kept: OrderedDict[Any, KeptPosition] = OrderedDict()

    async def read(self, organization_id: int, asked: ListQuery) -> tuple[Position, int]:
        """The page as it is now, and the number of SIMs of the fleet. Those who wait for it hold no connection."""
        kept = self._keep((organization_id, asked.wanted, asked.order, asked.page_size, asked.number))
        async with kept.reading:
            at = self._hub.feed.epoch, self._hub.latest.get((organization_id, "sim.changed"), 0)
            if kept.found is None or kept.at != at or not self._hub.feed.up:
                kept.found, kept.at = await self._found(organization_id, asked), at
            return kept.found

    def _keep(self, key: Any) -> KeptPosition:
        kept = self._kept.setdefault(key, KeptPosition())
        self._kept.move_to_end(key)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return kept

    async def _found(self, organization_id: int, asked: ListQuery) -> tuple[Position, int]:
        offset = (asked.number - 1) * asked.page_size
        async with self._db.reading() as reading:
            found = await position(
                reading, organization_id, asked.wanted, sort=asked.order, limit=asked.page_size, offset=offset
            )
            fleet = await reads.count(reading, organization_id, SimFilter()) if asked.wanted.active else found.total
        return found, fleet


class ListTicks:
    """Says to open lists, at most once a second, that a SIM has changed: they ask what that means for them."""

    def __init__(self, hub: Hub, view: str) -> None:
        """`view`: the name of the view whose pages are lists."""
        self._hub = hub
        self._view = view
        self._sent: dict[int, tuple[str, int]] = {}

    async def run(self) -> None:
        """Every TICK_SECONDS, until cancelled."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            lists = [one for one in self._hub.subscribers() if one.view is not None and one.view.name == self._view]
            numbers = {one.client.organization_id for one in lists}
            epoch = self._hub.feed.epoch
            latest = {number: (epoch, self._hub.latest.get((number, "sim.changed"), 0)) for number in numbers}
            fresh = {number for number, seq in latest.items() if self._sent.get(number) != seq}
            self._sent = latest
            for subscriber in lists:
                number = subscriber.client.organization_id
                if number in fresh:
                    subscriber.put(tick(*latest[number]))

    def on_return(self, view: View, organization_id: int, topics: Iterable[str]) -> None:
        """Say it again: it may have been missed."""
        self._sent.pop(organization_id, None)


def tick(epoch: str, seq: int) -> Html:
    """The part that pages watch."""
    return replace("list-mark", f'<span id="list-mark" data-seq="{escape(epoch)}:{seq}"></span>')
