"""Parts of pages that are read from the database: drawn at most once a second, for all who show them."""

import asyncio
from collections.abc import Iterable
from typing import Protocol

from console import metrics
from console.facts.masking import hiding
from console.live.hub import Hub
from console.live.subscriber import Subscriber
from console.live.view import Refresh, View
from console.log import logger
from console.store.database import Database

EVERY_SECONDS = 1.0
Wanted = tuple[View, int, Refresh]


class Updates(Protocol):
    """Sends open pages what no fact brings."""

    async def run(self) -> None:
        """Until cancelled."""

    def on_return(self, view: View, organization_id: int, topics: Iterable[str]) -> None:
        """A page has reconnected: what was sent while it was cut off has not reached it."""


class Refreshing:
    """Collects what is to be drawn anew, and draws it."""

    def __init__(self, db: Database, hub: Hub, layout: View) -> None:
        """`layout` is the view whose parts every page has."""
        self._db = db
        self._hub = hub
        self._layout = layout
        self._wanted: set[Wanted] = set()
        self._wake = asyncio.Event()

    def want(self, view: View, organization_id: int, what: Refresh) -> None:
        """Something has changed that this part shows."""
        self._wanted.add((view, organization_id, what))
        self._wake.set()

    def on_return(self, view: View, organization_id: int, topics: Iterable[str]) -> None:
        """Draw again what may have been drawn while the page was cut off."""
        for one in {view, self._layout}:
            for what in one.on_return(topics):
                self.want(one, organization_id, what)

    async def run(self) -> None:
        """Draw until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            wanted, self._wanted = self._wanted, set()
            for view, organization_id, what in wanted:
                try:
                    await self._refresh(view, organization_id, what)
                except Exception:  # the database may be away: it is drawn once that is back
                    metrics.loop_errors.labels("refresh").inc()
                    logger("live").warning("a part could not be drawn", view=view.name, part=what.part, exc_info=True)
                    self.want(view, organization_id, what)
            await asyncio.sleep(EVERY_SECONDS)

    async def _refresh(self, view: View, organization_id: int, what: Refresh) -> None:
        shown = [one for one in self._hub.subscribers() if self._shows(one, view, organization_id, what)]
        for masked in {one.client.masked for one in shown}:
            async with self._db.reading() as reading:
                with hiding(hidden=masked):
                    pieces = await view.refresh(reading, organization_id, what)
            for subscriber in shown:
                if subscriber.client.masked == masked:
                    for piece in pieces:
                        subscriber.put(piece)

    def _shows(self, subscriber: Subscriber, view: View, organization_id: int, what: Refresh) -> bool:
        if subscriber.view is None or subscriber.client.organization_id != organization_id:
            return False
        shown = view is self._layout or subscriber.view is view
        return shown and (what.topic is None or what.topic in subscriber.topics)
