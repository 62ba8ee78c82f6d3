"""What an operator sees of an action that was just asked for: one message, which says how it stands now."""

import asyncio
from itertools import count

import pytest
from playwright.async_api import Page, Route, expect

from console.store.database import Database
from tests.actions.test_pages import action_ids
from tests.cast import ADAS_SIM, Cast
from tests.chromium import live
from tests.serving import Served

pytestmark = pytest.mark.one_edition
MESSAGE = "#messages > .toast"
SWAPPED = """new Promise((done) => document.addEventListener('htmx:after:swap', (event) => {
    if (event.detail.ctx.swap !== 'none') done(true);
}))"""


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


async def test_an_answer_that_was_long_on_its_way_takes_no_message_back(
    page: Page, web: Served, cast: Cast, db: Database
) -> None:
    answered, arrives, asked = asyncio.Event(), asyncio.Event(), count()

    async def hold_back(route: Route) -> None:
        if next(asked) == 0:
            return await route.continue_()
        answer = await route.fetch()
        answered.set()
        await arrives.wait()
        return await route.fulfill(response=answer)

    await live(page, f"/sims/{ADAS_SIM}")
    await page.click("summary:has-text('Top up')")
    await page.route("**/actions", hold_back)
    await page.dblclick("button:has-text('Top up for money')")
    await asyncio.wait_for(answered.wait(), 10)
    await expect(page.locator(MESSAGE)).to_contain_text("held")
    (action_id,) = await action_ids(db)
    async with web.signed_in("otto") as otto:
        await otto.post(f"/actions/{action_id}/cancel")
    await expect(page.locator(MESSAGE)).to_contain_text("cancelled")
    await page.evaluate(f"window.swapped = {SWAPPED}; undefined")
    arrives.set()
    assert await page.evaluate("window.swapped")
    await expect(page.locator(MESSAGE)).to_have_count(1)
    await expect(page.locator(MESSAGE)).to_contain_text("cancelled")


@pytest.mark.parametrize("path", [f"/sims/{ADAS_SIM}#ask-sms", f"/sims/{ADAS_SIM}/sms"])
async def test_a_text_that_was_sent_is_gone_from_its_form_and_one_that_was_refused_stays(
    page: Page, cast: Cast, path: str
) -> None:
    page = await page.context.new_page()  # its console may show the refusal
    await live(page, path)
    form = page.locator("form:has([name=payload])")
    text, count_of_it = form.locator("[name=payload]"), form.locator("[data-sms-count]")
    await text.fill("д" * 700)
    await form.get_by_role("button", name="Send SMS").click()
    await expect(page.locator(MESSAGE)).to_have_attribute("data-kind", "error")
    await expect(count_of_it).to_contain_text("too long, 11 parts")
    await expect(text).to_have_value("д" * 700)
    await text.fill("restart")
    await form.get_by_role("button", name="Send SMS").click()
    await expect(page.locator(MESSAGE).last).to_contain_text("held")
    await expect(text).to_have_value("")
    await expect(count_of_it).to_have_text("No SMS yet: the text is empty")
    await page.close()
