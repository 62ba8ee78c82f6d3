"""What a page weighs on its way to a browser: the first page of an empty cache, and going from page to page."""

import asyncio
from datetime import UTC, datetime

import pytest
from playwright.async_api import Page, expect

from console.sims.writes import record_inventory
from console.store.database import Database
from tests.cast import Cast, listed
from tests.chromium import live

pytestmark = pytest.mark.one_edition
COLD = 140_000  # bytes
NAVIGATION = 12_000
# The last that a page loads by itself, a second after it was shown: the network may be idle before.
SOUND_HAS_COME = "performance.getEntriesByType('resource').some(({ name }) => name.endsWith('/alert_sound.js'))"


async def weigh(page: Page, path: str, *, cold: bool) -> int:
    """The bytes that went over the network, heads and compressed bodies."""
    session = await page.context.new_cdp_session(page)
    sizes: list[int] = []
    session.on("Network.loadingFinished", lambda found: sizes.append(int(found["encodedDataLength"])))
    await session.send("Network.enable")
    await session.send("Network.setCacheDisabled", {"cacheDisabled": cold})
    await live(page, path)
    async with asyncio.timeout(30):
        while not await page.evaluate(SOUND_HAS_COME):  # noqa: ASYNC110 - our pages refuse wait_for_function
            await asyncio.sleep(0.1)
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
