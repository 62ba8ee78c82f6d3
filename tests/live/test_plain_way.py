"""Where uvicorn lends no transport, frames go through its `send`: slower, and otherwise the same."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest
import pytest_asyncio
from prometheus_client import REGISTRY
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from console.live.frame_protocol import FrameProtocol, fits, protocol
from console.settings import Settings
from console.store.database import Database
from tests.cast import ADAS_SIM, Cast
from tests.live.test_program_stream import receive, rename
from tests.live.test_slow_client import connect_and_read_nothing, cut_off, publish
from tests.serving import Served, serving

pytestmark = pytest.mark.one_edition


@pytest_asyncio.fixture
async def plain_web(settings: Settings, db: Database, cast: Cast) -> AsyncIterator[Served]:
    async with serving(settings, ws="websockets-sansio") as served:
        yield served


def test_the_uvicorn_that_is_installed_is_one_that_lends_its_transport() -> None:
    assert protocol() is FrameProtocol


@pytest.mark.parametrize(
    ("version", "tested"),
    [("0.52.1", False), ("0.52.2", True), ("0.53.0", True), ("0.54.9", True), ("0.55.0", False), ("1.0", False)],
)
def test_only_a_uvicorn_that_was_tested_lends_its_transport(version: str, tested: bool) -> None:
    assert fits(version, WebSocketsSansIOProtocol) == tested


def test_a_uvicorn_whose_websockets_are_made_otherwise_lends_nothing() -> None:
    assert not fits("0.54.0", asyncio.Protocol)


async def test_each_change_comes_in_its_order_and_what_was_missed_comes_first(
    plain_web: Served, db: Database, cast: Cast
) -> None:
    before = REGISTRY.get_sample_value("console_socket_transport_total", {"transport": "server"}) or 0
    async with plain_web.stream(cast.acme_key) as stream:
        hello = await receive(stream)
        assert REGISTRY.get_sample_value("console_socket_transport_total", {"transport": "server"}) == before + 1
        for number in range(5):
            await rename(db, cast, f"name-{number}")
        received = [await receive(stream) for _ in range(5)]
    assert [one["data"]["label"] for one in received] == [f"name-{number}" for number in range(5)]
    async with plain_web.stream(cast.acme_key, f"?since={hello['epoch']}:{received[1]['seq']}") as stream:
        assert (await receive(stream))["resumed"] == 3
        assert [await receive(stream) for _ in range(3)] == received[2:]


async def test_a_page_gets_its_rows_and_its_mark(plain_web: Served, db: Database, cast: Cast) -> None:
    async with (
        plain_web.signed_in("ada") as client,
        plain_web.page_socket(client, f"?view=sims&topics=sim:{ADAS_SIM}") as page,
    ):
        await page.recv()
        await rename(db, cast, "drawn")
        async with asyncio.timeout(10):
            while "drawn" not in str(await page.recv()):
                pass  # parts of the page that had to be drawn anyway
            assert msgspec.json.decode(await page.recv())["type"] == "stream.mark"


async def test_a_client_that_reads_nothing_is_cut_off_here_too(plain_web: Served, db: Database, cast: Cast) -> None:
    before = cut_off()
    sleeper = await asyncio.to_thread(connect_and_read_nothing, plain_web, cast.acme_key)
    for first in range(0, 2500, 100):
        await publish(db, cast, first, 100)
    async with asyncio.timeout(15):
        while cut_off() == before:  # noqa: ASYNC110 (a counter has no event to wait for)
            await asyncio.sleep(0.05)
    sleeper.close()
