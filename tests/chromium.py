"""A real Chromium for the tests, if the machine has one."""

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.cast import PASSWORD
from tests.serving import Served

SHELL = Path("/usr/bin/chromium-headless-shell")  # the same without windows: starts in two fifths of the time
CHROMIUM = Path(os.environ.get("CHROMIUM", SHELL if SHELL.exists() else "/usr/bin/chromium"))
HAS_CHROMIUM = CHROMIUM.exists()
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking"]
PATIENCE_MS = 30_000  # of every expectation: how often a page reads again keeps to what reading takes on this machine
BADGE = "[data-live-badge]"
KEEPS_PAGES = "--enable-bfcache"  # the shell keeps none without it; Playwright itself turns the back/forward cache off


def demand_chromium() -> None:
    """Skip the test where there is no Chromium, or let it fail where there must be one."""
    if not HAS_CHROMIUM:
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(f"There is no Chromium at {CHROMIUM}")
        pytest.skip(f"There is no Chromium at {CHROMIUM}: CHROMIUM=/path/to/it")


@asynccontextmanager
async def chromium(*flags: str) -> AsyncIterator[Browser]:
    """One, until the block ends."""
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=str(CHROMIUM),
            args=[*FLAGS, KEEPS_PAGES, *flags],
            ignore_default_args=["--disable-back-forward-cache"],
        )
        yield browser
        await browser.close()


async def live(page: Page, path: str) -> None:
    """Go to a page, and on when it is under LIVE and its scripts answer every click."""
    await page.goto(path)
    await started(page)
    await expect(page.locator(BADGE)).to_have_attribute("data-state", "live")


async def started(page: Page) -> None:
    """Wait until the scripts of the page that is shown have come, those too that it alone needs."""
    await expect(page.locator("html")).to_have_attribute("data-started", "")


async def sign_in(page: Page, user: str) -> None:
    """As this user of the cast."""
    await page.goto("/sign-in")
    await page.fill("[name=name]", user)
    await page.fill("[name=password]", PASSWORD)
    await page.click("button[type=submit]")
    await page.wait_for_url("**/")


async def enter(context: BrowserContext, web: Served, user: str) -> None:
    """As this user of the cast, without a page: to draw that of signing in and the overview first takes a second."""
    async with web.signed_in(user) as browser:
        await context.add_cookies(
            [
                {"name": one.name, "value": one.value or "", "url": web.address, "httpOnly": True, "sameSite": "Lax"}
                for one in browser.cookies.jar
            ]
        )


@pytest_asyncio.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One for all tests of a process: imported by tests/conftest.py alone, for each import would start its own."""
    demand_chromium()
    async with chromium() as found:
        yield found


@pytest_asyncio.fixture
async def page(browser: Browser, web: Served) -> AsyncIterator[Page]:
    """A page of Ada's that shows nothing yet, with what goes wrong in it: the test fails if anything does."""
    context = await browser.new_context(base_url=web.address, viewport={"width": 1200, "height": 600})
    await enter(context, web, "ada")
    opened = await context.new_page()
    wrong: list[str] = []
    opened.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    yield opened
    await context.close()
    allowed = re.compile("ERR_CONNECTION|ERR_INTERNET_DISCONNECTED|WebSocket")
    assert [text for text in wrong if not allowed.search(text)] == []
