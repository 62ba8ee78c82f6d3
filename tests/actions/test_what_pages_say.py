"""What pages say of what is asked for: which SIMs, at what price, as of when; and where it leads to."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from console.actions import requests, writes
from console.actions.bulk.rules import explanation
from console.carrier.writes import record_unavailable
from console.facts.bulk_actions import BulkCounts, BulkState
from console.pages.templating import environment
from console.store.database import Database
from tests.api.filling import buy_and_approve
from tests.cast import ADAS_SIM, Cast, add_sim
from tests.serving import Served

pytestmark = pytest.mark.one_edition


async def test_a_plan_of_all_that_match_names_the_filters(web: Served, cast: Cast) -> None:
    async with web.signed_in("otto") as otto:
        page = await otto.get("/bulk-actions/new?country=DE&q=pump")
    assert "All 1 that match the list's search and filters now: <bdi>SIMs with “pump”, country DE</bdi>" in page.text


async def test_a_price_is_written_as_its_currency_has_it() -> None:
    marks = environment().get_template("approvals/_marks.html").module
    for minor, currency, said in ((1000, "EUR", "10.00 EUR"), (1000, "JPY", "1,000 JPY"), (1500, "KWD", "1.500 KWD")):
        assert marks.price(minor, currency, "topup").strip() == said  # type: ignore[attr-defined]


def test_the_first_of_few_is_one() -> None:
    counts = BulkCounts(
        excluded=0, not_started=3, under_way=0, accepted=0, confirmed=0, unknown=0, failed=0, cancelled=0
    )
    said = [explanation(BulkState.RUNNING, counts, 5, canary, None) for canary in (1, 2)]
    assert said[0].startswith("The first goes alone. Stops")
    assert said[1].startswith("The first 2 go alone, chosen as different as possible. Stops")


async def test_an_action_leads_to_its_order_and_its_ticket(web: Served, cast: Cast, db: Database) -> None:
    now = datetime.now(UTC)
    async with db.transaction() as transaction:
        await buy_and_approve(transaction, cast.ada, now)
        for key in ("one", "two"):
            await writes.request(transaction, cast.ada, requests.reset(ADAS_SIM), key, now, undo=timedelta(hours=1))
        numbers = (
            "UPDATE actions SET order_number = CASE id WHEN 1 THEN '41' END, ticket_id = CASE id WHEN 2 THEN '13' END"
        )
        await transaction.connection.execute(sa.text(numbers))
    async with web.signed_in("otto") as otto:
        for number, path in ((1, "/orders#order-41"), (2, "/tickets#ticket-13")):
            assert f'href="{path}"' in (await otto.get(f"/actions/{number}")).text
            page, place = path.split("#")
            assert f'id="{place}"' in (await otto.get(page)).text


async def test_what_a_ticket_sends_says_as_of_when_it_is(web: Served, cast: Cast) -> None:
    async with web.signed_in("otto") as otto:
        page = (await otto.get(f"/sims/{ADAS_SIM}")).text
    before, _, after = page.partition("it is sent as it is when the ticket is asked for.")
    assert "<time datetime=" in before[-200:]
    assert "ICCID: " in after[:200]


async def test_the_page_of_1nce_says_what_the_console_does_instead(web: Served, cast: Cast) -> None:
    async with web.signed_in("otto") as otto:
        page = (await otto.get("/carrier")).text.partition('id="portal-title"')[2]
    assert page.count("The console does it one by one (Act on many SIMs)") == 2
    assert "turn on a rule of the console (page Budgets), and never both for a SIM" in page


async def test_the_form_of_what_1nce_does_not_offer_says_so(web: Served, cast: Cast, db: Database) -> None:
    now, why = datetime.now(UTC), "1NCE has no support here"
    async with db.transaction() as transaction:
        await record_unavailable(
            transaction, cast.acme, "support.open", unavailable_reason=why, status=404, at=now, retry_at=None
        )
    async with web.signed_in("otto") as otto:
        page = (await otto.get(f"/sims/{ADAS_SIM}")).text
    before, _, _ = page.partition('id="ask-ticket"')
    assert why in before[-300:]
    assert page.count(why) == 1


async def test_an_approval_says_in_words_how_its_sims_were(web: Served, cast: Cast, db: Database) -> None:
    async with db.transaction() as transaction:
        await add_sim(transaction, cast.acme, ADAS_SIM, label="pump-1", imei_lock=True, connection="online")
        await buy_and_approve(transaction, cast.ada, datetime.now(UTC))
        await add_sim(transaction, cast.acme, ADAS_SIM, label="pump-1", imei_lock=False, connection="online")
    async with web.signed_in("otto") as otto:
        page = (await otto.get("/approvals/1")).text
    assert page.index("IMEI lock on") < page.index("IMEI lock off")
    assert "true" not in page.partition('id="since-title"')[2].partition("</table>")[0]
