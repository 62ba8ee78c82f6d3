"""Actions by the keyboard alone; their pages have no serious finding of axe, in both themes, at 360 pixels."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Page, expect

from console.actions import requests, writes
from console.actions.auto_top_ups import AutoTopUpSetting
from console.actions.requests import PaymentMethod
from console.members.reads import caller_of_member
from console.store.database import Database
from tests.api.filling import buy_and_approve
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, Cast

pytestmark = pytest.mark.one_edition
SERIOUS = frozenset({"serious", "critical"})
PAGES = (
    "/actions /actions/1 /approvals /approvals/1 /bulk-actions/new?by=identifiers /bulk-actions/1 /budgets /orders"
    f" /tickets /quotas /sms /sms-templates /sims/{ADAS_SIM} /sims/{ADAS_SIM}/sms"
).split()
OPEN_ALL = "() => document.querySelectorAll('main details').forEach((one) => { one.open = true })"
FOCUSED = """() => {
  const one = document.activeElement
  const label = one.getAttribute('aria-label') ?? one.labels?.[0]?.innerText ?? one.innerText ?? ''
  return label.trim().replace(/\\s+/g, ' ')
}"""
MOST_TABS = 120


async def fill(db: Database, cast: Cast) -> None:
    """Something of all that these pages show."""
    now = datetime.now(UTC)
    async with db.transaction() as transaction:
        done = requests.reset(ADAS_SIM, reason="Ticket 7: it hangs")
        await writes.request(transaction, cast.ada, done, "first", now, undo=timedelta(hours=1))
        sms = requests.sms(ADAS_SIM, "reboot", now)
        await writes.request(transaction, cast.ada, sms, "second", now, undo=timedelta(0))
        rule = AutoTopUpSetting(below_days=7, payment_method=PaymentMethod.CREDIT_CARD, most_per_day=3)
        await writes.put_auto_top_up(transaction, cast.ada, None, rule, now)
        await buy_and_approve(transaction, cast.ada, now)


async def findings(axe: Axe, page: Page, *rules: str) -> list[str]:
    """What axe finds serious or critical, each with the first element."""
    chosen = {"runOnly": {"type": "rule", "values": [*rules]}} if rules else {}
    found = (await axe.run(page, options={"resultTypes": ["violations"], **chosen})).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found if one["impact"] in SERIOUS]


async def test_axe_finds_nothing_serious_on_any_page_of_actions(page: Page, db: Database, cast: Cast) -> None:
    await fill(db, cast)
    axe, wrong = Axe(), []
    await page.set_viewport_size({"width": 360, "height": 800})
    for path in PAGES:
        answer = await page.goto(path)
        assert answer is not None and answer.ok, path
        await page.evaluate(OPEN_ALL)
        await page.emulate_media(color_scheme="light")
        wrong += [f"{path}: {one}" for one in await findings(axe, page)]
        await page.emulate_media(color_scheme="dark")
        wrong += [f"{path}, dark: {one}" for one in await findings(axe, page, "color-contrast", "link-in-text-block")]
        wide = await page.evaluate("document.documentElement.scrollWidth")
        wrong += [f"{path}: {wide} pixels wide"] if wide > 360 else []
    assert wrong == [], "\n".join(wrong)


async def tab_to(page: Page, name: str) -> None:
    """Press Tab until what is so named has the focus, which is then seen."""
    for _ in range(MOST_TABS):
        await page.keyboard.press("Tab")
        if (await page.evaluate(FOCUSED)).startswith(name):
            shown = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert shown != "none", f"{name} has the focus, and nothing shows it"
            return
    raise AssertionError(f"Tab never comes to {name}")


async def press(page: Page, name: str, key: str = "Enter") -> None:
    await tab_to(page, name)
    await page.keyboard.press(key)


async def test_actions_are_asked_for_undone_planned_and_approved_by_keyboard_alone(
    page: Page, db: Database, cast: Cast
) -> None:
    await page.goto(f"/sims/{ADAS_SIM}")
    await press(page, "Top up")
    await tab_to(page, "Payment method")
    await page.keyboard.type("credit")
    await tab_to(page, "Reason")
    await page.keyboard.type("Ticket 7")
    await press(page, "Top up for money")
    toast = page.locator("#messages .toast").last
    await expect(toast).to_contain_text("Top-up by credit card")
    await press(page, "Undo: Top-up")
    await expect(page.locator("#sim-actions [data-state=cancelled]").first).to_be_visible()

    await page.goto("/bulk-actions/new?by=identifiers")
    await tab_to(page, "ICCID, IMSI")
    await page.keyboard.type(f"{ADAS_SIM} {ADAS_OTHER_SIM}")
    await tab_to(page, "Reset the connection")
    await page.keyboard.press("Space")
    await press(page, "Make the plan")
    await page.wait_for_url("**/bulk-actions/1")
    await press(page, "Connectivity reset: 2 SIMs")
    await expect(page.get_by_role("button", name="Undo", exact=True)).to_be_visible()
    await press(page, "Undo")
    await expect(page.locator("#bulk-1 [data-state=cancelled]").first).to_be_visible()


async def test_money_is_approved_and_set_to_go_on_by_itself_by_keyboard_alone(
    page: Page, db: Database, cast: Cast
) -> None:
    now = datetime.now(UTC)
    async with db.transaction() as transaction:
        number = sa.text("SELECT id FROM users WHERE name = 'otto'")
        user_id = (await transaction.connection.execute(number)).scalar_one()
        otto = await caller_of_member(transaction.connection, cast.acme, user_id)
        assert otto is not None
        await buy_and_approve(transaction, otto, now)
    await page.goto("/approvals/1")
    await press(page, "Approve")
    await expect(page.locator("#whole-approval-1[data-state=approved]")).to_be_visible()

    await page.goto("/budgets")
    await press(page, "Add a rule")
    await tab_to(page, "With fewer MB left")
    await page.keyboard.type("50")
    await press(page, "Add the rule")
    await expect(page.get_by_role("button", name="Turn on, for money")).to_be_visible()
    await press(page, "1NCE's own automatic top-up is off", "Space")
    await press(page, "Turn on, for money")
    await expect(page.get_by_role("button", name="Turn off: all watched SIMs")).to_be_visible()
