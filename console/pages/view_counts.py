"""Saved views beside every page, each with how many SIMs it has now. A filter is counted once, for all who have it."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import parse_qsl

from markupsafe import escape
from msgspec import Struct
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from console import metrics
from console.live.hub import Hub
from console.live.pieces import Html, replace
from console.live.subscriber import Subscriber
from console.live.view import View
from console.pages.list_positions import KIND
from console.pages.reader import for_many
from console.pages.templating import Fragments
from console.pages.texts import count
from console.sims import reads
from console.sims import saved_views_reads as view_reads
from console.sims.filter_parameters import FilterRefused, read_filter
from console.sims.rules import SimFilter
from console.sims.saved_views_rules import SavedView
from console.sims.search import SearchTooLong
from console.store.database import Database

EVERY_SECONDS = 2.0
BUSY_SHARE = 0.05  # of the time, at most, goes into counting
MOST = 8  # views of a user beside the pages
MOST_KEPT = 1_000  # counts
Mark = tuple[str, int]  # the epoch, and the number of the last change of a SIM


class RailView(Struct, frozen=True, kw_only=True):
    """A view as it stands beside the pages."""

    id: int
    name: str
    href: str
    sims: int | None  # None: not counted yet, or no search any more that can be


def rail_views(found: Sequence[SavedView], counts: Mapping[int, int | None]) -> list[RailView]:
    """The first of a user's views."""
    return [
        RailView(
            id=one.id,
            name=one.name,
            href=f"/sims?{one.query}" if one.query else "/sims?page=1",
            sims=counts.get(one.id),
        )
        for one in found[:MOST]
    ]


class ViewCounts:
    """Sends the views of whoever has opened a page, once it is joined, and then the counts that have changed."""

    def __init__(self, db: Database, hub: Hub, fragments: Fragments) -> None:
        self._db, self._hub, self._fragments = db, hub, fragments
        self._kept: OrderedDict[tuple[int, SimFilter], tuple[Mark, int]] = OrderedDict()
        self._sent: dict[Subscriber, list[RailView]] = {}
        self._took = 0.0  # seconds of the counts of this round
        self._again_at = 0.0  # by the loop's clock: when what was counted may be counted again

    async def run(self) -> None:
        """Every EVERY_SECONDS: views that came, went or were renamed; their counts as seldom as counting takes long.
        Until cancelled."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            await self.send()

    def on_return(self, view: View, organization_id: int, topics: Iterable[str]) -> None:
        """Nothing: a connection that comes back is a new one."""

    async def send(self) -> None:
        """Send each page what has changed beside it."""
        clock = asyncio.get_running_loop().time
        self._took = 0.0
        pages: dict[int, list[Subscriber]] = {}
        for one in self._hub.subscribers():
            if one.view is not None and one.client.user_id is not None:
                pages.setdefault(one.client.organization_id, []).append(one)
        there = {one for some in pages.values() for one in some}
        self._sent = {one: sent for one, sent in self._sent.items() if one in there}
        for organization_id, subscribers in pages.items():
            try:
                async with self._db.reading() as reading:
                    await self._send(reading, organization_id, subscribers)
            except (OSError, TimeoutError, SQLAlchemyError):
                metrics.loop_errors.labels("view_counts").inc()  # they are counted with the next round
        if self._took:
            self._again_at = clock() + self._took / BUSY_SHARE

    async def _send(self, reading: AsyncConnection, organization_id: int, pages: Sequence[Subscriber]) -> None:
        users = {one.client.user_id for one in pages if one.client.user_id is not None}
        views = await view_reads.views_of_users(reading, organization_id, users)
        for page in pages:
            own = views.get(page.client.user_id or 0, [])[:MOST]
            counts = {one.id: await self._count(reading, page, one) for one in own}
            for piece in self._pieces(page, rail_views(own, counts)):
                page.put(piece)

    async def _count(self, reading: AsyncConnection, page: Subscriber, view: SavedView) -> int | None:
        asked, clock = parse_qsl(view.query), asyncio.get_running_loop().time
        began = clock()
        try:
            q = dict(asked).get("q", "")
            wanted = read_filter(asked, q, masked=page.client.masked and bool(q))  # without words it is the same
            key = page.client.organization_id, wanted
            mark = self._hub.feed.epoch, self._hub.last(page.client.organization_id, KIND)  # before it is read
            kept = self._kept.get(key)
            if kept is None or ((kept[0] != mark or not self._hub.feed.up) and began >= self._again_at):
                self._kept[key] = kept = mark, await reads.count(reading, page.client.organization_id, wanted)
                self._took += clock() - began
                while len(self._kept) > MOST_KEPT:
                    self._kept.popitem(last=False)
        except (FilterRefused, SearchTooLong):
            return None
        return kept[1]

    def _pieces(self, page: Subscriber, now: list[RailView]) -> list[Html]:
        """All of it where views came, went or were renamed, else the counts that differ."""
        before = self._sent.get(page)
        self._sent[page] = now
        if before is None or [_named(one) for one in before] != [_named(one) for one in now]:
            return [replace("rail-views", self._fragments.draw("parts/_rail_views.html", rail_views=now))]
        return [count_piece(one) for one, old in zip(now, before, strict=True) if one != old]


def _named(one: RailView) -> tuple[int, str, str]:
    return one.id, one.name, one.href


def count_piece(one: RailView) -> Html:
    """The number beside a view."""
    with for_many():
        text = "" if one.sims is None else count(one.sims)
    return replace(f"view-count-{one.id}", f'<span id="view-count-{one.id}">{escape(text)}</span>')
