"""What a client has missed costs the process little, however far back it asks, and however often."""

import asyncio
import contextlib
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
import websockets
from litestar.exceptions import WebSocketDisconnect
from msgspec import structs

from console import facts
from console.facts import Fact
from console.facts.network import NetworkEventReported
from console.facts.sims import SimChanged, SimState
from console.live.access import Noting, Socket
from console.live.encoding import MOST_REPLAYED, HtmlEncoding, JsonEncoding
from console.live.feed import Feed
from console.live.hub import Hub
from console.live.received import ReceivedFact
from console.live.replay import Gone, Replays, chosen
from console.live.socket import serve
from console.live.subscriber import Subscriber
from console.live.token_bucket import TokenBucket
from console.pages.layout import LayoutView
from console.pages.overview import OverviewView
from console.pages.sims import SimsView
from console.pages.templating import Fragments, environment
from console.store.database import Database
from console.store.redis_clients import open_redis
from tests.cast import ADAS_SIM, Cast, add_sim
from tests.examples import example
from tests.live.test_program_stream import receive
from tests.live.test_subscriber import CLIENT, Network
from tests.serving import Served, check_turns

SIM = example(SimState)
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def received(seq: int, fact: Fact) -> ReceivedFact:
    return ReceivedFact(seq, 1, facts.kind(fact), fact.subject, facts.encode(fact))


def changes(number: int, sims: int) -> list[ReceivedFact]:
    """So many changes of so many SIMs, in turn."""
    states = [structs.replace(SIM, iccid=str(8988228066600000000 + one % sims), revision=one) for one in range(number)]
    return [received(seq, SimChanged(time=NOW, subject=sim.iccid, data=sim)) for seq, sim in enumerate(states, 1)]


def sims_page() -> HtmlEncoding:
    fragments = Fragments(environment())
    return HtmlEncoding(SimsView(fragments), LayoutView(fragments), lambda *_: None)


def overview() -> HtmlEncoding:
    fragments = Fragments(environment())
    return HtmlEncoding(OverviewView(fragments), LayoutView(fragments), lambda *_: None)


def replays() -> Replays:
    return Replays(Feed(open_redis("redis://127.0.0.1:1/0")))


async def test_of_each_state_only_the_latest_is_drawn() -> None:
    page, past = sims_page(), changes(3_000, 10)
    latest = await chosen(past, page, lambda _: True)
    assert [fact.seq for fact in latest] == list(range(2_991, 3_001))
    assert len(await replays().pieces(latest, page)) == 10
    assert [fact.seq for fact in past if fact.drawn] == [fact.seq for fact in latest]


async def test_a_program_gets_every_fact_unless_it_asked_for_states_alone() -> None:
    past = changes(3_000, 10)
    assert await chosen(past, JsonEncoding(coalesce=False), lambda _: True) == past
    assert len(await chosen(past, JsonEncoding(coalesce=True), lambda _: True)) == 10


async def test_a_page_that_missed_more_events_than_it_could_draw_is_loaded_again() -> None:
    event = example(NetworkEventReported)
    past = [received(seq, event) for seq in range(1, MOST_REPLAYED + 2)]
    assert len(await chosen(past[1:], overview(), lambda _: True)) == MOST_REPLAYED
    with pytest.raises(Gone, match="too_old"):
        await chosen(past, overview(), lambda _: True)


async def test_one_client_replays_one_thing_at_a_time_and_leaves_a_place_to_others() -> None:
    places, order = replays(), list[str]()
    free = asyncio.Event()

    async def replay(client: str) -> None:
        async with places.place(client):
            order.append(client)
            await free.wait()

    tasks = [asyncio.create_task(replay(client)) for client in ("greedy", "greedy", "greedy", "other")]
    await asyncio.sleep(0.01)
    assert order == ["greedy", "other"]
    free.set()
    await asyncio.gather(*tasks)
    assert order == ["greedy", "other", "greedy", "greedy"]


