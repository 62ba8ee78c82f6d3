"""A SIM that was opened from a list leads on through it, and back to the list as it was.

Before the scripts of a SIM have come, its links lead on and back too, but to the list drawn anew.
"""

import asyncio
import re

import pytest
from playwright.async_api import Page, Route, expect

from console.store.database import Database
from tests.cast import Cast, add_sim
from tests.chromium import live, started
from tests.ring.test_lists import become

pytestmark = pytest.mark.one_edition
SIMS = [f"89882280666002{number:05d}" for number in range(60)]
PLACE = "#sim-place"


async def test_a_sim_leads_through_its_list_and_back_to_it_as_it_was(page: Page, db: Database, cast: Cast) -> None:
    await become(db, cast, "blocked", *SIMS)
    await live(page, "/sims?connection=blocked&sort=-iccid&page_size=50")
    await page.locator(f"[data-pick='{SIMS[20]}']").check()
    row = page.locator(f"#sim-{SIMS[25]} [data-row-link]")
    await row.scroll_into_view_if_needed()
    scrolled = await page.evaluate("scrollY")
    await row.focus()
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/sims/{SIMS[25]}?list=*")
    await started(page)
    await expect(page.locator(PLACE)).to_contain_text("35 of 60")
    await expect(page.locator(PLACE)).to_contain_text("Connection is blocked")
    await page.keyboard.press("j")
    await page.wait_for_url(f"**/sims/{SIMS[24]}?list=*")
    await started(page)
    await page.keyboard.press("k")
    await page.wait_for_url(f"**/sims/{SIMS[25]}?list=*")
    await started(page)
    await page.click("[data-step=next]")
    await page.wait_for_url(f"**/sims/{SIMS[24]}?list=*")
    await started(page)
    await page.click("[data-list-back]")
    await expect(page).to_have_url(re.compile("/sims[?].*sort=-iccid"))
    await expect(page.locator(f"#sim-{SIMS[24]} [data-row-link]")).to_be_focused()
    assert abs(await page.evaluate("scrollY") - scrolled) < 60
    await expect(page.locator("[data-pick-link]")).to_have_text("Act on 1 selected")
    await page.reload()
    await expect(page.locator("[data-pick-link]")).to_have_text("Act on 1 selected")
    await page.goto("/sims?connection=blocked")
    await expect(page.locator("[data-pick-link]")).to_have_text("Act on all 60")


async def test_a_list_whose_scripts_come_late_takes_the_focus_up_again(page: Page, db: Database, cast: Cast) -> None:
    await become(db, cast, "blocked", *SIMS[:3])

    async def late(route: Route) -> None:
        await asyncio.sleep(0.7)
        await route.continue_()

    await live(page, f"/sims/{SIMS[1]}?list=connection%3Dblocked")
    await expect(page.locator(PLACE)).to_contain_text("2 of 3")
    await page.route("**/list_place*.js", late)
    await page.click("[data-list-back]")
    await expect(page.locator(f"#sim-{SIMS[1]} [data-row-link]")).to_be_focused()


async def test_the_place_in_the_list_is_live(page: Page, db: Database, cast: Cast) -> None:
    await become(db, cast, "blocked", *SIMS[1:4])
    await live(page, f"/sims/{SIMS[2]}?list=connection%3Dblocked")
    await expect(page.locator(PLACE)).to_contain_text("2 of 3")
    await become(db, cast, "blocked", SIMS[0])
    await expect(page.locator(PLACE)).to_contain_text("3 of 4")
    await become(db, cast, "online", SIMS[3])
    await expect(page.locator(f"{PLACE} [data-step=next]")).to_have_count(0)
    await become(db, cast, "online", SIMS[2])
    await expect(page.locator(PLACE)).to_contain_text("no longer matches")
    async with db.transaction() as transaction:
        await add_sim(transaction, cast.acme, SIMS[5], label="x" * 200, connection="blocked")
    await page.set_viewport_size({"width": 320, "height": 700})
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
