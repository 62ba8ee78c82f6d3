"""The overview, with its map: nothing serious for axe, in both themes; nor is it or a figure's list ever too wide."""

from datetime import UTC, datetime

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Page, expect

from console.store.database import Database
from tests.actions.test_accessibility import findings
from tests.cast import Cast
from tests.front.test_groups import put
from tests.front.test_recent_tiles import put_lately

pytestmark = pytest.mark.one_edition
PAGES = ("/?by=map&span=7d", "/?by=tag", "/sms?failed=24h")
DRAWN = ".chart[data-state=drawn], .chart[data-state=empty]"


async def test_axe_finds_nothing_serious_and_nothing_is_too_wide(page: Page, db: Database, cast: Cast) -> None:
    await put_lately(db, cast, datetime.now(UTC))
    await put(db, cast.acme, 1, "blocked", "LTE", "a" * 40, "berlin")
    axe, wrong = Axe(), []
    for path in PAGES:
        await page.set_viewport_size({"width": 320, "height": 700})
        answer = await page.goto(path)
        assert answer is not None and answer.ok, path
        if await page.locator(".chart").count():
            await expect(page.locator(DRAWN)).to_be_visible()
        for width in (320, 768, 1440, 2560):
            await page.set_viewport_size({"width": width, "height": 700})
            wide = await page.evaluate("document.documentElement.scrollWidth")
            wrong += [f"{path}: {wide} pixels wide of {width}"] if wide > width else []
        if path != PAGES[0]:
            continue
        await page.emulate_media(color_scheme="light")
        wrong += [f"{path}: {one}" for one in await findings(axe, page)]
        await page.emulate_media(color_scheme="dark")
        wrong += [f"{path}, dark: {one}" for one in await findings(axe, page, "color-contrast", "link-in-text-block")]
    assert wrong == [], "\n".join(wrong)
