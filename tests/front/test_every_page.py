"""Every page of the navigation, in both themes, from a phone to a wall: not too wide, still, and for keyboards."""

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Page, expect

from console.pages.navigation import PAGES
from tests.actions.test_accessibility import PAGES as OF_ACTIONS
from tests.actions.test_accessibility import findings
from tests.cast import ADAS_SIM, Cast
from tests.front.test_overview_access import PAGES as OF_THE_OVERVIEW
from tests.front.test_overview_access import RULES

pytestmark = pytest.mark.one_edition
WIDTHS = (320, 768, 1440, 2560)
MOST_SHIFT = 0.05
TABS = 5
WALL = "/wall"
SIM = f"/sims/{ADAS_SIM}"
# The pages of actions and the overview have tests of their own, with more in them; those of the API are Scalar's.
ELSEWHERE = {path.partition("?")[0] for path in (*OF_ACTIONS, *OF_THE_OVERVIEW)} | {"/api/v1/docs"}
HERE = (
    *(one.path for one in PAGES if one.path not in ELSEWHERE),
    *(f"{SIM}?tab={tab}" for tab in ("sms", "sessions", "usage", "audit")),
    "/alert-rules",
    "/settings/second-factor",
)
SHIFTS = """
    window.shifted = 0;
    new PerformanceObserver((list) => {
        for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifted += one.value;
    }).observe({ type: 'layout-shift', buffered: true });
"""
# What has the focus: it can be seen, and seen to have it.
FOCUSED = """() => {
    const one = document.activeElement;
    if (!one || one === document.body) return 'nothing';
    const { width, height } = one.getBoundingClientRect();
    const style = getComputedStyle(one);
    const marked = style.outlineStyle !== 'none' || style.boxShadow !== 'none' || one.matches('.skip, .skip *');
    return width && height && marked ? '' : one.outerHTML.slice(0, 120);
}"""


async def test_every_page_keeps_the_principles(page: Page, cast: Cast) -> None:
    await page.add_init_script(SHIFTS)
    axe, wrong = Axe(), []
    for path in HERE:
        await page.set_viewport_size({"width": 1440, "height": 900})
        await page.emulate_media(color_scheme="light")
        answer = await page.goto(path)
        assert answer is not None and answer.ok, path
        await expect(page.locator("[data-live-badge]")).to_have_attribute("data-state", "live")
        if (shifted := await page.evaluate("window.shifted")) > MOST_SHIFT:
            wrong.append(f"{path}: moves by {shifted:.3f} while it loads")
        if path == WALL:  # nothing to be pressed is on it
            assert await page.locator("main :is(button, input, summary)").count() == 0
        for theme in ("light", "dark"):
            await page.emulate_media(color_scheme=theme)
            for _ in range(0 if path == WALL else TABS):
                await page.keyboard.press("Tab")
                if unseen := await page.evaluate(FOCUSED):
                    wrong.append(f"{path}, {theme}: the focus is not seen on {unseen}")
            for width in WIDTHS:
                await page.set_viewport_size({"width": width, "height": 900})
                wide = await page.evaluate("document.documentElement.scrollWidth")
                wrong += [f"{path}, {theme}: {wide} pixels wide of {width}"] if wide > width else []
        wrong += [f"{path}: {one}" for one in await findings(axe, page, *RULES)]
    assert wrong == [], "\n".join(wrong)
