"""The page of a bulk action in a real Chromium while it runs: how long it is held, how quickly pages are answered."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from installation import USER
from measuring import Report, at_percent, resident_bytes, spread
from playwright.async_api import Page
from servers import Served

sys.path.append(str(Path(__file__).parents[1]))
from tests.chromium import HAS_CHROMIUM, chromium

MEGABYTE = 1024 * 1024
EVERY_SECONDS = 5.0
WATCH_TASKS = """() => {
  window.longTasks = []
  new PerformanceObserver((list) => list.getEntries().forEach((one) => window.longTasks.push(one.duration)))
    .observe({ type: 'longtask', buffered: true })
}"""
FRAME = """() => new Promise((done) => {
  const began = performance.now()
  requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - began)))
})"""


class Screen:
    """What has been measured of the page so far."""

    def __init__(self, served: Served, path: str) -> None:
        self._served = served
        self._path = path
        self._frames: list[float] = []
        self._gets: list[float] = []
        self._tasks: list[float] = []
        self._web = resident_bytes(served.pid)
        self.shown: list[int] = []

    async def watch(self) -> None:
        """Until it is cancelled: two frames of the page, and its first draw by another browser, each five seconds."""
        async with chromium() as browser, self._served.client() as client:
            await client.post("/sign-in", data={"name": USER[0], "password": USER[1]})
            page = await browser.new_page(base_url=self._served.address)
            await page.goto("/sign-in")
            await page.fill("[name=name]", USER[0])
            await page.fill("[name=password]", USER[1])
            await page.click("button[type=submit]")
            await page.wait_for_url("**/")
            await page.goto(self._path)
            await page.evaluate(WATCH_TASKS)
            while True:
                await asyncio.sleep(EVERY_SECONDS)
                began = time.perf_counter()
                (await client.get(self._path)).raise_for_status()
                self._gets.append(time.perf_counter() - began)
                await self._look(page)

    async def _look(self, page: Page) -> None:
        self._frames.append(await page.evaluate(FRAME) / 1000)
        self._tasks = [one / 1000 for one in await page.evaluate("window.longTasks")]
        shown = page.locator(".bulk-counts [data-watch=confirmed]")
        self.shown.append(int(await shown.get_attribute("data-value") or 0) if await shown.count() else 0)

    def report(self) -> Report:
        """Times in milliseconds."""
        longest = round(max(self._tasks, default=0.0) * 1000, 1)
        return {
            "two_frames": spread(self._frames, 50, 95),
            "page": spread(self._gets, 50, 95),
            "long_tasks": len(self._tasks),
            "longest_task_ms": longest,
            "stood_still_at": self.stood_still_at,
            "web_growth_mb": round((resident_bytes(self._served.pid) - self._web) / MEGABYTE, 1),
        }

    @property
    def page_p95_seconds(self) -> float:
        """Of the page's first draw by another browser."""
        return at_percent(self._gets, 95)

    @property
    def stood_still_at(self) -> list[int]:
        """The numbers of confirmed SIMs on the open page that had not risen at the next look."""
        return [before for before, after in zip(self.shown, self.shown[1:], strict=False) if 0 < before >= after]


@asynccontextmanager
async def watched(served: Served, path: str) -> AsyncIterator[Screen]:
    """The page, open until the block ends."""
    assert HAS_CHROMIUM, "this is measured with Chromium"
    screen = Screen(served, path)
    watching = asyncio.create_task(screen.watch())
    yield screen
    if watching.done():
        watching.result()
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
