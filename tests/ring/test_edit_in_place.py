"""What people write on a SIM's page is edited where it stands, by mouse or keyboard."""

import pytest
from playwright.async_api import Page, expect

from tests.cast import ADAS_SIM, Cast
from tests.chromium import live

pytestmark = pytest.mark.one_edition


async def test_a_note_is_edited_where_it_stands(page: Page, cast: Cast) -> None:
    await live(page, f"/sims/{ADAS_SIM}")
    pencil, field = page.get_by_role("button", name="Edit the note"), page.locator("[name=note]")
    await expect(field).to_be_hidden()
    await pencil.focus()
    await page.keyboard.press("Enter")
    await expect(field).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(field).to_be_hidden()
    await expect(pencil).to_be_focused()
    await page.click("[aria-label='Edit the tags']")
    await expect(page.locator("[name=tags]")).to_be_focused()
    await page.keyboard.type("pump")
    await page.keyboard.press("Enter")
    await expect(page.locator("#sim-annotations .tag")).to_have_text("pump")


async def test_a_label_is_asked_for_under_the_head(page: Page, cast: Cast) -> None:
    await live(page, f"/sims/{ADAS_SIM}")
    await page.click("summary:has-text('Edit the label')")
    await page.fill("[name=label]", "north pump")
    await page.keyboard.press("Enter")
    await expect(page.locator("#messages > .toast")).to_contain_text("label", ignore_case=True)


async def test_the_head_leads_to_the_forms_of_actions_by_keyboard(page: Page, cast: Cast) -> None:
    await live(page, f"/sims/{ADAS_SIM}")
    for title, field in (
        ("Reset", "#ask-reset button"),
        ("Send SMS", "#ask-sms textarea"),
        ("Top up", "#ask-topup select"),
    ):
        await page.get_by_role("link", name=title, exact=True).press("Enter")
        await expect(page.locator(field).first).to_be_focused()
        await expect(page.locator(field).first).to_be_in_viewport()


async def test_the_iccid_stands_in_groups_and_is_copied_and_selected_whole(page: Page, cast: Cast) -> None:
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await live(page, f"/sims/{ADAS_SIM}")
    groups = await page.locator("#iccid > span").all_inner_texts()
    assert (len(groups), "".join(groups)) == (5, ADAS_SIM)
    assert await page.locator("#iccid").evaluate("one => one.textContent") == ADAS_SIM
    lefts = await page.locator("#iccid > span").evaluate_all(
        "all => all.slice(1).map((one, at) => one.getBoundingClientRect().left - all[at].getBoundingClientRect().right)"
    )
    assert min(lefts) >= 3, "a gap that is seen"
    await page.get_by_role("button", name="Copy the ICCID").click()
    assert await page.evaluate("navigator.clipboard.readText()") == ADAS_SIM
