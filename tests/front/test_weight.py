"""What a page weighs on its way to a browser: the first page of an empty cache, and going from page to page."""

from datetime import UTC, datetime

import pytest
from playwright.async_api import Page, expect

from console.sims.writes import record_inventory
from console.store.database import Database
from tests.cast import Cast, listed

pytestmark = pytest.mark.one_edition
BADGE = "[data-live-badge]"
COLD = 140_000  # bytes
NAVIGATION = 12_000


async def weigh(page: Page, path: str, *, cold: bool) -> int:
    """The bytes that went over the network, heads and compressed bodies."""
    session = await page.context.new_cdp_session(page)
    sizes: list[int] = []
    session.on("Network.loadingFinished", lambda found: sizes.append(int(found["encodedDataLength"])))
    await session.send("Network.enable")
    await session.send("Network.setCacheDisabled", {"cacheDisabled": cold})
    await page.goto(path)
    await expect(page.locator(BADGE)).to_have_attribute("data-state", "live")
    await page.wait_for_load_state("networkidle")
    await session.detach()
    assert sizes
    return sum(sizes)


async def test_the_overview_is_light_for_a_browser_that_has_nothing_yet(page: Page) -> None:
    assert await weigh(page, "/", cold=True) <= COLD


async def test_going_to_a_full_list_of_sims_is_light(page: Page, db: Database, cast: Cast) -> None:
    iccids = [f"89882280666{number:08d}" for number in range(60)]
    found = [listed(iccid, label=f"meter-{number * 7919 % 1000}-{number}") for number, iccid in enumerate(iccids)]
    async with db.transaction() as transaction:
        await record_inventory(transaction, cast.acme, found, datetime.now(UTC))
    await weigh(page, "/sims", cold=False)
    assert await weigh(page, "/sims", cold=False) <= NAVIGATION
    await expect(page.locator("tr[data-topic]")).to_have_count(50)
