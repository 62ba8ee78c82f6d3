"""Real Chromium, signed in."""

import re
from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, Page

from tests.chromium import chromium, demand_chromium, sign_in
from tests.serving import Served


@pytest_asyncio.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    demand_chromium()
    async with chromium() as found:
        yield found


@pytest_asyncio.fixture
async def page(browser: Browser, web: Served) -> AsyncIterator[Page]:
    """A page of Ada's, with what went wrong in it: the test fails if anything did."""
    context = await browser.new_context(base_url=web.address, viewport={"width": 1200, "height": 600})
    opened = await context.new_page()
    wrong: list[str] = []
    opened.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    await sign_in(opened, "ada")
    yield opened
    await context.close()
    allowed = re.compile("ERR_CONNECTION|ERR_INTERNET_DISCONNECTED|WebSocket")
    assert [text for text in wrong if not allowed.search(text)] == []
