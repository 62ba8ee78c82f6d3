"""Real Chromium, signed in."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from tests.cast import PASSWORD
from tests.serving import Served

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
HAS_CHROMIUM = CHROMIUM.exists()
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking"]


@pytest_asyncio.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    if not HAS_CHROMIUM:
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(f"There is no Chromium at {CHROMIUM}")
        pytest.skip(f"There is no Chromium at {CHROMIUM}: CHROMIUM=/path/to/it")
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield chromium
        await chromium.close()


@pytest_asyncio.fixture
async def page(browser: Browser, web: Served) -> AsyncIterator[Page]:
    """A page of Ada's, with what went wrong in it: the test fails if anything did."""
    context = await browser.new_context(base_url=web.address, viewport={"width": 1200, "height": 600})
    opened = await context.new_page()
    wrong: list[str] = []
    opened.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    await opened.goto("/sign-in")
    await opened.fill("[name=name]", "ada")
    await opened.fill("[name=password]", PASSWORD)
    await opened.click("button[type=submit]")
    await opened.wait_for_url("**/")
    yield opened
    await context.close()
    assert [text for text in wrong if "ERR_CONNECTION" not in text and "WebSocket" not in text] == []
