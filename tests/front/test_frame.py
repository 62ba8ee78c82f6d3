"""The frame of every page at every width: nothing wider than the window, no part of it above another."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from console.connectivity.writes import record_events
from console.pages.navigation import PAGES
from console.store.database import Database
from tests.cast import ADAS_SIM, Cast, add_sim

pytestmark = pytest.mark.one_edition
BADGE = "[data-live-badge]"
WIDTHS = (320, 390, 768, 1024, 1440, 2560)
PATHS = ("/", "/sims", f"/sims/{ADAS_SIM}", "/jobs", "/carrier", "/sims?q=nothing-like-it")
LONG = "W" * 200
URL = "https://example.com/" + "a/very/long/path?with=a&query=" * 8
REVERSED = "\u202e" + "right-to-left override" + "\u200f" + "\u0627\u0644\u0639\u0631\u0628\u064a\u0629" * 20
OVERLAPS = """() => {
    const box = (name) => document.querySelector(name).getBoundingClientRect();
    const apart = (one, other) => one.right <= other.left + 1 || other.right <= one.left + 1
        || one.bottom <= other.top + 1 || other.bottom <= one.top + 1;
    const found = [];
    const names = ['.find', '.live', '.liveness > button', '.account'];
    names.forEach((name, number) => names.slice(number + 1).forEach((other) => {
        if (!apart(box(name), box(other))) found.push(`${name} ${other}`);
    }));
    window.scrollTo(0, 0);
    for (const other of ['.rail', 'main']) if (!apart(box('.header'), box(other))) found.push(`.header ${other}`);
    window.scrollTo(0, document.body.scrollHeight);
    for (const other of ['main', '.footer']) if (!apart(box('.rail'), box(other))) found.push(`.rail ${other}`);
    for (const name of names) {
        const { left, right } = box(name);
        if (left < 0 || right > innerWidth + 0.5) found.push(`${name} leaves the window`);
    }
    return found;
}"""
WIDER = """() => [...document.querySelectorAll('main *')].filter((part) => {
    const { right } = part.getBoundingClientRect();
    if (right <= innerWidth + 0.5) return false;
    for (let up = part; up !== document.body; up = up.parentElement)
        if (getComputedStyle(up).overflowX !== 'visible' || getComputedStyle(up).position === 'absolute') return false;
    return true;
}).slice(0, 5).map((part) => part.outerHTML.slice(0, 120))"""


async def live(page: Page, path: str) -> None:
    await page.goto(path)
    await expect(page.locator(BADGE)).to_have_attribute("data-state", "live")


async def measure(part: Locator, what: str) -> float:
    found: float = await part.evaluate("(part, what) => part.getBoundingClientRect()[what]", what)
    return found


async def hostile(db: Database, cast: Cast, text: str) -> None:
    """Everything that comes from outside holds this text."""
    now = datetime.now(UTC)
    async with db.transaction() as transaction:
        await add_sim(transaction, cast.acme, ADAS_SIM, label=text, operator=text, rat=text, apn=text)
        event = {"id": 900, "iccid": ADAS_SIM, "time": now, "type": 3, "name": text, "severity": "warn"}
        words = {"description": text, "operator": text, "country": "NL", "cause": text}
        await record_events(transaction, cast.acme, [{**event, **words}], now)


async def test_no_page_is_wider_than_its_window_whatever_it_shows(page: Page, db: Database, cast: Cast) -> None:
    await hostile(db, cast, f"{LONG} {URL} {REVERSED}")
    for path in PATHS:
        await live(page, path)
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": 800})
            wide = await page.evaluate("document.documentElement.scrollWidth")
            assert wide == width, (path, width, await page.evaluate(WIDER))
            assert await page.evaluate(OVERLAPS) == [], (path, width)


async def test_a_window_as_low_as_at_400_percent_zoom_shows_the_content(page: Page) -> None:
    await page.set_viewport_size({"width": 360, "height": 225})
    await live(page, "/sims")
    await page.evaluate("window.scrollTo(0, 300)")
    top = await page.evaluate("document.elementFromPoint(180, 20).closest('main')?.id")
    bottom = await page.evaluate("document.elementFromPoint(180, 205).closest('main')?.id")
    assert (top, bottom) == ("main", "main")


async def test_the_rail_stays_as_narrow_or_wide_as_it_was_left(page: Page) -> None:
    await page.set_viewport_size({"width": 1440, "height": 800})
    await live(page, "/sims")
    rail = page.get_by_role("navigation", name="Main")
    assert await measure(rail, "width") == 208
    await page.keyboard.press("[")
    assert await measure(rail, "width") == 56
    await expect(rail.get_by_role("link", name="Jobs")).to_be_visible()
    await live(page, "/jobs")
    assert await measure(rail, "width") == 56
    await page.keyboard.press("[")
    assert await measure(rail, "width") == 208


async def test_a_phone_has_its_navigation_below_and_at_most_five_entries(page: Page) -> None:
    await page.set_viewport_size({"width": 390, "height": 800})
    await live(page, "/sims")
    links = page.get_by_role("navigation", name="Main").locator("a:visible")
    assert 2 <= await links.count() <= 5
    assert await measure(page.locator(".rail"), "y") > 700
    assert await measure(page.locator(".header"), "height") == 48


async def test_an_identifier_in_the_dialog_opens_the_sim(page: Page) -> None:
    await live(page, "/jobs")
    await page.keyboard.press("Control+k")
    await page.keyboard.type(f"{ADAS_SIM[:4]} {ADAS_SIM[4:8]} {ADAS_SIM[8:12]} {ADAS_SIM[12:16]} {ADAS_SIM[16:]}")
    await expect(page.locator("#find-found a")).to_have_count(1)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/sims/{ADAS_SIM}")


async def test_words_in_the_dialog_lead_to_a_page_or_to_the_list(page: Page) -> None:
    await live(page, "/jobs")
    await page.locator(".find").click()
    await page.keyboard.type("1nc")
    await expect(page.locator("#find-found a")).to_have_text("1NCE")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/carrier")
    await page.keyboard.press("Control+k")
    await page.keyboard.type("pump")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/sims?q=pump")


def test_each_page_of_the_navigation_has_an_icon_that_is_drawn() -> None:
    icons = (Path(__file__).parents[2] / "templates/_icons.html").read_text()
    assert {page.icon for page in PAGES} <= set(re.findall(r'id="i-([\w-]+)"', icons))
