"""What a page is told of a fact that can't be drawn: nothing, and least of all another's."""

import msgspec
import pytest
from msgspec import structs

from console import facts
from console.auth.rules import Caller, Pass, Role
from console.facts.network import NetworkEventReported
from console.live.audience import Audience
from console.live.feed import Heard
from console.live.socket import _pieces
from console.live.subscriber import Subscriber
from console.openapi.examples import EVENT, NOW
from console.pages.fragments import Fragments, View
from console.pages.templating import environment
from tests.live.test_subscriber import Network

EVIL = facts.encode(NetworkEventReported(time=NOW, subject=EVENT.iccid, data=structs.replace(EVENT, time=NOW)))
STRANGE = Heard(2, 1, "sim.teleported", "1", b'{"type":"sim.teleported"}')


def fleet() -> View:
    return View("fleet", Fragments(environment()), lambda *_: None)


def test_a_fact_that_cannot_be_drawn_is_never_anothers_however_often_it_is_asked_for() -> None:
    view = fleet()
    assert view.phrase(Heard(1, 2, "network.event", EVENT.iccid, EVIL), "e")
    for _ in range(2):
        with pytest.raises(msgspec.MsgspecError):
            view.phrase(STRANGE, "e")


def test_a_past_that_cannot_be_drawn_is_told_as_gone() -> None:
    view, network = fleet(), Network()
    caller = Caller(organization_id=1, organization="Acme", name="ada", role=Role.ADMIN, user_id=1)
    page = Subscriber(caller, "browser", view, frozenset(), network, pass_=Pass(key_id=1), ended=network.end)
    page.audience = Audience("browser", view, frozenset(), 0, lambda _: None)
    assert _pieces(page, [STRANGE], "e") is None
