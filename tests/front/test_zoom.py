"""Every page at every width and zoom: nothing wider than the window, nothing above another, nothing hidden is seen."""

from datetime import UTC, datetime

import pytest
from playwright.async_api import Page, expect

from console.connectivity.writes import record_events
from console.store.database import Database
from tests.cast import ADAS_SIM, Cast, add_sim

pytestmark = pytest.mark.one_edition
BADGE = "[data-live-badge]"
LIVE = (
    "/",
    "/?by=country",
    "/events",
    "/quotas",
    "/alerts",
    "/usage?by=operator",
    "/wall",
    "/sims",
    f"/sims/{ADAS_SIM}",
    "/jobs",
    "/carrier",
    "/sims?q=nothing-like-it",
)
OTHERS = ("/api/v1/docs",)
# A window of 1280 by 1024 pixels is 640 by 512 wide at 200 % zoom, 320 by 256 at 400 % (WCAG 2.2, 1.4.10).
SIZES = ((320, 800), (320, 256), (390, 800), (640, 512), (768, 800), (1024, 800), (1440, 800), (2560, 800))
LONG = "W" * 200
URL = "https://example.com/" + "a/very/long/path?with=a&query=" * 8
REVERSED = "\u202e" + "right-to-left override" + "\u200f" + "\u0627\u0644\u0639\u0631\u0628\u064a\u0629" * 20
OVERLAPS = """() => {
    const box = (name) => document.querySelector(name).getBoundingClientRect();
    const apart = (one, other) => one.right <= other.left + 1 || other.right <= one.left + 1
        || one.bottom <= other.top + 1 || other.bottom <= one.top + 1;
    const found = [...document.querySelectorAll('[hidden]')].filter((part) => part.getClientRects().length)
        .map((part) => `${part.outerHTML.slice(0, 80)} is hidden, and seen`);
    if (!document.querySelector('.framed')) return found;
    const names = ['.find', '.live', '.liveness > button', '.account'];
    names.forEach((name, number) => names.slice(number + 1).forEach((other) => {
        if (!apart(box(name), box(other))) found.push(`${name} ${other}`);
    }));
    window.scrollTo(0, 0);
    for (const other of ['.rail', 'main']) if (!apart(box('.header'), box(other))) found.push(`.header ${other}`);
    window.scrollTo(0, document.body.scrollHeight);
    for (const other of ['main', '.footer']) if (!apart(box('.rail'), box(other))) found.push(`.rail ${other}`);
    window.scrollTo(0, 0);
    for (const name of names) {
        const { left, right } = box(name);
        if (left < 0 || right > innerWidth + 0.5) found.push(`${name} leaves the window`);
    }
    return found;
}"""
# Texts as far as they are seen: cut by every box around them that hides what leaves it.
TOUCHING = """() => {
    const texts = [];
    const walk = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
        const part = node.parentElement;
        if (!node.data.trim() || !part.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
        if (part.closest('.visually-hidden, option, svg, [popover], dialog, .u-wrap')) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        for (const { left, right, top, bottom } of range.getClientRects()) {
            const seen = { left, right, top, bottom, part, text: node.data.trim().slice(0, 30) };
            for (let up = part; up && up !== document.body; up = up.parentElement) {
                if (getComputedStyle(up).overflowX === 'visible') continue;
                const box = up.getBoundingClientRect();
                seen.left = Math.max(seen.left, box.left);
                seen.right = Math.min(seen.right, box.right);
                seen.top = Math.max(seen.top, box.top);
                seen.bottom = Math.min(seen.bottom, box.bottom);
            }
            if (seen.right - seen.left > 1 && seen.bottom - seen.top > 1) texts.push(seen);
        }
    }
    const found = [];
    texts.forEach((one, number) => texts.slice(number + 1).forEach((other) => {
        const width = Math.min(one.right, other.right) - Math.max(one.left, other.left);
        const height = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
        if (one.part !== other.part && width > 2 && height > 5) found.push(`${one.text} / ${other.text}`);
    }));
    return found.slice(0, 5);
}"""
WIDER = """() => [...document.querySelectorAll('main *')].filter((part) => {
    const { right } = part.getBoundingClientRect();
    if (right <= innerWidth + 0.5) return false;
    for (let up = part; up !== document.body; up = up.parentElement)
        if (getComputedStyle(up).overflowX !== 'visible' || getComputedStyle(up).position === 'absolute') return false;
    return true;
}).slice(0, 5).map((part) => part.outerHTML.slice(0, 120))"""


async def hostile(db: Database, cast: Cast, text: str) -> None:
    """Everything that comes from outside holds this text."""
    now = datetime.now(UTC)
    async with db.transaction() as transaction:
        await add_sim(transaction, cast.acme, ADAS_SIM, label=text, operator=text, rat=text, apn=text)
        event = {"id": 900, "iccid": ADAS_SIM, "time": now, "type": 3, "name": text, "severity": "warn"}
        words = {"description": text, "operator": text, "country": "NL", "cause": text}
        await record_events(transaction, cast.acme, [{**event, **words}], now)


async def test_every_page_is_in_order_at_every_width_and_zoom_whatever_it_shows(
    page: Page, db: Database, cast: Cast
) -> None:
    await hostile(db, cast, f"{LONG} {URL} {REVERSED}")
    faults = []
    for path in (*LIVE, *OTHERS):
        await page.goto(path)
        if path in LIVE:
            await expect(page.locator(BADGE)).to_have_attribute("data-state", "live")
        for width, height in SIZES:
            await page.set_viewport_size({"width": width, "height": height})
            if (wide := await page.evaluate("document.documentElement.scrollWidth")) != width:
                faults.append((path, width, f"{wide} wide", await page.evaluate(WIDER)))
            for check in (OVERLAPS, TOUCHING):
                if found := await page.evaluate(check):
                    faults.append((path, width, "overlap", found))
    assert faults == []
