"""How soon pages are painted in a real Chromium: in a browser that has nothing yet, and going from page to page.

Each page is opened in a new context, whose cache is empty, and then again and again in one that has all files. What is
timed is the browser's own first contentful paint, from the beginning of the navigation. Nothing else happens meanwhile.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from filling import fill, iccid
from installation import USER, new_installation
from measuring import Report, run, say, spread, target
from playwright.async_api import Browser, BrowserContext
from servers import web_server

sys.path.append(str(Path(__file__).parents[1]))
from tests.chromium import chromium

PATHS = ("/", "/alerts", "/sims", "/events", "/actions", "/usage", "/quotas", "/sms", "/carrier", "/jobs")
COLD_MS, WARM_MS = 600.0, 100.0
PAINTED = """() => new Promise((done) => {
  const [known] = performance.getEntriesByName("first-contentful-paint")
  if (known) return done(known.startTime)
  new PerformanceObserver((list) => {
    const [one] = list.getEntriesByName("first-contentful-paint")
    if (one) done(one.startTime)
  }).observe({ type: "paint", buffered: true })
})"""


async def painted(context: BrowserContext, paths: Sequence[str]) -> dict[str, float]:
    """Seconds to the first contentful paint of each page."""
    page, found = await context.new_page(), {}
    for path in paths:
        await page.goto(path)
        found[path] = float(await page.evaluate(PAINTED)) / 1000
    await page.close()
    return found


async def bench(chosen: argparse.Namespace) -> Report:
    """Cold, then warm."""
    times, sims = (2, 200) if chosen.quick else (chosen.times, chosen.sims)
    paths = (*PATHS, f"/sims/{iccid(7)}")
    cold: list[float] = []
    warm: dict[str, list[float]] = {path: [] for path in paths}
    async with new_installation() as installation:
        await fill(installation, sims)
        async with web_server(installation) as served, chromium() as browser:
            context = await _signed_in(browser, served.address)
            state = await context.storage_state()
            say("navigation: cold")
            for path in paths:
                new = await browser.new_context(base_url=served.address, storage_state=state)
                cold += (await painted(new, [path])).values()
                await new.close()
            say("navigation: warm")
            await painted(context, paths)
            for _ in range(times):
                for path, seconds in (await painted(context, paths)).items():
                    warm[path].append(seconds)
    everything = spread([one for seen in warm.values() for one in seen], 50, 95)
    return {
        "sims": sims,
        "cold": spread(cold, 50, 95, 100),
        "warm": everything,
        "by_page": {path: spread(seen, 50, 95) for path, seen in warm.items()},
        "targets": {
            "cold_ms": target(spread(cold, 100)["p100_ms"], COLD_MS),
            "warm_p95_ms": target(everything["p95_ms"], WARM_MS),
        },
    }


async def _signed_in(browser: Browser, address: str) -> BrowserContext:
    context = await browser.new_context(base_url=address, viewport={"width": 1440, "height": 900})
    page = await context.new_page()
    await page.goto("/sign-in")
    await page.fill("[name=name]", USER[0])
    await page.fill("[name=password]", USER[1])
    await page.click("button[type=submit]")
    await page.wait_for_url("**/")
    await page.close()
    return context


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20, help="how often each page is opened (%(default)s)")
    parser.add_argument("--sims", type=int, default=2_000, help="how many SIMs (%(default)s)")
    run("navigation", bench, parser, minutes=10)
