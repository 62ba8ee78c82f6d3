"""What a page is sent of a fact that can't be drawn: nothing, and least of all another's."""

import msgspec
import pytest

from console import facts
from console.facts.network import NetworkEvent, NetworkEventReported
from console.live.encoding import HtmlEncoding
from console.live.feed import Feed
from console.live.received import ReceivedFact
from console.live.replay import Gone, Replays
from console.pages.layout import LayoutView
from console.pages.overview import OverviewView
from console.pages.templating import Fragments, environment
from console.store.redis_clients import open_redis
from tests.examples import example

EVENT = example(NetworkEvent)
EVIL = facts.encode(NetworkEventReported(time=EVENT.time, subject=EVENT.iccid, data=EVENT))
STRANGE = ReceivedFact(2, 1, "network.event", "1", b'{"type":"network.event"}')


def overview() -> HtmlEncoding:
    fragments = Fragments(environment())
    return HtmlEncoding(OverviewView(fragments), LayoutView(fragments), lambda *_: None)


def test_a_fact_that_cannot_be_drawn_is_never_anothers_however_often_it_is_asked_for() -> None:
    page = overview()
    assert page.encode(ReceivedFact(1, 2, "network.event", EVENT.iccid, EVIL), "e")
    for _ in range(2):
        with pytest.raises(msgspec.MsgspecError):
            page.encode(STRANGE, "e")


async def test_a_past_that_cannot_be_drawn_is_gone() -> None:
    replays = Replays(Feed(open_redis("redis://127.0.0.1:1/0")))
    with pytest.raises(Gone, match="unreadable"):
        await replays.pieces([STRANGE], overview())


def test_what_is_drawn_for_a_fact_is_drawn_once_and_stays_with_that_fact() -> None:
    page = overview()
    mine, evil = (ReceivedFact(1, of, "network.event", EVENT.iccid, EVIL) for of in (1, 2))
    assert page.encode(mine, "e") is page.encode(mine, "e")
    assert page.encode(evil, "e") is not page.encode(mine, "e")
    assert overview().encode(mine, "e") is not page.encode(mine, "e")
