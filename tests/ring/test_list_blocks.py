"""A long page of the list of SIMs: 50 rows come with it, the others as they come near, in the first order."""

import asyncio

import pytest
from playwright.async_api import Page, expect

from console.store.database import Database
from tests.cast import Cast, add_sim
from tests.chromium import live

pytestmark = pytest.mark.one_edition
LIST = "/sims?connection=blocked&sort=iccid"
ROWS = "[data-rows] > tr"
SIMS = [f"89882280666001{number:05d}" for number in range(130)]
SHOWN = "[...document.querySelectorAll('[data-rows] > tr')].map((row) => row.id.replace('sim-', ''))"
END = "scrollTo(0, document.documentElement.scrollHeight)"


@pytest.fixture(autouse=True)
async def blocked(db: Database, cast: Cast) -> None:
    async with db.transaction() as transaction:
        for iccid in SIMS:
            await add_sim(transaction, cast.acme, iccid, connection="blocked", label=f"pump {iccid[-3:]}")


async def whole(page: Page) -> None:
    """Scroll until every row is there."""
    for _ in range(100):
        await page.evaluate(END)
        if await page.locator(ROWS).count() == len(SIMS):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(await page.locator(ROWS).count())


async def test_rows_follow_as_they_come_near_without_a_shift_and_in_the_first_order(
    page: Page, db: Database, cast: Cast
) -> None:
    await page.add_init_script(
        "window.shift = 0;"
        "new PerformanceObserver((list) => list.getEntries().forEach((one) => { shift += one.value; }))"
        ".observe({ type: 'layout-shift', buffered: true });"
    )
    await live(page, LIST)
    assert await page.evaluate(SHOWN) == SIMS[:50]
    await expect(page.locator("#sims-found")).to_contain_text("1–130 of 130")
    high = await page.evaluate("document.documentElement.scrollHeight")
    async with db.transaction() as transaction:  # before the others: it would have moved each into the next block
        await add_sim(transaction, cast.acme, "8988228066600000001", connection="blocked")
    await expect(page.locator("#sims-waiting")).to_contain_text("1 more matches.")
    await page.evaluate("shift = 0")  # that something waits has been said above the list
    await whole(page)
    assert await page.evaluate(SHOWN) == SIMS
    assert abs(await page.evaluate("document.documentElement.scrollHeight") - high) <= 80
    assert await page.evaluate("shift") < 0.05


async def test_a_row_that_came_later_is_live_selected_and_kept_when_the_list_is_shown_anew(
    page: Page, db: Database, cast: Cast
) -> None:
    await live(page, LIST)
    await whole(page)
    row = page.locator(f"#sim-{SIMS[-1]}")
    async with db.transaction() as transaction:
        await add_sim(transaction, cast.acme, SIMS[-1], connection="blocked", label="renamed")
    await expect(row).to_contain_text("renamed")
    await row.locator("[data-pick]").check()
    await expect(page.locator("[data-pick-link]")).to_have_text("Act on 1 selected")
    async with db.transaction() as transaction:
        await add_sim(transaction, cast.acme, SIMS[0], connection="online")
    await expect(page.locator("#sims-waiting")).to_contain_text("1 no longer does.")
    place = await page.evaluate("scrollY")
    await page.keyboard.press("r")
    await expect(page.locator("#sims-waiting")).to_be_hidden()
    assert await page.evaluate(SHOWN) == SIMS[1:], "as many rows as there were are drawn at once"
    await expect(row.locator("[data-pick]")).to_be_checked()
    assert abs(await page.evaluate("scrollY") - place) <= 80


async def test_back_leads_to_a_row_of_a_later_block(page: Page, cast: Cast) -> None:
    await live(page, LIST)
    await whole(page)
    await page.locator(f"#sim-{SIMS[120]} [data-row-link]").click()
    await page.wait_for_url("**/sims/*")
    await page.go_back(wait_until="commit")
    link = page.locator(f"#sim-{SIMS[120]} [data-row-link]")
    await expect(link).to_be_focused()
    await expect(link).to_be_in_viewport()
