"""New alerts in every open browser: bounded messages, one sound, the icon, a notification, and the keys of the list."""

import asyncio
import time

import pytest
from playwright.async_api import Page, Worker, expect

from console.alert_rules.kinds import RuleKind, RuleParameters
from console.facts.alerts import Severity
from tests.alerts.conftest import Fleet, iccids
from tests.chromium import live

pytestmark = pytest.mark.one_edition
ABROAD = RuleParameters(countries=("DE",))
MESSAGES = "#messages > [data-alert]"
COUNTED = """
  window.notes = 0;
  const start = AudioScheduledSourceNode.prototype.start;
  AudioScheduledSourceNode.prototype.start = function (...when) { window.notes += 1; return start.apply(this, when); };
"""
BLOCKED = """
  // A browser that is driven lets every page sound: this one waits for a click, as those of people do.
  let clicked = false;
  addEventListener("pointerdown", () => (clicked = true), true);
  window.AudioContext = class extends EventTarget {
    state = "suspended";
    async suspend() { this.state = "suspended"; }
    async resume() {
      if (!clicked) return new Promise(() => {});
      this.state = "running";
      this.dispatchEvent(new Event("statechange"));
    }
  };
"""
CRITICAL_NOTES = 4  # of one sound
NOTIFICATIONS = """
  // A browser without windows shows no notifications: what it is asked for is kept here.
  self.shown = new Map();
  self.asked = 0;
  registration.showNotification = async (title, { body, data, tag }) => void shown.set(tag, { title, body, data });
  registration.getNotifications = async ({ tag }) => [...shown.keys()].filter((one) => one === tag)
    .map((one) => ({ close: () => shown.delete(one) }));
  const pages = clients.matchAll.bind(clients);
  clients.matchAll = async (which) => { const found = await pages(which); asked += 1; return found; };
  0;
"""


async def until(where: Page | Worker, counted: str, number: int) -> None:
    for _ in range(100):
        if await where.evaluate(counted) == number:
            return
        await asyncio.sleep(0.05)
    assert await where.evaluate(counted) == number


async def abroad(fleet: Fleet, severity: Severity = Severity.CRITICAL) -> None:
    await fleet.polled()
    await fleet.rule(kind=RuleKind.COUNTRY_NOT_ALLOWED, parameters=ABROAD, severity=severity)


async def leave(fleet: Fleet, found: list[str], operator: str = "A") -> None:
    await fleet.moves(found, "online", operator, country="US")
    await fleet.judge()


async def test_a_storm_is_one_message_and_one_sound(page: Page, fleet: Fleet) -> None:
    await abroad(fleet)
    await page.add_init_script(COUNTED)
    await live(page, "/sims")
    found = iccids(60)
    await leave(fleet, found[:40])
    await expect(page.locator(MESSAGES)).to_have_count(1)
    await expect(page.locator(f"{MESSAGES} [data-alert-title]")).to_contain_text("40 SIMs")
    await leave(fleet, found[40:])
    await expect(page.locator(f"{MESSAGES} [data-alert-title]")).to_contain_text("60 SIMs")
    await expect(page.locator(MESSAGES)).to_have_count(1)
    await until(page, "window.notes", CRITICAL_NOTES)
    await fleet.moves(found, "online", country="DE")
    await fleet.judge()
    await expect(page.locator(MESSAGES)).to_have_count(0)


async def test_5000_sims_that_leave_within_a_minute_are_one_message_one_sound_and_judged_at_once(
    page: Page, fleet: Fleet
) -> None:
    await fleet.polled()
    found = iccids(6_000)
    await fleet.moves(found, "online")
    lost = RuleParameters(percent=20, minutes=5, by="operator", least_sims=20)
    await fleet.rule(kind=RuleKind.SHARE_LEFT, parameters=lost, severity=Severity.CRITICAL)
    await page.add_init_script(COUNTED)
    await live(page, "/alerts")
    took = []
    for begin in range(0, 5_000, 1_000):
        fleet.wait(seconds=12)
        await fleet.moves(found[begin : begin + 1_000], "offline")
        began = time.process_time()
        while (await fleet.judge()).more:
            pass
        took.append(time.process_time() - began)
        await fleet.polled()
    await expect(page.locator(f"{MESSAGES} [data-alert-title]")).to_contain_text("5,000 SIMs")
    await expect(page.locator(MESSAGES)).to_have_count(1)
    await until(page, "window.notes", CRITICAL_NOTES)
    assert max(took) < 5, f"of processor; bench_alerts measures the time until it is judged: {took}"
    assert len(await fleet.alerts()) == 1


async def test_the_page_says_that_its_sound_is_blocked_until_somebody_clicks(page: Page) -> None:
    await page.add_init_script(BLOCKED)
    await live(page, "/sims")
    await expect(page.locator("[data-bell]")).to_have_attribute("data-bell", "blocked")
    await expect(page.locator("[data-bell-words]")).to_contain_text("Blocked by the browser until you click")
    await page.locator("h1").click()
    await expect(page.locator("[data-bell]")).to_have_attribute("data-bell", "ready")


