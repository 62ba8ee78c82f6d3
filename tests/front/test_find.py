"""From every page one finds SIMs, pages, saved views and what one may do; nobody finds what is not theirs to do."""

import pytest
from playwright.async_api import Page, expect

from console.store.database import Database
from tests.cast import ADAS_SIM, Cast, add_sim
from tests.chromium import live
from tests.serving import Served

pytestmark = pytest.mark.one_edition
HTMX = {"HX-Request": "true"}


async def found(web: Served, name: str, text: str) -> str:
    async with web.signed_in(name) as client:
        return (await client.get("/find", params={"q": text}, headers=HTMX)).text


async def test_actions_are_found_by_their_words_by_whoever_may_do_them(web: Served, cast: Cast) -> None:
    for text in ("silence", "alerts sil"):
        assert 'href="/silences"' in await found(web, "otto", text)
        assert "Silence alerts" not in await found(web, "vera", text)
    assert "Invite a user" in await found(web, "ada", "invite")
    assert "Invite a user" not in await found(web, "otto", "invite")
    assert "Nothing matches" in await found(web, "ada", "no such thing at all")


async def test_an_identifier_offers_what_may_be_done_with_its_sim(web: Served, cast: Cast) -> None:
    page = await found(web, "otto", ADAS_SIM)
    for kind in ("reset", "sms"):
        assert f'href="/sims/{ADAS_SIM}#ask-{kind}"' in page
    assert "#ask-" not in await found(web, "vera", ADAS_SIM)
    assert "#ask-" not in await found(web, "eve", ADAS_SIM), "it is another organization's"


async def test_the_end_of_a_number_or_the_whole_of_it_finds_its_sims_and_no_masked_one(
    web: Served, db: Database, cast: Cast
) -> None:
    others = [f"89882280661{number:08d}" for number in (11_700, 22_700, 33_800)]
    async with db.transaction() as transaction:
        for number, iccid in enumerate(others):
            await add_sim(
                transaction, cast.acme, iccid, imsi=f"90140533100444{number}", msisdn=f"88228533100{number}55"
            )
        await add_sim(transaction, cast.evil, "8988228066199990700", imsi="901405331004449")
        await add_sim(transaction, cast.acme, "8988228066155555555", label="bay 0700 north")
    ends = await found(web, "ada", "0700")
    assert [iccid for iccid in others if f"/sims/{iccid}" in ends] == []
    ends = await found(web, "ada", "2700")
    assert f"/sims/{others[1]}" in ends
    assert f"/sims/{others[0]}" not in ends
    assert "8988228066155555555" in await found(web, "ada", "0700"), "a part of a label, where no number ends so"
    assert "8988228066199990700" not in await found(web, "ada", "0700"), "it is another organization's"
    for text in ("901405331004441", "IMSI 901405331004441", "88228533100155", "+882 285 331 001 55"):
        whole = await found(web, "ada", text)
        assert [iccid for iccid in others if f"/sims/{iccid}" in whole] == [others[1]], text
        assert "Nothing matches" in await found(web, "vera", text), "who may not see a number finds nothing by it"
    assert f"/sims/{others[2]}" in await found(web, "ada", "00882285331002 55".replace(" ", ""))


async def test_a_saved_view_is_found_by_a_part_of_its_name_by_those_who_have_it(web: Served, cast: Cast) -> None:
    async with web.signed_in("ada") as ada:
        answer = await ada.post("/saved-views", data={"name": "North pumps", "query": "connection=blocked"})
        assert answer.status_code in (200, 201, 204, 303), answer.text
        assert "North pumps" in (await ada.get("/find", params={"q": "pumps"}, headers=HTMX)).text
    assert "North pumps" not in await found(web, "vera", "pumps")


async def test_an_action_on_a_sim_opens_its_form_with_the_focus(page: Page, cast: Cast) -> None:
    await live(page, "/sims")
    await page.keyboard.press("Control+k")
    await page.keyboard.type(ADAS_SIM)
    await page.get_by_role("link", name="Send SMS to").press("Enter")
    await page.wait_for_url("**/sims/*#ask-sms")
    await expect(page.locator("#ask-sms textarea")).to_be_focused()
