"""From just before a commit to the row that a browser has painted: a page of SIMs in Chromium, changed row by row."""

import asyncio
import os
import random
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filling import iccid
from installation import USER, Installation
from measuring import Report, spread
from servers import web_server

from console.connectivity.writes import record_statuses
from console.sims.writes import CONNECTION

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
HAS_CHROMIUM = CHROMIUM.exists()
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking"]
# A frame after the change its moment is taken: by then it has been painted.
WATCH = """() => {
    window.painted = {};
    const seen = text => text in window.painted || (window.painted[text] = 0, requestAnimationFrame(() =>
        { const channel = new MessageChannel();
          channel.port1.onmessage = () => { window.painted[text] = performance.timeOrigin + performance.now(); };
          channel.port2.postMessage(0); }));
    new MutationObserver(() => {
        for (const cell of document.querySelectorAll('.sim-operator')) {
            const found = /Paint \\d+/.exec(cell.textContent);
            if (found) seen(found[0]);
        }
    }).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""


async def painted(installation: Installation, changes: int) -> Report | str:
    """How long it took, in milliseconds; "absent" without Chromium."""
    try:
        from playwright.async_api import async_playwright
    except ImportError:
        return "absent"
    if not HAS_CHROMIUM:
        return "absent"
    async with web_server(installation) as served, async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        try:
            page = await chromium.new_page(base_url=served.address, viewport={"width": 1200, "height": 800})
            await page.goto("/sign-in")
            await page.fill("[name=name]", USER[0])
            await page.fill("[name=password]", USER[1])
            await page.click("button[type=submit]")
            await page.wait_for_url("**/")
            await page.goto("/sims?page_size=100&sort=iccid")
            await page.wait_for_selector('[data-live-badge][data-state="live"]')
            await page.evaluate(WATCH)
            return spread((await _changed(installation, page, changes))[5:], 50, 95, 100)
        finally:
            await chromium.close()


async def _changed(installation: Installation, page: Any, changes: int) -> list[float]:
    moments = {}
    for number in range(changes + 5):  # the first ones warm up
        name = iccid(1 + number % 20)
        now = datetime.now(UTC)
        place = {
            **dict.fromkeys(CONNECTION),
            "iccid": name,
            "connection": "online",
            "operator": f"Paint {number}",
            "connection_at": now,
            "last_seen_at": now,
        }
        async with installation.db.transaction() as transaction:
            await record_statuses(transaction, installation.organization_id, [place], now, "poll")
            moments[f"Paint {number}"] = time.time()
        for _ in range(30):
            await asyncio.sleep(random.uniform(0.1, 0.2))
            if await page.evaluate("text => window.painted[text]", f"Paint {number}"):
                break
    at = await page.evaluate("window.painted")
    return [at[text] / 1000 - moment for text, moment in moments.items()]
