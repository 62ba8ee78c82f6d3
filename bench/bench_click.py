"""From a click to the message that the action was taken, in a real Chromium while the fleet is busy.

Five hundred sockets of programs listen to 200 changes a second, as in the soak. A browser opens one SIM after the
other, waits until the page is live and its scripts answer, looks at it for a second, as people do, and clicks "reset
the connection": else the page's own loading, on the same two cores, is measured. The clock starts with the click's own
event and stops in a task after the animation frame in which the message stands on the page. No worker runs, so actions
stay as they were taken. The same on the quiet server, in the same run, is the floor.
"""

import argparse
import asyncio
import resource
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import uvloop
from fanout.latency import A_SECOND, LatencyBench, latency_bench
from filling import fill, iccid
from installation import USER, new_installation
from measuring import Report, run, say, spread, target
from playwright.async_api import Page

sys.path.append(str(Path(__file__).parents[1]))
from tests.chromium import chromium

SIMS = 500
FORM = "form:has(input[name=kind][value=reset])"
WARM = 3  # clicks that are not counted
MOST_MS = 100.0
LIVE = "html[data-started] body[data-live=live]"
LOOKS_SECONDS = 1.0
CLICKED = """(form) => new Promise((done) => {
  const open = form.closest("details")
  if (open) open.open = true
  const messages = document.getElementById("messages")
  let clicked = 0
  form.addEventListener("click", (event) => { clicked = event.timeStamp }, { capture: true, once: true })
  new MutationObserver((_, observer) => {
    const said = messages.querySelector("[id^=action-message], [role=alert]")
    if (!said) return
    observer.disconnect()
    const asked = performance.getEntriesByType("resource").filter((one) => one.name.endsWith("/actions")).at(-1)
    const answered = (asked?.responseEnd ?? clicked) - clicked
    requestAnimationFrame(() => setTimeout(() => done([performance.now() - clicked, answered, said.textContent])))
  }).observe(messages, { subtree: true, childList: true })
  form.querySelector("button[type=submit]").click()
})"""


async def clicks(page: Page, numbers: Sequence[int]) -> Report:
    """Milliseconds from each click to its message, and to the end of the answer, each on the page of another SIM."""
    seen: list[float] = []
    answered: list[float] = []
    for number in numbers:
        await page.goto(f"/sims/{iccid(number)}")
        await page.wait_for_selector(LIVE)
        form = await page.wait_for_selector(FORM, state="attached")
        assert form is not None
        await asyncio.sleep(LOOKS_SECONDS)
        took, answer, said = await form.evaluate(CLICKED)
        assert "reset" in said, said
        seen.append(took / 1000)
        answered.append(answer / 1000)
    return {**spread(seen[WARM:], 50, 95, 100), "answered": spread(answered[WARM:], 50, 95)}


async def busy(way: LatencyBench, page: Page, numbers: Sequence[int]) -> tuple[Report, Report]:
    """The same while SIMs change; and what became of the changes."""
    clicking = asyncio.create_task(clicks(page, numbers))
    changes: Report = {}
    while not clicking.done():
        changes = await way.changed(3.0)
    return await clicking, changes


async def bench(chosen: argparse.Namespace) -> Report:
    """Quiet, then busy."""
    sockets, times = (50, 8) if chosen.quick else (chosen.sockets, chosen.clicks)
    unchanging = SIMS + 1  # the first of those whose pages are not out of date by the time of the click
    with tempfile.TemporaryDirectory(prefix="bench-click-") as folder:
        async with new_installation() as installation:
            await fill(installation, SIMS + 2 * (WARM + times))
            async with latency_bench(installation, Path(folder), sockets, SIMS) as way, chromium() as browser:
                page = await browser.new_page(base_url=way.served.address)
                await page.goto("/sign-in")
                await page.fill("[name=name]", USER[0])
                await page.fill("[name=password]", USER[1])
                await page.click("button[type=submit]")
                await page.wait_for_url("**/")
                say("click: quiet")
                quiet = await clicks(page, range(unchanging, unchanging + WARM + times))
                say("click: busy")
                later = unchanging + WARM + times
                took, changes = await busy(way, page, range(later, later + WARM + times))
    return {
        "sockets": sockets,
        "changes_per_second": A_SECOND,
        "clicks": times,
        "quiet": quiet,
        "busy": took,
        "changes": changes,
        "targets": {"p95_ms": target(took["p95_ms"], MOST_MS)},
    }


if __name__ == "__main__":
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sockets", type=int, default=500, help="how many listen (%(default)s)")
    parser.add_argument("--clicks", type=int, default=60, help="how many, each on another SIM (%(default)s)")
    run("click", bench, parser, minutes=10)
