"""A critical alert reaches an open page at once, paused or not."""

import pytest
from playwright.async_api import Page, expect

from console.alert_rules.kinds import RuleKind, RuleParameters
from console.facts.alerts import Severity
from tests.alerts.conftest import Fleet, iccids

pytestmark = pytest.mark.one_edition


async def test_a_critical_alert_is_shown_counted_and_read_out_on_a_paused_page(page: Page, fleet: Fleet) -> None:
    (one,) = iccids(1)
    abroad = RuleParameters(countries=("DE",))
    await fleet.rule(kind=RuleKind.COUNTRY_NOT_ALLOWED, parameters=abroad, severity=Severity.CRITICAL)
    await page.goto("/sims")
    await expect(page.locator("[data-live-badge]")).to_have_attribute("data-state", "live")
    await page.click("[data-live-pause]")
    await fleet.moves([one], "online", country="US")
    await fleet.judge()
    title = (await fleet.alert()).title
    await expect(page.locator("#incident-strip [data-alert-title]")).to_have_text(title)
    await expect(page.locator("#critical")).to_have_text(f"Critical alert: {title}")
    await expect(page.locator("#alert-count")).to_contain_text("1")
    assert (await page.title()).startswith("(1) ")


async def test_a_second_click_acknowledges_no_alert_that_has_just_moved_up(page: Page, fleet: Fleet) -> None:
    await fleet.rule(kind=RuleKind.COUNTRY_NOT_ALLOWED, parameters=RuleParameters(countries=("DE",)))
    await fleet.moves(iccids(2), "online", country="US")
    await fleet.judge()
    await page.goto("/sims")
    await expect(page.locator("[data-live-badge]")).to_have_attribute("data-state", "live")
    strip = page.locator("#incident-strip")
    first = await strip.get_attribute("data-alert")
    await strip.locator("[data-acknowledge]").click()
    await expect(strip).not_to_have_attribute("data-alert", first or "")
    await strip.locator("[data-acknowledge]").click()
    await page.wait_for_timeout(2_200)
    assert [alert.acknowledged_at is None for alert in await fleet.alerts()].count(False) == 1
    await strip.locator("[data-acknowledge]").click()
    await expect(strip.locator("[data-acknowledge]")).to_have_count(0)
    assert [alert.acknowledged_at is None for alert in await fleet.alerts()].count(False) == 2


async def test_who_acknowledged_an_alert_is_read_on_a_narrow_screen(page: Page, fleet: Fleet) -> None:
    await fleet.rule(kind=RuleKind.COUNTRY_NOT_ALLOWED, parameters=RuleParameters(countries=("DE",)))
    await fleet.moves(iccids(1), "online", country="US")
    await fleet.judge()
    alert = await fleet.alert()
    await page.set_viewport_size({"width": 360, "height": 800})
    await page.goto(f"/alerts/{alert.id}")
    await page.fill("#note", "Called the site")
    await page.get_by_role("button", name="for the shift").click()
    for path, cell in (("/alerts", f"#alert-{alert.id} .alert-note"), ("/handover", "td.alert-note")):
        await page.goto(path)
        whose = page.locator(cell)
        await expect(whose).to_contain_text("acknowledged by ada")
        # Of what stands beside its name each piece is a column: the words are one.
        shown = await whose.evaluate(
            "cell => { const range = document.createRange(); range.selectNode(cell.querySelector('bdi'));"
            " return [range.getBoundingClientRect().height, cell.querySelector('bdi').parentElement.tagName]; }"
        )
        assert (shown[0] < 30, shown[1]) == (True, "DIV"), path
