"""Law 6, as a browser sees it: what is sent to an open page is what the page shows when it is drawn anew."""

import asyncio
import re
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from msgspec import structs

from console.actions import requests, writes
from console.actions.bulk import writes as bulk_writes
from console.actions.bulk.commands import begin as begin_bulk_action
from console.actions.bulk.selection import Selection
from console.carrier.rules import CircuitState
from console.carrier.writes import record_answers, record_circuit, record_unavailable
from console.connectivity.writes import record_events, record_statuses
from console.facts.sms import Sms
from console.organizations.rules import PERMISSIONS, Caller, Role
from console.quotas.writes import COMPARE, record_quotas
from console.runs.rules import RunState
from console.runs.writes import Tally, begin, finish
from console.sms.writes import record_messages
from console.store.database import Database, Transaction
from console.streamer.writes import note_posts, settle
from console.usage.writes import record_usage
from tests.cast import ADAS_SIM, Cast, placed
from tests.laws.drawn import Elements, Piece, differing, pieces_in
from tests.serving import Served

pytestmark = pytest.mark.one_edition
SIGNALS = frozenset({"list-mark"})  # they show nothing: a page asks for something when they change
LONGEST = 10.0  # seconds until all has been sent that is expected
MB = 1024 * 1024


async def connection(transaction: Transaction, acme: int, now: datetime) -> None:
    await record_statuses(transaction, acme, [placed(ADAS_SIM, now, connection="offline", rat="LTE")], now, "poll")


async def quota(transaction: Transaction, acme: int, now: datetime) -> None:
    expires = now + timedelta(days=400)
    known = {"status": "active", "total": 500, "accumulated": 500, "last_added": 500, "threshold_percent": 20}
    rows = [
        {"iccid": ADAS_SIM, "service": service, **dict.fromkeys(COMPARE), **known, "left": left, "expires_at": expires}
        for service, left in (("data", 60), ("sms", 240))
    ]
    await record_quotas(transaction, acme, rows, now, streamer_alive=False)


async def message(transaction: Transaction, acme: int, now: datetime) -> None:
    sent = Sms(
        iccid=ADAS_SIM, direction="mt", id="7", time=now, status="pending", payload="reboot <now>", source="poll"
    )
    await record_messages(transaction, acme, [sent], now)


async def event(transaction: Transaction, acme: int, now: datetime) -> None:
    row = {
        **{"id": 5, "iccid": ADAS_SIM, "time": now, "type": 3, "name": "Create PDP Context", "severity": "warn"},
        **{"description": "PDP Context Request accepted.", "operator": "T-Mobile", "country": "DE", "cause": None},
    }
    await record_events(transaction, acme, [row], now)


async def usage(transaction: Transaction, acme: int, now: datetime) -> None:
    row = {
        "iccid": ADAS_SIM,
        "time": now,
        "started_at": now,
        "source": "streamer",
        "record_id": 9,
        "data_bytes": 3 * MB,
        "sms": 1,
    }
    await record_usage(transaction, acme, [row], now)


async def run(transaction: Transaction, acme: int, now: datetime) -> None:
    run_id = await begin(transaction, acme, "sync_sims", now)
    tally = Tally(seen=250, changed=3, failed=1, error="1NCE refused one <SIM>")
    await finish(transaction, run_id, RunState.FAILED, tally, now + timedelta(seconds=2))


async def circuit(transaction: Transaction, acme: int, now: datetime) -> None:
    retry_at = now + timedelta(minutes=5)
    await record_circuit(
        transaction, acme, CircuitState.OPEN, reason="no answer", failures=8, at=now, retry_at=retry_at
    )


async def offer(transaction: Transaction, acme: int, now: datetime) -> None:
    await record_answers(transaction, acme, {"sims.list": now}, now)
    again = now + timedelta(days=1)
    await record_unavailable(
        transaction, acme, "usage.daily", unavailable_reason="not offered", status=404, at=now, retry_at=again
    )


async def streamer(transaction: Transaction, acme: int, now: datetime) -> None:
    await note_posts(transaction, acme, dict.fromkeys(("event", "usage"), now - timedelta(hours=9)), now)
    await settle(transaction, acme, now)


async def top_up(transaction: Transaction, acme: int, now: datetime) -> None:
    permissions = PERMISSIONS[Role.OPERATOR]
    otto = Caller(organization_id=acme, organization="Acme", name="otto <x>", permissions=permissions, user_id=1)
    asked = requests.top_up(ADAS_SIM, requests.PaymentMethod.CREDIT_CARD, reason="Ticket <7>")
    await writes.request(transaction, otto, asked, "one", now, undo=timedelta(seconds=30))


async def bulk_action(transaction: Transaction, acme: int, now: datetime) -> None:
    permissions = PERMISSIONS[Role.OPERATOR]
    otto = Caller(organization_id=acme, organization="Acme", name="otto <x>", permissions=permissions, user_id=1)
    asked = requests.reset("", reason="Ticket <7>")
    bulk, _ = await bulk_writes.plan(
        transaction, otto, asked, Selection(iccids=[ADAS_SIM]), "one", "one", now, stop_percent=5
    )
    begun = await begin_bulk_action(transaction, otto, bulk.id, now, undo=timedelta(0))
    await bulk_writes.start_some(transaction, otto, begun, now, most=1)


async def approval(transaction: Transaction, acme: int, now: datetime) -> None:
    permissions = PERMISSIONS[Role.OPERATOR]
    otto = Caller(organization_id=acme, organization="Acme", name="otto <x>", permissions=permissions, user_id=1)
    asked = structs.replace(requests.reset(ADAS_SIM, reason="Ticket <7>"), approval_until=now + timedelta(hours=1))
    action, _ = await writes.request(transaction, otto, asked, "1", now, undo=timedelta(0))
    await bulk_writes.add_approval(transaction, otto, "It is <many>.", "Ticket <7>", now, action=action)


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
    "/events": ((event, {"event-5"}),),
    "/quotas": ((quota, {f"quota-{ADAS_SIM}", "quota-bands", "quota-counted"}),),
    "/sims": (
        (connection, {f"sim-{ADAS_SIM}"}),
        (quota, {f"sim-{ADAS_SIM}"}),
        (circuit, {"carrier-banner"}),
    ),
    f"/sims/{ADAS_SIM}": (
        (connection, {"sim-state", "sim-diagnosis"}),
        (quota, {"sim-quotas", "sim-state"}),
        (message, {"sms-mt-7"}),
        (top_up, {"after-topup"}),
        (event, {"event-5"}),
        (circuit, {"carrier-banner"}),
    ),
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
