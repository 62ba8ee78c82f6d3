"""Open pages at 00:00 UTC: what is counted by day or month begins anew at once, though nothing has happened."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from console.live.access import Client
from console.live.encoding import HtmlEncoding
from console.live.feed import Feed
from console.live.hub import Hub
from console.live.midnight import Midnight
from console.live.refreshing import Refreshing
from console.live.subscriber import Subscriber
from console.pages.layout import LayoutView
from console.pages.overview import OverviewView
from console.pages.reader import MARKS, PLAIN
from console.pages.templating import Fragments, environment
from console.store.database import Database
from console.streamer.writes import note_posts
from console.usage.writes import record_usage
from tests.cast import ADAS_SIM, Cast
from tests.live.test_subscriber import Network

pytestmark = pytest.mark.one_edition
NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
MB = 1_048_576
SEPARATORS = str.maketrans(MARKS, PLAIN)  # as static/js/numbers.js does


class Clock:
    """A clock that is set."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


async def use(db: Database, cast: Cast, number: int, at: datetime, amount: int) -> None:
    row = {"iccid": ADAS_SIM, "time": at, "source": "streamer", "record_id": number, "started_at": at}
    async with db.transaction() as transaction:
        await record_usage(transaction, cast.acme, [{**row, "data_bytes": amount, "sms": 0}], at)
        await note_posts(transaction, cast.acme, {"usage": at}, at)


@asynccontextmanager
async def open_overview(db: Database, cast: Cast, clock: Clock) -> AsyncIterator[Network]:
    """Acme's overview, open in a browser."""
    fragments = Fragments(environment())
    view = OverviewView(fragments, clock)
    hub = Hub(Feed(db.redis))
    layout = LayoutView(fragments)
    refreshing = Refreshing(db, hub, layout)
    encoding = HtmlEncoding(view, layout, refreshing.want)
    client = Client(organization_id=cast.acme, handle="user:1", credential=1, topics=frozenset(), permissions=1)
    network = Network()
    page = Subscriber(client, "browser", encoding, frozenset({"fleet"}), network, view=view, ended=network.end)
    assert hub.join(page) is None
    page.release()
    tasks = [asyncio.create_task(work) for work in (Midnight(hub, refreshing.on_return, clock).run(), refreshing.run())]
    try:
        yield network
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


def figure(network: Network, name: str) -> str:
    """The newest figure that was sent for this name."""
    found = re.findall(rf'data-watch=\\"{name}\\"[^>]*>(.*?)</dd>', "".join(network.texts))
    return " ".join(found[-1].translate(SEPARATORS).replace("\\n", " ").split()) if found else ""


async def becomes(network: Network, expected: dict[str, str]) -> None:
    for _ in range(150):
        if {name: figure(network, name) for name in expected} == expected:
            return
        await asyncio.sleep(0.02)
    assert {name: figure(network, name) for name in expected} == expected


async def test_todays_and_this_months_figures_are_zero_when_the_day_begins(db: Database, cast: Cast) -> None:
    await use(db, cast, 1, NEW_YEAR - timedelta(days=31, minutes=1), MB)  # so that all of both months is known
    await use(db, cast, 2, NEW_YEAR - timedelta(seconds=40), 3 * MB)
    clock = Clock(NEW_YEAR - timedelta(milliseconds=1))
    async with open_overview(db, cast, clock) as network:
        await asyncio.sleep(0.1)
        assert network.texts == []  # nothing happens before
        clock.now = NEW_YEAR + timedelta(milliseconds=1)
        await becomes(network, {"data-today": "0 B", "data-month": "0 B"})
        await use(db, cast, 3, NEW_YEAR + timedelta(hours=23), 2 * MB)
        next_day = NEW_YEAR + timedelta(days=1, milliseconds=1)
        async with db.transaction() as transaction:
            await note_posts(transaction, cast.acme, {"usage": next_day}, next_day)
        clock.now = next_day
        await becomes(network, {"data-today": "0 B", "data-month": "2.0 MB"})
