"""What can be clicked stands still while somebody is at it, and new rows come no closer than two seconds."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from playwright.async_api import Page, expect

from console.connectivity.writes import record_events
from console.store.database import Database
from tests.cast import ADAS_SIM, Cast, add_sim

pytestmark = pytest.mark.one_edition
LIVE = "[data-live-badge]"
WATCH = """() => {
    window.grown = [];
    new MutationObserver((found) => {
        const rows = found.flatMap((one) => [...one.addedNodes]).filter((node) => node.nodeName === 'TR');
        if (rows.length) window.grown.push(performance.now());
    }).observe(document.getElementById('events'), {childList: true});
}"""


async def happen(db: Database, cast: Cast, number: int) -> None:
    now = datetime.now(UTC)
    event = {"id": number, "iccid": ADAS_SIM, "time": now + timedelta(milliseconds=number), "type": 3}
    words = {"name": "Create PDP Context", "severity": "info", "description": "x"}
    async with db.transaction() as transaction:
        none = dict.fromkeys(("operator", "country", "cause"))
        await record_events(transaction, cast.acme, [{**event, **words, **none}], now)


async def test_new_rows_wait_while_the_list_is_pointed_at(page: Page, db: Database, cast: Cast) -> None:
    await happen(db, cast, 1)
    await page.goto("/")
    await expect(page.locator(LIVE)).to_have_attribute("data-state", "live")
    await page.locator("#event-1").hover()
    await happen(db, cast, 2)
    await happen(db, cast, 3)
    note = page.locator("[data-held=events]")
    await expect(note).to_have_text("2 new wait while you are here")
    await expect(page.locator("#event-2")).not_to_be_attached()
    await page.mouse.move(2, 2)
    await expect(page.locator("#event-3")).to_be_visible()
    await expect(page.locator("#event-2")).to_be_visible()
    await expect(note).to_be_empty()


async def test_a_sorted_panel_keeps_its_order_while_it_is_pointed_at_and_says_so(
    page: Page, db: Database, cast: Cast
) -> None:
    await page.goto("/?by=country")
    await expect(page.locator(LIVE)).to_have_attribute("data-state", "live")
    panel = page.locator("#fleet-by-country")
    await panel.locator("tbody a").first.hover()
    async with db.transaction() as transaction:
        await add_sim(transaction, cast.acme, ADAS_SIM, connection="online", country="NL")
    note = page.locator("[data-held=fleet-by-country]")
    await expect(note).to_have_text("1 update waits while you are here")
    await expect(panel).not_to_contain_text("NL")
    await page.mouse.move(2, 2)
    await expect(panel).to_contain_text("NL")
    await expect(note).to_be_empty()


async def test_a_busy_fleet_moves_its_list_at_most_once_in_two_seconds(page: Page, db: Database, cast: Cast) -> None:
    await page.goto("/")
    await expect(page.locator(LIVE)).to_have_attribute("data-state", "live")
    await page.evaluate(WATCH)
    for number in range(20):
        await happen(db, cast, 100 + number)
        await page.wait_for_timeout(150)
    await expect(page.locator("#event-119")).to_be_visible()
    grown = await page.evaluate("window.grown")
    gaps = [later - earlier for earlier, later in pairwise(grown)]
    assert gaps
    # moving a row to its place in the same burst counts as the same moment
    assert all(gap < 100 or gap > 1900 for gap in gaps), gaps