class Silent:
    """The socket of a client that says nothing and leaves when asked to."""

    def __init__(self) -> None:
        self.leaves = asyncio.Event()

    async def receive_data(self, mode: str) -> str:
        await self.leaves.wait()
        raise WebSocketDisconnect(detail="left")


async def unnoted(socket: Socket, what: object) -> None:
    pass


async def test_a_reset_names_the_position_that_the_facts_behind_it_follow() -> None:
    feed = Feed(open_redis("redis://127.0.0.1:1/0"))
    hub, network, client = Hub(feed), Network(), Silent()
    joining = Subscriber(
        CLIENT, "program", JsonEncoding(coalesce=False), frozenset({"fleet"}), network, ended=network.end
    )
    feed.epoch, feed.seq = "e", 7
    async with hub.replays.place(CLIENT.handle):  # it has to wait for its turn
        serving = asyncio.create_task(serve(client, hub, joining, ("another", 3), Noting(unnoted, unnoted)))  # type: ignore[arg-type]
        await asyncio.sleep(0.01)
        feed.seq = 9
        hub.receive([received(8, SimChanged(time=NOW, subject=SIM.iccid, data=SIM))])
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.1)
    messages = [msgspec.json.decode(text) for text in network.texts]
    client.leaves.set()
    await serving
    numbered = [(one["type"], one["seq"]) for one in messages if "seq" in one]
    assert numbered == [("stream.hello", 7), ("stream.reset", 7), ("sim.changed", 8)]


def test_a_token_bucket_lets_a_burst_pass_and_then_its_rate() -> None:
    bucket = TokenBucket(rate=0.001, most=3)
    assert [bucket.take() for _ in range(5)] == [True, True, True, False, False]


async def fill(db: Database, cast: Cast, number: int) -> None:
    """Publish so many changes of 300 SIMs."""
    for first in range(0, number, 300):
        async with db.transaction() as transaction:
            for one in range(300):
                sim = structs.replace(SIM, iccid=str(8988228066600000000 + one), revision=first + one)
                transaction.publish(cast.acme, SimChanged(time=datetime.now(UTC), subject=sim.iccid, data=sim))


@pytest.mark.one_edition
async def test_replays_asked_for_again_and_again_hold_up_nobody(web: Served, db: Database, cast: Cast) -> None:
    async with web.stream(cast.acme_key) as other, web.signed_in("vera") as vera:
        hello = await receive(other)
        filling = asyncio.create_task(fill(db, cast, 9_900))
        for _ in range(9_900):
            last = await receive(other)
        await filling
        since = f"{hello['epoch']}:{hello['seq'] + 1}"
        ask = msgspec.json.encode({"type": "subscribe", "topics": ["fleet"], "since": since}).decode()
        stop = msgspec.json.encode({"type": "unsubscribe", "topics": ["fleet"]}).decode()
        async with web.page_socket(vera, "?view=sims") as hostile:
            for _ in range(20):
                await hostile.send(ask)
                await hostile.send(stop)
            async with db.transaction() as transaction:
                await add_sim(transaction, cast.acme, ADAS_SIM, label="meanwhile")
            fact = await receive(other)
            await asyncio.sleep(0.5)
        assert (fact["type"], fact["data"]["label"]) == ("sim.changed", "meanwhile")
        assert fact["seq"] == last["seq"] + 1
        check_turns(web.watchdog)


@pytest.mark.one_edition
@pytest.mark.parametrize("way", ["program", "browser"])
async def test_a_client_that_sends_too_many_messages_is_closed(way: str, web: Served, cast: Cast) -> None:
    async with web.signed_in("vera") as vera:
        connection: Any = web.stream(cast.acme_key) if way == "program" else web.page_socket(vera, "?view=sims")
        async with connection as socket:
            with contextlib.suppress(websockets.ConnectionClosed):
                for _ in range(200):
                    await socket.send('{"type": "unsubscribe", "topics": []}')
            with contextlib.suppress(websockets.ConnectionClosed):
                while True:
                    await asyncio.wait_for(socket.recv(), 5)
            assert socket.close_code == 4429
