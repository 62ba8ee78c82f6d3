"""What open lists show now: each distinct list is read once for each change of the fleet, and pages are sent a mark."""

import asyncio
from collections import OrderedDict
from collections.abc import Collection, Iterable
from typing import Any

from markupsafe import escape

from console.live.hub import Hub
from console.live.pieces import Html, replace
from console.live.subscriber import Subscriber
from console.live.view import View
from console.pages.sim_list import ListQuery
from console.sims import reads
from console.sims.counts_reads import kinds
from console.sims.facets import Facets, facets
from console.sims.position import Position, position
from console.sims.rules import SimFilter
from console.store.database import Database

KIND = "sim.changed"  # the facts that change what a list shows
TICK_SECONDS = 1.0
REACH_SECONDS = 2.0  # for the change that a page was sent by another process
MOST_KEPT = 256  # positions of lists


class KeptPosition:
    """A list as it was read last, and at which fact of the stream that was."""

    def __init__(self) -> None:
        self.reading = asyncio.Lock()
        self.at: tuple[str, int] | None = None  # epoch and number
        self.found: tuple[Position, int, Facets] | None = None


class ListPositions:
    """Reads each distinct list once for each change of the fleet, however many pages show it."""

    def __init__(self, db: Database, hub: Hub) -> None:
        self._db = db
        self._hub = hub
        self._kept: OrderedDict[Any, KeptPosition] = OrderedDict()

    async def read(
        self, organization_id: int, asked: ListQuery, since: tuple[str, int] | None = None
    ) -> tuple[Position, int, Facets]:
        """The page as it is now, the number of SIMs of the fleet, and those of each value of a filter.

        Those who wait for it hold no connection.

        `since` is the change that the page was sent: where this process has not received it, nothing kept is used.
        """
        reached = since is None or await self._hub.feed.reach(*since, within=REACH_SECONDS)
        kept = self._keep((organization_id, asked.wanted, asked.order, asked.page_size, asked.number))
        async with kept.reading:
            at = self._hub.feed.epoch, self._hub.last(organization_id, KIND)  # before the snapshot, which may be newer
            if kept.found is None or kept.at != at or not reached or not self._hub.feed.up:
                kept.found, kept.at = await self._found(organization_id, asked), at
            return kept.found

    def _keep(self, key: Any) -> KeptPosition:
        kept = self._kept.setdefault(key, KeptPosition())
        self._kept.move_to_end(key)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return kept

    async def _found(self, organization_id: int, asked: ListQuery) -> tuple[Position, int, Facets]:
        offset = (asked.number - 1) * asked.page_size
        async with self._db.snapshot() as reading:
            found = await position(
                reading, organization_id, asked.wanted, sort=asked.order, limit=asked.page_size, offset=offset
            )
            fleet = await reads.count(reading, organization_id, SimFilter()) if asked.wanted.active else found.total
            counted = facets(await kinds(reading, organization_id), asked.wanted)
        return found, fleet, counted


class ListTicks:
    """Sends each open list, at most once a second, the number of the last change of a SIM: it asks what that means.

    What was sent is kept for each connection: one that opens or comes back is sent the number once it has joined.
    """

    def __init__(self, hub: Hub, views: Collection[str]) -> None:
        """`views`: the names of those whose pages are lists, or places in one."""
        self._hub = hub
        self._views = views
        self._sent: dict[Subscriber, tuple[str, int]] = {}

    async def run(self) -> None:
        """Every TICK_SECONDS, until cancelled."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            self.send()

    def send(self) -> None:
        """Send the number to those open lists that were not sent it."""
        sent, epoch = self._sent, self._hub.feed.epoch
        self._sent = {}
        for subscriber in self._hub.subscribers():
            if subscriber.view is not None and subscriber.view.name in self._views:
                latest = epoch, self._hub.last(subscriber.client.organization_id, KIND)
                self._sent[subscriber] = latest
                if sent.get(subscriber) != latest:
                    subscriber.put(tick(*latest))

    def on_return(self, view: View, organization_id: int, topics: Iterable[str]) -> None:
        """Nothing: a connection that comes back is a new one."""


def tick(epoch: str, seq: int) -> Html:
    """The part that pages watch."""
    return replace("list-mark", f'<span id="list-mark" data-seq="{escape(epoch)}:{seq}"></span>')
