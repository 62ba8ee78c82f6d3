"""What a list of SIMs shows, as its address says it, and what has changed in it since it was drawn."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from typing import Annotated, Any

from litestar import Request
from litestar.params import FromQuery, QueryParameter
from markupsafe import escape
from msgspec import Meta, Struct

from console.live.hub import Hub
from console.live.pieces import Html, replace
from console.live.view import View
from console.sims import reads
from console.sims.annotations.filters import AnnotationFilter, read_filter
from console.sims.annotations.rules import AnnotationRefused
from console.sims.position import Position, position
from console.sims.rules import SimFilter, Sort, parse_sort
from console.sims.search import LONGEST, Search, SearchTooLong, parse_search
from console.store.database import Database

SIZES = (25, 50, 100, 200)
MOST_ROWS = 200
FILTERS = ("q", "connection", "status", "country", "quota", "operator", "rat", "label")
TICK_SECONDS = 1.0
MOST_KEPT = 256  # positions of lists
Asked = Annotated[str, QueryParameter(max_length=200)]
Searched = Annotated[str, QueryParameter(max_length=LONGEST)]
Iccid = Annotated[str, Meta(min_length=19, max_length=20)]


class ListQuery(Struct, frozen=True, kw_only=True):
    """A list as its address says it; what can't be is left out or shown as it is."""

    q: str  # as it was typed
    wanted: SimFilter
    searched: Search
    annotated: AnnotationFilter
    fault: str  # why nothing was searched for
    sort: str
    order: tuple[Sort, ...]
    page_size: int  # rows
    number: int  # of the page, from 1


async def list_query(
    request: Request[Any, Any, Any],
    q: Searched = "",
    connection: Asked = "",
    status: Asked = "",
    country: Asked = "",
    quota: Asked = "",
    operator: Asked = "",
    rat: Asked = "",
    label: Asked = "",
    sort: Asked = "",
    page: FromQuery[str] = "1",
    page_size: FromQuery[str] = "50",
) -> ListQuery:
    """The dependency `asked` of the routes that show a list or say what has changed in it."""
    fault = ""
    try:
        searched = parse_search(q)
    except SearchTooLong as error:
        searched, fault = Search(), str(error)
    try:
        annotated = read_filter(request.query_params.multi_items())
    except AnnotationRefused as error:
        annotated, fault = AnnotationFilter(), fault or str(error)
    try:
        order = parse_sort(sort)
    except ValueError:
        sort, order = "", []
    return ListQuery(
        q=q,
        wanted=SimFilter(
            q="" if fault else q,
            connection=connection.strip().lower(),
            status=status.strip().lower(),
            country=country.strip().upper() if country.strip().lower() != "unknown" else "unknown",
            quota=quota.strip().lower(),
            operator=operator.strip(),
            rat=rat.strip(),
            label=label,
            tags=annotated.tags,
            tags_not=annotated.tags_not,
            custom_fields=annotated.custom_fields,
        ),
        searched=searched,
        annotated=annotated,
        fault=fault,
        sort=sort,
        order=tuple(order),
        page_size=int(page_size) if page_size in map(str, SIZES) else 50,
        number=max(1, int(page) if page.isascii() and page.isdigit() and len(page) < 9 else 1),
    )


class Drawn(Struct, frozen=True):
    """What a page shows: the rows in their order, and how many SIMs it says that match."""

    shown: Annotated[list[Iccid], Meta(max_length=MOST_ROWS)]
    total: Annotated[int, Meta(ge=0)]


class Waiting(Struct, frozen=True, kw_only=True):
    """What a page would show otherwise if it were drawn now."""

    total: int
    fleet_total: int
    more: int  # SIMs that match and are not counted on the page; negative: so many, not on the page, no longer match
    left: list[str]  # ICCIDs on the page that no longer match
    others: bool  # other SIMs belong on the page
    reordered: bool  # the same ones, in another order


def compared(drawn: Drawn, now: Position, still: set[str], fleet_total: int) -> Waiting:
    """What the page that was drawn differs by from the page as it is now; `still`: the ICCIDs shown that match."""
    left = [iccid for iccid in drawn.shown if iccid not in still]
    others = not set(now.iccids) <= set(drawn.shown)
    kept = [iccid for iccid in drawn.shown if iccid in still]
    return Waiting(
        total=now.total,
        fleet_total=fleet_total,
        more=now.total - drawn.total + len(left),
        left=left,
        others=others,
        reordered=not others and [iccid for iccid in now.iccids if iccid in still] != kept,
    )


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