async def test_alerts_of_one_rule_are_one_message_also_on_a_paused_page_and_silent_where_the_sound_is_off(
    page: Page, fleet: Fleet
) -> None:
    await abroad(fleet, Severity.WARNING)
    await page.add_init_script(COUNTED)
    await live(page, "/")
    await page.locator("[data-bell] summary").press("Enter")
    await page.locator("[data-sound-switch]").uncheck()
    await expect(page.locator("[data-bell]")).to_have_attribute("data-bell", "off")
    await page.click("[data-live-pause]")
    await leave(fleet, iccids(3))
    await expect(page.locator(MESSAGES)).to_have_count(1)
    await expect(page.locator(f"{MESSAGES} [data-others]")).to_have_text("and 2 more of this rule")
    await expect(page.locator("#critical")).to_have_text("")
    assert await page.evaluate("window.notes") == 0
    await page.locator(f"{MESSAGES} [data-dismiss]").click()
    await expect(page.locator(MESSAGES)).to_have_count(0)
    await live(page, "/sims")
    await expect(page.locator("[data-bell]")).to_have_attribute("data-bell", "off")


async def test_each_critical_alert_is_read_out_once_in_a_tab(page: Page, fleet: Fleet) -> None:
    await abroad(fleet)
    one, other = iccids(2)
    await live(page, "/sims")
    await leave(fleet, [one])
    await expect(page.locator("#critical")).to_contain_text(one)
    await leave(fleet, [other])
    await expect(page.locator("#critical")).to_contain_text(other)
    await live(page, "/quotas")
    await expect(page.locator("#incident-strip [data-alert-title]")).to_contain_text(one)
    await expect(page.locator("#critical")).to_have_text("")


async def test_the_icon_says_the_worst_state(page: Page, fleet: Fleet) -> None:
    await abroad(fleet, Severity.WARNING)
    icon = page.locator('link[rel="icon"]')
    await live(page, "/sims")
    plain = await icon.get_attribute("href")
    await leave(fleet, iccids(1))
    await expect(icon).to_have_attribute("data-level", "warning")
    assert (await icon.get_attribute("href") or "").startswith("data:image/png")
    await page.context.set_offline(True)
    await expect(icon).to_have_attribute("data-level", "stale")
    await page.context.set_offline(False)
    await fleet.moves(iccids(1), "online", country="DE")
    await fleet.judge()
    await expect(icon).to_have_attribute("href", plain or "")


async def test_a_notification_is_shown_while_no_page_is_looked_at_and_closed_when_the_alert_ends(
    page: Page, fleet: Fleet
) -> None:
    await abroad(fleet)
    await page.context.grant_permissions(["notifications"])
    await live(page, "/sims")
    await page.locator("[data-bell] summary").click()
    await page.locator("[data-notify-switch]").check()
    await expect(page.locator("[data-notify-state]")).to_contain_text("On.")
    scope = await page.evaluate("navigator.serviceWorker.ready.then((found) => found.scope)")
    assert scope.endswith("/") and scope.count("/") == 3
    (worker,) = page.context.service_workers
    await worker.evaluate(NOTIFICATIONS)
    found = iccids(3)
    await leave(fleet, found[:1])
    first = await fleet.alert()
    await until(worker, "asked", 1)
    assert await worker.evaluate("shown.size") == 0  # the page is looked at
    await worker.evaluate("clients.matchAll = async () => [{ focused: false }]; 0")
    await leave(fleet, found[1:2])
    await until(worker, "shown.size", 1)
    second = (await fleet.alerts())[0]
    assert await worker.evaluate("[...shown.values()]") == [
        {"title": "SIM console: critical", "body": second.title, "data": f"/alerts/{second.id}"}
    ]
    await fleet.moves(found[1:2], "online", country="DE")
    await fleet.judge()
    await until(worker, "shown.size", 0)
    assert first.id != second.id


async def test_alerts_are_chosen_acknowledged_and_silenced_by_keys(page: Page, fleet: Fleet) -> None:
    await abroad(fleet)
    await leave(fleet, iccids(3))
    await live(page, "/alerts")
    await page.keyboard.press("j")
    await page.keyboard.press("x")
    await page.keyboard.press("j")
    await page.keyboard.press("x")
    await expect(page.locator("#alerts-picked")).to_contain_text("2 alerts selected")
    await page.keyboard.press("a")
    await expect(page.locator("#alerts-picked")).to_be_hidden()
    await expect(page.locator("#alert-lists")).to_contain_text("Acknowledged, the oldest first: 2")
    await page.locator("#alert-lists [data-alert-pick]").first.evaluate(
        "(box) => box.closest('tr').querySelector('a').focus()"
    )
    await page.keyboard.press("s")
    await page.wait_for_url("**/silences?*")
    (left,) = [alert for alert in await fleet.alerts() if alert.acknowledged_at is None]
    await expect(page.locator("form[action='/silences'] [name=iccid]")).to_have_value(left.iccid or "")
    await expect(page.locator("form[action='/silences'] [name=rule]")).to_have_value("Rule")
