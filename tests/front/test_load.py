"""Live pages while much happens: they hardly move, and the browser has little to do."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from playwright.async_api import Page, expect

from console.carrier.writes import record_unavailable
from console.connectivity.writes import record_events, record_statuses
from console.runs.rules import RunState
from console.runs.writes import Tally, begin, finish
from console.sims.writes import record_inventory
from console.store.database import Database
from tests.cast import ADAS_SIM, Cast, add_sim, listed, placed
from tests.machine_speed import slowness_of

pytestmark = pytest.mark.one_edition
PATHS = ("/", "/sims", f"/sims/{ADAS_SIM}", "/jobs", "/carrier")
ICCIDS = [ADAS_SIM, *(f"89882280667{number:08d}" for number in range(50))]
SECONDS = 0.6
WINDOWS = 5  # of which the median counts: the first may hold the end of what a busy browser still did to open the page
MOST_SHIFT = 0.05  # the sum of what web.dev/cls counts, of the whole visit
MOST_SHARE = 0.10  # of a core that does the fixed work in
FIXED_SECONDS = 0.024
FIXED_WORK = """
    (() => {
        const table = document.createElement('table');
        for (let n = 0; n < 300; n += 1) {
            const row = table.insertRow();
            for (const text of [n, `8988${n}`, 'online', '10.0 MB']) row.insertCell().textContent = text;
        }
        document.body.append(table);
        table.offsetHeight;
        table.remove();
    })()
"""
SHARE = 1 / 40  # of the time at most is used by the script that draws what has come,
LONGEST_WAIT = 400  # ms, but what comes is drawn so soon in any case
DRAWN = """
    window.drawn = [];
    let began = 0;
    document.addEventListener('htmx:before:swap', () => { began = performance.now(); });
    document.addEventListener('live:applied', () => window.drawn.push([began, performance.now()]));
"""
SHIFTS = """
    window.shifted = 0;
    window.changed = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
    }).observe({ type: 'layout-shift', buffered: true });
    addEventListener('DOMContentLoaded', () => new MutationObserver((found) => { window.changed += found.length; })
        .observe(document.getElementById('main'), { childList: true, subtree: true, characterData: true }));
"""


@asynccontextmanager
async def traffic(db: Database, organization_id: int) -> AsyncIterator[None]:
    """Ten times a second a SIM moves and has an event; twice a second a job runs, and 1NCE refuses an operation."""

    async def go_on() -> None:
        number = 0
        while True:
            number += 1
            now = datetime.now(UTC)
            iccid = ICCIDS[number // 2 % len(ICCIDS)] if number % 2 else ADAS_SIM
            where = placed(
                iccid, now, connection=("online", "offline")[number % 3 == 0], operator=f"Operator {number % 4}"
            )
            severity = "warn" if number % 5 == 0 else "info"
            event = {"id": number, "iccid": iccid, "time": now, "type": 3, "name": "Update Location", "cause": None}
            words = {"severity": severity, "description": f"number {number}", "operator": "O", "country": "DE"}
            async with db.transaction() as transaction:
                await record_statuses(transaction, organization_id, [where], now, "streamer")
                await record_events(transaction, organization_id, [{**event, **words}], now)
                if number % 5 == 0:
                    again = now + timedelta(days=1)
                    await record_unavailable(
                        transaction,
                        organization_id,
                        "orders.list",
                        unavailable_reason=f"Try {number % 10}",
                        status=410,
                        at=now,
                        retry_at=again,
                    )
                    run = await begin(transaction, organization_id, "sync_status", now - timedelta(seconds=1))
                    await finish(transaction, run, RunState.DONE, Tally(seen=1), now)
            await asyncio.sleep(0.1)

    going = asyncio.create_task(go_on())
    try:
        yield
        assert not going.done(), "nothing happened"
    finally:
        going.cancel()
        await asyncio.gather(going, return_exceptions=True)


async def test_live_pages_stand_still_and_leave_the_browser_idle_while_much_happens(
    page: Page, db: Database, cast: Cast
) -> None:
    async with db.transaction() as transaction:
        sims = [listed(iccid, label=f"meter {number}") for number, iccid in enumerate(ICCIDS)]
        await record_inventory(transaction, cast.acme, sims, datetime.now(UTC))
    session = await page.context.new_cdp_session(page)
    await session.send("Performance.enable", {"timeDomain": "threadTicks"})  # a busy machine is no fault of the page's

    async def worked() -> float:
        metrics = (await session.send("Performance.getMetrics"))["metrics"]
        return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))

    await page.add_init_script(SHIFTS)
    shifts, shares = {}, {}
    async with traffic(db, cast.acme):
        for path in PATHS:
            await page.goto(path)
            await expect(page.locator("[data-live-badge]")).to_have_attribute("data-state", "live")
            await page.wait_for_load_state("networkidle")
            measured, fixed = [], []
            for _ in range(WINDOWS):
                began, before = time.monotonic(), await worked()
                await page.wait_for_timeout(SECONDS * 1000)
                measured.append((await worked() - before) / (time.monotonic() - began))
                before = await worked()
                await page.evaluate(FIXED_WORK)
                fixed.append(await worked() - before)
            shares[path] = statistics.median(measured) / slowness_of(statistics.median(fixed), FIXED_SECONDS)
            shifts[path] = await page.evaluate("window.shifted")
            assert await page.evaluate("window.changed") > 0, f"nothing has changed on {path}"
    assert {path: shift for path, shift in shifts.items() if shift > MOST_SHIFT} == {}
    assert {path: share for path, share in shares.items() if share > MOST_SHARE} == {}


async def test_a_page_is_drawn_again_the_later_the_longer_it_took(page: Page, db: Database, cast: Cast) -> None:
    async def change(number: int) -> None:
        async with db.transaction() as transaction:
            for iccid in ICCIDS[:20]:
                await add_sim(transaction, cast.acme, iccid, label=f"number {number}")

    await change(0)
    await page.goto("/sims")
    await expect(page.locator("[data-live-badge]")).to_have_attribute("data-state", "live")
    await page.evaluate(DRAWN)
    for number in range(1, 31):
        await change(number)
    for iccid in ICCIDS[:20]:
        await expect(page.locator(f"#sim-{iccid}")).to_contain_text("number 30")
    drawn = await page.evaluate("window.drawn")
    assert len(drawn) >= 2
    for (began, ended), (next_began, _) in pairwise(drawn):
        assert next_began - ended >= min(LONGEST_WAIT, (ended - began) / SHARE) - 1, drawn
