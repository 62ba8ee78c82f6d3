"""The overview, with its map and tags, and a figure's list: nothing serious for axe, and never too wide."""

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
# Contrast is held where the colours are made, and takes axe as long as all else together.
RULES = (
    "link-in-text-block link-name role-img-alt svg-img-alt scrollable-region-focusable aria-required-children"
    " aria-required-parent aria-allowed-attr aria-prohibited-attr list listitem nested-interactive duplicate-id-aria"
).split()
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
        wrong += [f"{path}: {one}" for one in await findings(axe, page, *RULES)]
    assert wrong == [], "\n".join(wrong)
