"""What an operator sees of an action that was just asked for: one message, which says how it stands now."""

import pytest
from playwright.async_api import Page, expect

from console.store.database import Database
from tests.actions.test_pages import action_ids
from tests.cast import ADAS_SIM, Cast
from tests.ring.test_connection import live
from tests.serving import Served

pytestmark = pytest.mark.one_edition
MESSAGE = "#messages > .toast"


async def test_a_double_click_leaves_one_message_that_follows_the_action(
    page: Page, web: Served, cast: Cast, db: Database
) -> None:
    await live(page, f"/sims/{ADAS_SIM}")
    await page.click("summary:has-text('Top up')")
    await page.dblclick("button:has-text('Top up for money')")
    await expect(page.locator(MESSAGE)).to_have_count(1)
    await expect(page.locator(MESSAGE)).to_contain_text("held")
    await expect(page.locator(f"{MESSAGE} button:has-text('Undo')")).to_be_visible()
    (action_id,) = await action_ids(db)
    async with web.signed_in("otto") as otto:
        await otto.post(f"/actions/{action_id}/cancel")
    await expect(page.locator(MESSAGE)).to_contain_text("cancelled")
    await expect(page.locator(f"{MESSAGE} button:has-text('Undo')")).to_have_count(0)
    await expect(page.locator("#sim-actions > tr")).to_have_count(1)
