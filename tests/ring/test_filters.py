"""Filters of the list by keyboard alone, on the narrowest screen: several values, is and is not, each removable."""

import re

import pytest
from playwright.async_api import Page, expect

from console.store.database import Database
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, Cast, add_sim
from tests.chromium import live

pytestmark = pytest.mark.one_edition
ROWS = "[data-rows] > tr"


async def press_until(page: Page, selector: str) -> None:
    """Tab to it."""
    for _ in range(60):
        if await page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"{selector} can't be reached by keyboard")


async def test_filters_are_chosen_turned_and_removed_by_keyboard_at_320_pixels(
    page: Page, db: Database, cast: Cast
) -> None:
    await page.set_viewport_size({"width": 320, "height": 640})
    await live(page, "/sims")
    await page.locator("#q").focus()
    await press_until(page, "#filters-open")
    await page.keyboard.press("Enter")
    await press_until(page, "[name=connection][value=online]")
    await page.keyboard.press("Space")
    await expect(page.locator(ROWS)).to_have_count(1)
    assert page.url.endswith("/sims?connection=online")
    await press_until(page, "[name=connection][value=offline]")
    await page.keyboard.press("Space")
    await expect(page.locator(ROWS)).to_have_count(2)
    assert page.url.endswith("/sims?connection=online&connection=offline")
    await expect(page.locator("#filters-choice")).to_be_visible()  # it stays open while the list is drawn anew
    assert await page.evaluate("document.documentElement.scrollWidth") == 320
    await press_until(page, "[name=tag][data-adds]")
    await page.keyboard.type("Nobody has it")
    await page.keyboard.press("Enter")
    await expect(page.locator("#sims-found")).to_contain_text("No SIM matches")
    await expect(page.locator("[name=tag][data-adds]")).to_have_value("")
    await page.keyboard.press("Escape")
    await expect(page.locator("#filters-choice")).to_be_hidden()
    await press_until(page, "[aria-label='Remove Tag is nobody-has-it']")
    await page.keyboard.press("Enter")
    await expect(page.locator(ROWS)).to_have_count(2)
    await press_until(page, "[aria-label='Remove Connection is offline']")
    await page.keyboard.press("Enter")
    await expect(page.locator(ROWS)).to_have_count(1)
    await expect(page.locator(f"#sim-{ADAS_SIM}")).to_be_visible()
    await press_until(page, "[aria-label='Connection is: change to is not']")
    await page.keyboard.press("Enter")
    await expect(page.locator(f"#sim-{ADAS_OTHER_SIM}")).to_be_visible()
    await expect(page).to_have_url(re.compile(r"/sims\?connection_not=online$"))
    assert await page.evaluate("document.documentElement.scrollWidth") == 320
    ticked = await page.eval_on_selector_all("#filters-choice :checked", "(all) => all.map((one) => one.name)")
    assert ticked == ["connection_not"], "boxes ticked by hand follow the address"


async def test_each_value_says_how_many_sims_it_would_show_and_keeps_that_up_to_date(
    page: Page, db: Database, cast: Cast
) -> None:
    async def shows(field: str, value: str, number: str) -> None:
        counted = page.locator(f"[data-facet={field}][data-facet-value={value}]")
        await expect(counted).to_have_text(number)

    await live(page, "/sims?connection=online")
    await page.locator("#filters-open").click()
    await shows("connection", "online", "1")
    await shows("connection", "offline", "1")  # beside the other fields, not beside its own
    await shows("country", "DE", "1")
    await shows("country", "FR", "0")
    async with db.transaction() as transaction:
        await add_sim(transaction, cast.acme, ADAS_OTHER_SIM, label="pump-2", connection="online", country="FR")
    await shows("connection", "online", "2")
    await shows("connection", "offline", "0")
    await shows("country", "FR", "1")
    await page.goto("/sims?q=pump")
    await page.locator("#filters-open").click()
    await expect(page.locator("[data-facet]")).to_have_count(0)  # a search is not counted by kind
