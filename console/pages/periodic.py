"""Shows on open pages what no fact reports, or what is counted again too dearly for each fact.

How often it is counted again keeps to what counting takes: a large fleet doesn't occupy the database.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Iterable, Iterator, Sequence

from sqlalchemy.exc import SQLAlchemyError

from console import metrics
from console.facts.topic_names import sims_in
from console.live.hub import Hub
from console.live.pieces import Html
from console.live.subscriber import Subscriber
from console.live.view import Refresh, View
from console.store.database import Database

BUSY_SHARE = 0.05  # of the time, at most, goes into refreshing the parts of one view


class _Rounds(ABC):
    """Rounds until cancelled: what a view's open pages show is read again, and sent where it has changed."""

    def __init__(self, db: Database, hub: Hub, view: View, every_seconds: float) -> None:
        self._db, self._hub, self._view, self._every_seconds = db, hub, view, every_seconds

    async def run(self) -> None:
        """Until cancelled."""
        clock = asyncio.get_running_loop().time
        took = 0.0
        while True:
            await asyncio.sleep(max(self._every_seconds, took / BUSY_SHARE))
            began = clock()
            for show in self._round():
                try:
                    await show
                except (OSError, TimeoutError, SQLAlchemyError):
                    metrics.loop_errors.labels(self._view.name).inc()  # it is drawn with the next round
            took = clock() - began

    @abstractmethod
    def _round(self) -> Iterator[Awaitable[None]]:
        """What is to be shown in this round, one after the other."""


class PeriodicRefresh(_Rounds):
    """Refreshes these parts of a view on all its open pages; what has not changed is not sent again."""

    def __init__(self, db: Database, hub: Hub, view: View, parts: Sequence[Refresh], every_seconds: float) -> None:
        super().__init__(db, hub, view, every_seconds)
        self._parts = parts
        self._topics = {part.topic for part in parts if part.topic is not None}  # that a page must listen to
        self._sent: dict[int, set[Html]] = {}

    def _round(self) -> Iterator[Awaitable[None]]:
        shown: dict[int, list[Subscriber]] = {}
        for one in self._hub.subscribers():
            if one.view is self._view and self._topics <= one.topics:
                shown.setdefault(one.client.organization_id, []).append(one)
        self._sent = {number: pieces for number, pieces in self._sent.items() if number in shown}
        for organization_id, subscribers in shown.items():
            yield self._show(organization_id, subscribers)

    async def _show(self, organization_id: int, subscribers: Sequence[Subscriber]) -> None:
        async with self._db.reading() as reading:
            pieces = [
                piece for part in self._parts for piece in await self._view.refresh(reading, organization_id, part)
            ]
        sent = self._sent.get(organization_id, set())
        self._sent[organization_id] = set(pieces)
        for piece in pieces:
            if piece not in sent:
                for subscriber in subscribers:
                    subscriber.put(piece)

    def on_return(self, view: View, organization_id: int, topics: Iterable[str]) -> None:
        """The view's own refresh shows them."""


class PeriodicRefreshOfSims(_Rounds):
    """Refreshes a part of a view on its open pages, each of which is about one SIM."""

    def __init__(self, db: Database, hub: Hub, view: View, part: str, every_seconds: float) -> None:
        super().__init__(db, hub, view, every_seconds)
        self._part = part
        self._sent: dict[tuple[int, str], Sequence[Html]] = {}

    def _round(self) -> Iterator[Awaitable[None]]:
        shown: dict[tuple[int, str], list[Subscriber]] = {}
        for one in self._hub.subscribers():
            if one.view is self._view:
                for iccid in sims_in(one.topics):
                    shown.setdefault((one.client.organization_id, iccid), []).append(one)
        self._sent = {key: pieces for key, pieces in self._sent.items() if key in shown}
        for key, subscribers in shown.items():
            yield self._show(key, subscribers)

    async def _show(self, key: tuple[int, str], subscribers: Sequence[Subscriber]) -> None:
        organization_id, iccid = key
        async with self._db.reading() as reading:
            pieces = await self._view.refresh(reading, organization_id, Refresh(part=self._part, subject=iccid))
        if self._sent.get(key) != pieces:
            self._sent[key] = pieces
            for subscriber in subscribers:
                for piece in pieces:
                    subscriber.put(piece)

    def on_return(self, view: View, organization_id: int, topics: Iterable[str]) -> None:
        """Show it again."""
        if view is self._view:
            for iccid in sims_in(topics):
                self._sent.pop((organization_id, iccid), None)
