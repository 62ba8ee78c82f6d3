"""Pages to act from, under LIVE and by keys: fields follow what is, links lead to forms, and keys act."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Page, expect

from console.actions.bulk.commands import begin
from console.actions.bulk.running import go_on
from console.actions.bulk.selection import Selection
from console.actions.bulk.writes import plan
from console.actions.requests import reset
from console.members.reads import caller_of_member
from console.store.database import Database
from tests.actions.test_accessibility import findings
from tests.api.filling import buy_and_approve
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, Cast, add_sim
from tests.chromium import live
from tests.serving import Served

pytestmark = pytest.mark.one_edition
FOCUSED = "() => document.activeElement.name || document.activeElement.textContent.trim()"


async def test_the_field_of_the_label_follows_the_label_until_something_is_written_in_it(
    page: Page, db: Database, cast: Cast
) -> None:
    await live(page, f"/sims/{ADAS_SIM}")
    field = page.locator("#ask-label [name=label]")
    await expect(field).to_have_value("pump-1")
    async with db.transaction() as transaction:
        await add_sim(transaction, cast.acme, ADAS_SIM, label="pump-7")
    await expect(field).to_have_value("pump-7")
    await page.click("summary:has-text('Edit the label')")
    await field.fill("pump-8")
    async with db.transaction() as transaction:
        await add_sim(transaction, cast.acme, ADAS_SIM, label="pump-9")
    await expect(page.locator("#sim-state h1")).to_have_text("pump-9")
    await expect(field).to_have_value("pump-8")


async def test_what_the_diagnosis_advises_opens_its_form_and_takes_the_focus(
    page: Page, db: Database, cast: Cast
) -> None:
    async with db.transaction() as transaction:
        await add_sim(transaction, cast.acme, ADAS_SIM, label="pump-1", status="disabled")
    await live(page, f"/sims/{ADAS_SIM}")
    for _ in range(2):  # the second time the address is the same
        await page.locator("#sim-diagnosis a").first.focus()
        await page.keyboard.press("Enter")
        await page.wait_for_function(f"({FOCUSED})() === 'enabled'")
    await page.evaluate("location.hash = '#ask-ticket'")
    await page.wait_for_function(f"({FOCUSED})() === 'subject'")


async def test_of_two_opposite_settings_the_one_that_changes_something_is_offered(
    page: Page, db: Database, cast: Cast
) -> None:
    async def offers(*names: str) -> None:
        await expect(page.locator("#offered-status button, #offered-imei_lock button")).to_have_text([*names])

    async def becomes(**values: object) -> None:
        async with db.transaction() as transaction:
            await add_sim(transaction, cast.acme, ADAS_SIM, label="pump-1", **values)

    enable, disable, lock, unlock = "Enable the SIM", "Disable the SIM", "Lock to this IMEI", "Unlock the IMEI"
    await live(page, f"/sims/{ADAS_SIM}")
    await page.click("summary:has-text('Reset, enable, lock')")
    await becomes(status="enabled", imei_lock=False)
    await offers(disable, lock)
    await expect(page.locator("#offered-status")).to_contain_text("It is enabled")
    place = await page.locator("#offered-status button").bounding_box()
    assert place
    await becomes(status="enabled", imei_lock=True)
    await offers(disable, unlock)
    assert await page.locator("#offered-status button").bounding_box() == place
    await becomes(status="disabled", imei_lock=True)
    await offers(enable, unlock)
    await page.click(f"button:has-text('{enable}')")
    await expect(page.locator("#messages .toast")).to_contain_text("Enable the SIM")
    await becomes(status="suspended", imei_lock=None)
    await offers(enable, disable, lock, unlock)
    there = await page.locator("#offered-status button").last.bounding_box()
    assert there and (there["x"], there["width"]) == (place["x"], place["width"])


async def test_selected_sims_are_acted_on_and_the_last_action_is_undone_by_one_key(page: Page, cast: Cast) -> None:
    await live(page, "/sims?sort=label")
    await page.keyboard.press("b")  # nothing is selected
    for key in "jxjx":
        await page.keyboard.press(key)
    await page.keyboard.press("b")
    await page.wait_for_url(f"**/bulk-actions/new?iccids={ADAS_SIM},{ADAS_OTHER_SIM}")
    await live(page, f"/sims/{ADAS_SIM}#ask-reset")
    await page.keyboard.press("Enter")
    await expect(page.locator("#messages .action-undo")).to_be_visible()
    await page.keyboard.press("u")
    await expect(page.locator("#messages .toast")).to_contain_text("cancelled")


async def test_what_was_decided_meanwhile_is_not_offered_to_be_decided(
    page: Page, web: Served, db: Database, cast: Cast
) -> None:
    async with db.transaction() as transaction:
        await buy_and_approve(transaction, cast.ada, datetime.now(UTC))
    await live(page, "/approvals/1")
    await expect(page.locator(".decide")).to_be_visible()
    async with web.signed_in("ada") as ada:
        assert (await ada.post("/approvals/1/reject", data={"reason": "Not now"})).status_code == 303
    await expect(page.locator("#approval-title + p")).to_have_text("rejected")
    await expect(page.locator(".decide")).to_be_hidden()


async def test_links_within_the_results_of_a_bulk_action_differ_from_their_text(
    page: Page, db: Database, cast: Cast
) -> None:
    asked, now = reset("", reason="Ticket 7"), datetime.now(UTC)
    async with db.transaction() as transaction:
        number = sa.text("SELECT id FROM users WHERE name = 'otto'")
        user_id = (await transaction.connection.execute(number)).scalar_one()
        chosen, otto = Selection(iccids=[ADAS_SIM]), await caller_of_member(transaction.connection, cast.acme, user_id)
        assert otto is not None
        bulk, _ = await plan(transaction, otto, asked, chosen, "one", "one", now, stop_percent=5)
        await begin(transaction, otto, bulk.id, now, undo=timedelta(0))
        await go_on(transaction, cast.acme, bulk.id, now, at_work=1)
    await live(page, f"/bulk-actions/{bulk.id}")
    await expect(page.locator("td a[href^='/actions/']")).to_be_visible()
    assert await findings(Axe(), page, "link-in-text-block") == []
