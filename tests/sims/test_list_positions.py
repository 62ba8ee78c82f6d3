"""Open lists and the changes of the fleet: each page is sent the last one, and no position is kept beyond it."""

import pytest

from console.live.access import Client
from console.live.encoding import HtmlEncoding
from console.live.feed import Feed
from console.live.hub import Hub
from console.live.received import ReceivedFact
from console.live.subscriber import Subscriber
from console.pages.layout import LayoutView
from console.pages.list_positions import ListPositions, ListTicks
from console.pages.sim_list import ListQuery
from console.pages.sims import SimsView
from console.pages.templating import Fragments, environment
from console.sims.rules import having
from console.store.database import Database
from tests.cast import ADAS_SIM, Cast, add_sim
from tests.live.test_subscriber import Network

pytestmark = pytest.mark.one_edition
ONLINE = ListQuery(wanted=having(connection="online"))


def hub_of(db: Database) -> Hub:
    hub = Hub(Feed(db.redis))
    hub.feed.epoch, hub.feed.up = "e", True
    return hub


def change(hub: Hub, organization_id: int, seq: int) -> None:
    hub.feed.seq = seq
    hub.receive([ReceivedFact(seq, organization_id, "sim.changed", ADAS_SIM, b"{}")])


def open_list(hub: Hub, organization_id: int) -> Subscriber:
    fragments = Fragments(environment())
    view, network = SimsView(fragments), Network()
    client = Client(organization_id=organization_id, handle="user:1", credential=1, topics=frozenset(), permissions=1)
    encoding = HtmlEncoding(view, LayoutView(fragments), lambda *_: None)
    page = Subscriber(client, "browser", encoding, frozenset({"fleet"}), network, view=view, ended=network.end)
    assert hub.join(page) is None
    return page


async def test_a_page_that_joins_after_the_others_were_sent_a_change_is_sent_it_too(db: Database) -> None:
    hub = hub_of(db)
    ticks = ListTicks(hub, {SimsView.name})
    first = open_list(hub, 7)
    change(hub, 7, 1)
    ticks.on_return(SimsView(Fragments(environment())), 7, ())  # of the second, which joins later
    ticks.send()
    assert first.is_waiting
    second = open_list(hub, 7)
    ticks.send()
    assert second.is_waiting


async def test_a_change_that_was_lost_with_the_past_counts_as_one(db: Database) -> None:
    hub = hub_of(db)
    ticks = ListTicks(hub, {SimsView.name})
    ticks.send()
    page = open_list(hub, 7)
    page.release()
    ticks.send()
    page.flush(0.0, 0)
    assert not page.is_waiting
    hub.feed.seq = 900
    hub.reset("too_old")
    ticks.send()
    assert page.is_waiting


async def test_a_position_read_before_the_past_was_lost_is_not_kept(db: Database, cast: Cast) -> None:
    hub = hub_of(db)
    positions = ListPositions(db, hub)
    assert (await positions.read(cast.acme, ONLINE))[0].total == 1
    async with db.transaction() as transaction:
        await add_sim(transaction, cast.acme, ADAS_SIM, connection="offline")
    assert (await positions.read(cast.acme, ONLINE))[0].total == 1, "kept: no change has been received"
    hub.feed.seq = 900
    hub.reset("too_old")
    assert (await positions.read(cast.acme, ONLINE))[0].total == 0


async def test_a_change_that_only_another_process_has_received_is_read(db: Database, cast: Cast) -> None:
    hub = hub_of(db)
    positions = ListPositions(db, hub)
    assert (await positions.read(cast.acme, ONLINE))[0].total == 1
    async with db.transaction() as transaction:
        await add_sim(transaction, cast.acme, ADAS_SIM, connection="offline")
    assert (await positions.read(cast.acme, ONLINE, ("another epoch", 5)))[0].total == 0
