"""A real Chromium for the tests, if the machine has one."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright

from tests.cast import PASSWORD

SHELL = Path("/usr/bin/chromium-headless-shell")  # the same without windows: starts in two fifths of the time
CHROMIUM = Path(os.environ.get("CHROMIUM", SHELL if SHELL.exists() else "/usr/bin/chromium"))
HAS_CHROMIUM = CHROMIUM.exists()
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking"]
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
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=str(CHROMIUM),
            args=[*FLAGS, KEEPS_PAGES, *flags],
            ignore_default_args=["--disable-back-forward-cache"],
        )
        yield browser
        await browser.close()


async def sign_in(page: Page, user: str) -> None:
    """As this user of the cast."""
    await page.goto("/sign-in")
    await page.fill("[name=name]", user)
    await page.fill("[name=password]", PASSWORD)
    await page.click("button[type=submit]")
    await page.wait_for_url("**/")
