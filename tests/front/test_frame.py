"""The frame of every page: rail, bar at the top, search, and what a phone has of them."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.async_api import Locator, Page, expect

from console.members.writes import add_member
from console.organizations.rules import Role
from console.pages.navigation import PAGES
from console.store.database import Database
from console.users.reads import by_name
from tests.cast import ADAS_SIM, Cast
from tests.chromium import live
from tests.serving import Served

pytestmark = pytest.mark.one_edition


async def measure(part: Locator, what: str) -> float:
    found: float = await part.evaluate("(part, what) => part.getBoundingClientRect()[what]", what)
    return found


async def test_a_window_as_low_as_at_400_percent_zoom_shows_the_content(page: Page) -> None:
    await page.set_viewport_size({"width": 360, "height": 225})
    await live(page, "/sims")
    await page.evaluate("window.scrollTo(0, 300)")
    top = await page.evaluate("document.elementFromPoint(180, 20).closest('main')?.id")
    bottom = await page.evaluate("document.elementFromPoint(180, 205).closest('main')?.id")
    assert (top, bottom) == ("main", "main")


async def test_no_text_becomes_a_part_of_the_page_or_a_script_but_by_the_one_policy(page: Page) -> None:
    page = await page.context.new_page()  # what it refuses is an error on the browser's console
    await live(page, "/sims")
    await page.evaluate("htmx.swap({ text: '<p id=ours>x</p>', target: '#messages', swap: 'beforeend' })")
    await expect(page.locator("#messages #ours")).to_have_count(1)
    for sink in ("document.body.innerHTML = '<b>'", "trustedTypes.createPolicy('other', {})"):
        refused = await page.evaluate(f"(() => {{ try {{ {sink}; return false }} catch (error) {{ return true }} }})()")
        assert refused, sink


async def test_the_rail_stays_as_narrow_or_wide_as_it_was_left(page: Page) -> None:
    await page.set_viewport_size({"width": 1440, "height": 800})
    await live(page, "/sims")
    rail = page.get_by_role("navigation", name="Main")
    assert await measure(rail, "width") == 208
    await page.keyboard.press("[")
    assert await measure(rail, "width") == 56
    await expect(rail.get_by_role("link", name="Jobs")).to_be_visible()
    await live(page, "/jobs")
    assert await measure(rail, "width") == 56
    await page.keyboard.press("[")
    assert await measure(rail, "width") == 208


async def test_a_phone_says_whole_how_fresh_the_page_is_whatever_the_organization_is_called(
    page: Page, db: Database, cast: Cast
) -> None:
    async with db.transaction() as transaction:
        await transaction.connection.execute(sa.text("UPDATE organizations SET name = 'Acme Telematics of the North'"))
        ada = await by_name(transaction.connection, "ada")
        assert ada is not None
        await add_member(transaction, cast.evil, ada.id, Role.VIEWER, datetime.now(UTC))
    await page.set_viewport_size({"width": 360, "height": 800})
    await live(page, "/sims")
    await expect(page.locator(".organization-choice")).to_be_visible()
    assert await page.locator("[data-live-text]").evaluate("text => text.scrollWidth - text.clientWidth") <= 0
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    await page.click(".organization-choice summary")
    await expect(page.locator(".organization-choice .account-panel button").first).to_be_in_viewport(ratio=1)


async def test_a_phone_has_its_navigation_below_and_at_most_five_entries(page: Page) -> None:
    await page.set_viewport_size({"width": 390, "height": 800})
    await live(page, "/sims")
    links = page.get_by_role("navigation", name="Main").locator("a:visible")
    assert 2 <= await links.count() <= 5
    assert await measure(page.locator(".rail"), "y") > 700
    assert await measure(page.locator(".header"), "height") == 48


async def test_an_identifier_in_the_dialog_opens_the_sim(page: Page) -> None:
    await live(page, "/jobs")
    await page.keyboard.press("Control+k")
    await page.keyboard.type(f"{ADAS_SIM[:4]} {ADAS_SIM[4:8]} {ADAS_SIM[8:12]} {ADAS_SIM[12:16]} {ADAS_SIM[16:]}")
    await expect(page.locator("#find-found a")).to_have_count(4)  # the SIM, and what can be done with it
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/sims/{ADAS_SIM}")


async def test_words_in_the_dialog_lead_to_a_page_or_to_the_list(page: Page) -> None:
    await live(page, "/jobs")
    await page.locator(".find").click()
    await page.keyboard.type("1nc")
    await expect(page.locator("#find-found a")).to_have_text("1NCE")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/carrier")
    await page.keyboard.press("Control+k")
    await page.keyboard.type("pump")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/sims?q=pump")


def test_each_page_of_the_navigation_has_an_icon_that_is_drawn() -> None:
    icons = (Path(__file__).parents[2] / "templates/parts/_icons.html").read_text()
    assert {page.icon for page in PAGES} <= set(re.findall(r'id="i-([\w-]+)"', icons))


def test_each_page_of_the_navigation_has_a_key_and_an_icon_of_its_own() -> None:
    assert len({page.key for page in PAGES}) == len(PAGES)
    assert len({page.icon for page in PAGES}) == len(PAGES)


async def test_a_page_that_holds_still_under_a_live_badge_says_so(web: Served, cast: Cast) -> None:
    still, live = ("/audit", "/api-keys", "/users", "/sms-templates", "/budgets"), ("/", "/sims", "/events", "/actions")
    async with web.signed_in("ada") as ada:
        texts = {path: (await ada.get(path)).raise_for_status().text for path in (*still, *live, "/help")}
        refused = await ada.post("/sms-templates", data={"name": "", "text": ""})
    assert [path for path, text in texts.items() if 'class="as-of still"' in text] == list(still)
    assert "still" not in re.findall(r'class="as-of ([a-z]*)"', refused.text)
