"""Law 6, as a browser sees it: what is sent to an open page is what the page shows when it is drawn anew."""

import asyncio
import re
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from console.store.database import Database, Transaction
from tests.cast import ADAS_SIM, Cast
from tests.laws.alert_changes import abroad, acknowledged, attempt, channel, judged, notification, rule
from tests.laws.changes import (
    approval,
    bulk_action,
    bulk_plan,
    circuit,
    connection,
    event,
    message,
    offer,
    plan_begins,
    quota,
    run,
    silence,
    streamer,
    top_up,
    usage,
)
from tests.laws.drawn import Elements, Piece, differing, pieces_in
from tests.serving import Served

pytestmark = pytest.mark.one_edition
SIGNALS = frozenset({"list-mark"})  # they show nothing: a page asks for something when they change
LONGEST = 10.0  # seconds until all has been sent that is expected

Change = Callable[[Transaction, int, datetime], Coroutine[Any, Any, None]]
PAGES: dict[str, tuple[tuple[Change, set[str]], ...]] = {
    "/": (
        (connection, {"fleet-counts", "fleet-by-operator"}),
        (usage, {"fleet-usage"}),
        (event, {"event-5", "fleet-warnings"}),
        (streamer, {"fleet-streamer"}),
        (circuit, {"carrier-banner"}),
    ),
    "/?by=country": ((connection, {"fleet-counts", "fleet-by-country"}),),
    "/?by=tag": ((connection, {"fleet-counts"}), (circuit, {"carrier-banner"})),
    "/wall": ((connection, {"wall-now", "wall-fleet", "wall-places"}),),
    "/silences": ((silence, {"silence-lists"}),),
    "/events": ((event, {"event-5"}),),
    "/quotas": ((quota, {f"quota-{ADAS_SIM}", "quota-bands", "quota-counted"}),),
    "/sims": (
        (connection, {f"sim-{ADAS_SIM}"}),
        (quota, {f"sim-{ADAS_SIM}"}),
        (circuit, {"carrier-banner"}),
    ),
    f"/sims/{ADAS_SIM}": (
        (connection, {"sim-state", "sim-diagnosis"}),
        (quota, {"sim-quotas", "sim-state", "sim-facts"}),
        (top_up, {"after-topup"}),
        (event, {"event-5"}),
        (circuit, {"carrier-banner"}),
    ),
    f"/sims/{ADAS_SIM}?tab=sms": ((message, {"sms-mt-7"}),),
    "/sms": ((message, {"conversations"}),),
    f"/sims/{ADAS_SIM}/sms": ((message, {"sms-mt-7"}), (quota, {"sms-quota"})),
    "/actions": ((top_up, {"action-1", "budgets"}), (bulk_action, {"bulk-row-1"})),
    "/approvals": ((approval, {"approval-1"}),),
    "/jobs": ((run, {"job-sync_sims"}), (circuit, {"carrier-banner", "carrier-trouble"})),
    "/carrier": (
        (circuit, {"carrier-banner", "carrier-circuit"}),
        (offer, {"carrier-operations"}),
        (streamer, {"carrier-streamer"}),
    ),
    "/alerts": ((judged, {"alert-lists", "alert-1"}), (acknowledged, {"alert-lists", "alert-1"})),
    "/alerts?state=firing": ((acknowledged, {"alert-1"}),),
    "/alerts/1": ((acknowledged, {"whole-alert-1", "alert-history-1"}),),
    "/bulk-actions/1": ((plan_begins, {"bulk-1", f"bulk-1-{ADAS_SIM}"}),),
    "/notification-channels": ((notification, {"delivery-1"}), (attempt, {"delivery-1"})),
    "/notification-deliveries/1": ((attempt, {"delivery-log-1"}),),
}
BEFORE: dict[str, tuple[Change, ...]] = {
    "/alerts": (rule, abroad),
    "/alerts?state=firing": (rule, abroad, judged),
    "/alerts/1": (rule, abroad, judged),
    "/bulk-actions/1": (bulk_plan,),
    "/notification-channels": (channel,),
    "/notification-deliveries/1": (channel, notification),
}


def live_query(page: str) -> str:
    """What the console's own script asks the live connection for, by what stands in the page."""
    address = re.search(r'data-live-url="([^"]+)"', page)
    assert address, page[:500]
    asked = parse_qs(urlsplit(address[1].replace("&amp;", "&")).query)
    topics = [*asked.get("topics", []), *re.findall(r'data-topic="([^"]+)"', page)]
    return f"?view={asked['view'][0]}&topics={','.join(topics)}"


@pytest.mark.parametrize("path", PAGES)
async def test_what_is_sent_is_what_the_page_shows(web: Served, db: Database, cast: Cast, path: str) -> None:
    """One change after the other on an open page; what each sends is, once all of it has come, what the page shows."""
    for change in BEFORE.get(path, ()):
        async with db.transaction() as transaction:
            await change(transaction, cast.acme, datetime.now(UTC))
    async with web.signed_in("ada") as client:
        page = (await client.get(path)).text
        async with web.page_socket(client, live_query(page)) as socket:
            assert "stream.hello" in await asyncio.wait_for(socket.recv(), LONGEST)
            for change, expected in PAGES[path]:
                async with db.transaction() as transaction:
                    await change(transaction, cast.acme, datetime.now(UTC))
                pieces: list[Piece] = []
                compared: dict[str, str] = {}
                try:
                    async with asyncio.timeout(LONGEST):
                        while not expected <= compared.keys() or any(compared.values()):
                            sent = pieces_in([str(await socket.recv())])
                            pieces += [piece for piece in sent if piece.target not in SIGNALS]
                            if expected <= sent_ids(pieces):
                                compared = differing((await client.get(path)).text, pieces)
                except TimeoutError:
                    pytest.fail(f"{change.__name__}: {sorted(sent_ids(pieces))} came, of which {compared} differ")


def sent_ids(pieces: list[Piece]) -> set[str]:
    """The ids of all elements in these pieces."""
    return {name for piece in pieces for name in Elements(piece.html).by_id}


PAGE = '<main><tr id="a" class="x"><td>1</td><td><time datetime="t">now</time></td></tr><p id="b">two</p></main>'


@pytest.mark.parametrize(
    ("html", "differs"),
    [
        ('<tr class="x"  id="a"><td> 1\n</td><td><time datetime="t">4 s ago</time></td></tr>', False),
        ('<tr id="a" class="x"><td>2</td><td><time datetime="t">now</time></td></tr>', True),
        ('<tr id="a" class="y"><td>1</td><td><time datetime="t">now</time></td></tr>', True),
        ('<tr id="a" class="x"><td>1</td><td><time datetime="u">now</time></td></tr>', True),
        ('<tr id="a" class="x"><td>1</td></tr>', True),
        ('<tr id="a" class="x"><td>1</td><td><time datetime="t">now</time></td><td></td></tr>', True),
    ],
    ids=["the same", "another text", "another class", "another moment", "less", "more"],
)
def test_a_fragment_that_differs_is_found(html: str, differs: bool) -> None:
    pieces = [Piece("a", "outerMorph", html)]
    found = differing(PAGE, pieces)
    assert found.keys() == {"a"}
    assert bool(found["a"]) is differs
