"""Actions on pages: asked for from a SIM's page, undone, listed, each with its states; a double click is one action."""

import asyncio
import re
from html import unescape

import httpx
import pytest
import sqlalchemy as sa

from console.store.database import Database
from tests.cast import ADAS_SIM, EVES_SIM, Cast, add_sim
from tests.serving import Served

pytestmark = pytest.mark.one_edition
ASK = f"/sims/{ADAS_SIM}/actions"
CARD = {"kind": "topup", "after": "0", "payment_method": "creditcard", "reason": "Ticket 7"}
CARD |= {"seen": '{"status":"enabled","data_quota":null,"data_total_bytes":null}', "price": "unknown"}
RESET = {"kind": "reset", "after": "0", "seen": '{"status":"enabled","connection":"online"}'}
SCRIPT = {"HX-Request": "true"}


async def action_ids(db: Database) -> list[int]:
    async with db.reading() as reading:
        return list((await reading.execute(sa.text("SELECT id FROM actions ORDER BY id"))).scalars())


def after(page: httpx.Response, kind: str) -> int:
    found = re.search(rf'id="after-{kind}"[^>]*value="(\d+)"', page.text)
    assert found
    return int(found[1])


def fields(answer: httpx.Response) -> dict[str, str]:
    """The fields of the form that the answer asks again by."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', answer.text)
    return {name: unescape(value) for name, value in found}


async def test_a_double_click_a_reload_and_two_tabs_make_one_top_up(web: Served, cast: Cast, db: Database) -> None:
    async with web.signed_in("otto") as one, web.signed_in("otto") as two:
        pages = [
            await one.get(f"/sims/{ADAS_SIM}"),
            await one.get(f"/sims/{ADAS_SIM}"),
            await two.get(f"/sims/{ADAS_SIM}"),
        ]
        assert {after(page, "topup") for page in pages} == {0}
        answers = await asyncio.gather(*(client.post(ASK, data=CARD, headers=SCRIPT) for client in (one, one, two)))
        page = await one.get(f"/sims/{ADAS_SIM}")
    (action_id,) = await action_ids(db)
    assert {answer.status_code for answer in answers} == {200}
    assert all(f'action="/actions/{action_id}/cancel"' in answer.text for answer in answers)
    assert after(page, "topup") == action_id
    assert f'id="action-{action_id}"' in page.text


async def test_what_a_page_says_to_have_shown_may_be_anything(web: Served, cast: Cast, db: Database) -> None:
    deep = '{"status":' + "[" * 3000 + "]" * 3000 + "}"
    async with web.signed_in("otto") as otto:
        for seen in (
            deep,
            "[" * 5000,
            '{"status":1e999}',
            '{"status":' + "9" * 5000 + "}",
            '{"status":"\\ud800"}',
            "null",
        ):
            refused = await otto.post(ASK, data=RESET | {"seen": seen}, headers=SCRIPT)
            assert refused.status_code == 409, seen[:20]
    assert await action_ids(db) == []


async def test_a_page_of_a_database_that_was_restored_since_asks_for_nothing(
    web: Served, cast: Cast, db: Database
) -> None:
    async with web.signed_in("otto") as otto:
        refused = await otto.post(ASK, data=RESET | {"after": "4711"}, headers=SCRIPT)
        assert (refused.status_code, "there is none" in refused.text) == (409, True)
        assert await action_ids(db) == []
        assert (await otto.post(ASK, data=fields(refused), headers=SCRIPT)).status_code == 200


async def test_a_page_that_is_out_of_date_asks_for_nothing(web: Served, cast: Cast, db: Database) -> None:
    async with web.signed_in("otto") as otto, web.signed_in("ada") as ada:
        assert (await ada.post(ASK, data=RESET, headers=SCRIPT)).status_code == 200
        refused = await otto.post(ASK, data=RESET, headers=SCRIPT)
        whole = await otto.post(ASK, data=RESET)
        assert "by ada: held." in refused.text
        assert "Again?" in whole.text
        taken = await otto.post(ASK, data=fields(refused), headers=SCRIPT)
    assert (refused.status_code, whole.status_code, taken.status_code) == (409, 409, 200)
    assert len(await action_ids(db)) == 2


async def test_a_page_that_missed_a_change_of_the_sim_says_it_and_asks_again(
    web: Served, cast: Cast, db: Database
) -> None:
    async with web.signed_in("otto") as otto:
        page = (await otto.get(f"/sims/{ADAS_SIM}")).text
        form = re.findall(r'<form class="edit"\s+id="ask-status".*?</form>', page, re.DOTALL)[0]
        asked = dict(re.findall(r'<input type="hidden"[^>]*name="(\w+)"[^>]*value="([^"]*)"', form))
        asked = {name: unescape(value) for name, value in asked.items()} | {"enabled": "no"}
        assert asked["seen"] == '{"status":"enabled"}'
        cut = await otto.post(ASK, data=asked | {"page": "stale"}, headers=SCRIPT)
        assert (cut.status_code, "cut off" in cut.text, "SIM status enabled" in cut.text) == (409, True, True)
        async with db.transaction() as transaction:
            await add_sim(transaction, cast.acme, ADAS_SIM, label="pump-1", status="disabled")
        refused = await otto.post(ASK, data=asked, headers=SCRIPT)
        assert refused.status_code == 409
        assert "The SIM status is disabled now; the page showed enabled." in refused.text
        assert await action_ids(db) == []
        again = fields(refused)
        assert again["seen"] == '{"status":"disabled"}'
        answers = [await otto.post(ASK, data=again, headers=SCRIPT) for _ in range(2)]
        late = await otto.post(ASK, data=asked | {"page": "stale"}, headers=SCRIPT)  # the same key: it is answered
    assert [answer.status_code for answer in (*answers, late)] == [200, 200, 200]
    assert len(await action_ids(db)) == 1


async def test_a_form_that_does_not_say_what_its_page_showed_does_nothing(
    web: Served, cast: Cast, db: Database
) -> None:
    async with web.signed_in("otto") as otto:
        for form in ({"kind": "reset", "after": "0"}, RESET | {"seen": '{"status":"enabled"}'}):
            refused = await otto.post(ASK, data=form, headers=SCRIPT)
            assert (refused.status_code, "did not say what its page showed" in refused.text) == (409, True)
            assert "connection online" in refused.text, "it is said as it is"
        priceless = await otto.post(ASK, data=CARD | {"price": ""}, headers=SCRIPT)
        assert (priceless.status_code, "which price its page showed" in priceless.text) == (409, True)
        assert await action_ids(db) == []
        assert (await otto.post(ASK, data=fields(refused), headers=SCRIPT)).status_code == 200
    assert len(await action_ids(db)) == 1


async def test_it_is_undone_from_the_message_and_the_page_says_so(web: Served, cast: Cast, db: Database) -> None:
    async with web.signed_in("otto") as otto:
        asked = await otto.post(ASK, data=CARD)
        (action_id,) = await action_ids(db)
        assert (asked.status_code, asked.headers["location"]) == (303, f"/actions/{action_id}")
        undone = await otto.post(f"/actions/{action_id}/cancel", headers=SCRIPT)
        page = await otto.get(f"/actions/{action_id}")
        listed = await otto.get("/actions?state=cancelled")
    assert "cancelled" in undone.text
    assert "Undo" not in undone.text
    assert all(text in page.text for text in ("Ticket 7", "held", "cancelled", "by <bdi>otto</bdi>"))
    assert f'id="action-{action_id}"' in listed.text


async def test_a_viewer_is_offered_nothing_and_refused(web: Served, cast: Cast, db: Database) -> None:
    async with web.signed_in("otto") as otto, web.signed_in("vera") as vera:
        await otto.post(ASK, data=CARD)
        (action_id,) = await action_ids(db)
        page = await vera.get(f"/sims/{ADAS_SIM}")
        assert "As a viewer you can't act on this SIM" in page.text
        assert "Top up for money" not in page.text
        assert 'data-may-cancel="no"' in (await vera.get("/actions")).text
        assert (await vera.post(ASK, data=CARD)).status_code == 403
        assert (await vera.post(f"/actions/{action_id}/cancel")).status_code == 403
    async with web.signed_in("eve") as eve:
        assert (await eve.get(f"/actions/{action_id}")).status_code == 404
        assert (await eve.post(ASK, data=CARD)).status_code == 404
        assert f"action-{action_id}" not in (await eve.get("/actions")).text
        assert (await eve.post(f"/sims/{EVES_SIM}/actions", data=CARD | {"kind": "cancel_sms"})).status_code == 422
    assert await action_ids(db) == [action_id]


@pytest.mark.parametrize(
    "form",
    [{}, {"kind": "x"}, {"payment_method": "gold"}, {"kind": "status"}, {"kind": "sms", "payload": " "}],
)
async def test_what_cant_be_is_refused_with_the_reason(
    web: Served, cast: Cast, db: Database, form: dict[str, str]
) -> None:
    async with web.signed_in("otto") as otto:
        answer = await otto.post(ASK, data={**CARD, **form} if form else {"after": "0"}, headers=SCRIPT)
    assert answer.status_code == 422
    assert await action_ids(db) == []
