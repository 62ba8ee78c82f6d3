"""What a page is told of a fact that can't be drawn: nothing, and least of all another's."""

import msgspec
import pytest
from msgspec import structs

from console import facts
from console.facts.network import NetworkEventReported
from console.live.access import Client
from console.live.encoding import HtmlEncoding
from console.live.group import Group
from console.live.received import ReceivedFact
from console.live.socket import _pieces
from console.live.subscriber import Subscriber
from console.openapi.examples import EVENT, NOW
from console.pages.layout import LayoutView
from console.pages.overview import OverviewView
from console.pages.templating import Fragments, environment
from tests.live.test_subscriber import Network

EVIL = facts.encode(NetworkEventReported(time=NOW, subject=EVENT.iccid, data=structs.replace(EVENT, time=NOW)))
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


def test_a_past_that_cannot_be_drawn_is_sent_as_gone() -> None:
    encoding, network = overview(), Network()
    client = Client(organization_id=1, handle="user:1", credential=1, permissions=1)
    page = Subscriber(client, "browser", encoding, frozenset(), network, ended=network.end)
    page.group = Group("browser", encoding, frozenset(), lambda _: None)
    assert _pieces(page, [STRANGE], "e") is None


def test_what_is_drawn_for_a_fact_is_drawn_once_and_stays_with_that_fact() -> None:
    page = overview()
    mine, evil = (ReceivedFact(1, of, "network.event", EVENT.iccid, EVIL) for of in (1, 2))
    assert page.encode(mine, "e") is page.encode(mine, "e")
    assert page.encode(evil, "e") is not page.encode(mine, "e")
    assert overview().encode(mine, "e") is not page.encode(mine, "e")
