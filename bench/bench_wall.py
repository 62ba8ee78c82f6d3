"""Does the wall's memory stay flat in a real Chromium, while the fleet is busy?

A browser opens `/wall` and keeps it open, while changes are published as in the soak. Each few seconds the heap is
collected and its size taken, with the number of nodes and listeners. The first quarter is not in the slope: by then
code and pictures are loaded. An hour is `--minutes 60`.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path
from statistics import linear_regression
from typing import Any

from fanout.latency import LatencyBench, latency_bench
from filling import fill
from installation import USER, new_installation
from measuring import Report, run, say, target
from playwright.async_api import CDPSession

sys.path.append(str(Path(__file__).parents[1]))
from tests.chromium import chromium

SIMS = 500
EVERY = 3.0  # seconds of changes from look to look
MOST_KB_A_MINUTE = 20.0  # 1.2 MB an hour
LONGEST = 75.0  # minutes


async def look(session: CDPSession) -> dict[str, Any]:
    """Kilobytes of the heap after it was collected, nodes and listeners."""
    await session.send("HeapProfiler.collectGarbage")
    found = {one["name"]: one["value"] for one in (await session.send("Performance.getMetrics"))["metrics"]}
    return {"kb": found["JSHeapUsedSize"] / 1024, "nodes": found["Nodes"], "listeners": found["JSEventListeners"]}


async def watch(way: LatencyBench, session: CDPSession, minutes: float) -> list[tuple[float, dict[str, Any]]]:
    """What was seen, each with the minutes since the beginning."""
    loop = asyncio.get_running_loop()
    began, seen = loop.time(), []
    while (now := (loop.time() - began) / 60) < minutes:
        seen.append((now, await look(session)))
        await way.changed(EVERY)
    return seen


def slope(seen: list[tuple[float, dict[str, Any]]], name: str) -> float:
    """Of a figure, a minute, by the straight line nearest to what was seen after the first quarter."""
    later = seen[len(seen) // 4 :]
    return linear_regression([at for at, _ in later], [found[name] for _, found in later]).slope


async def bench(chosen: argparse.Namespace) -> Report:
    """One browser, one wall."""
    minutes = 0.4 if chosen.quick else chosen.minutes
    with tempfile.TemporaryDirectory(prefix="bench-wall-") as folder:
        async with new_installation() as installation:
            await fill(installation, SIMS)
            async with latency_bench(installation, Path(folder), 20, SIMS) as way, chromium() as browser:
                context = await browser.new_context(
                    base_url=way.served.address, viewport={"width": 1920, "height": 1080}
                )
                page = await context.new_page()
                await page.goto("/sign-in")
                await page.fill("[name=name]", USER[0])
                await page.fill("[name=password]", USER[1])
                await page.press("[name=password]", "Enter")
                await page.goto("/wall")
                await page.wait_for_selector("body[data-live]")
                session = await context.new_cdp_session(page)
                await session.send("Performance.enable")
                say(f"wall: watching for {minutes} minutes")
                seen = await watch(way, session, minutes)
    kb = slope(seen, "kb")
    return {
        "minutes": minutes,
        "looks": len(seen),
        "first": seen[0][1],
        "last": seen[-1][1],
        "kb_a_minute": round(kb, 2),
        "nodes_a_minute": round(slope(seen, "nodes"), 2),
        "listeners_a_minute": round(slope(seen, "listeners"), 2),
        "targets": {"kb_a_minute": target(kb, MOST_KB_A_MINUTE)},
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.0, help="how long (%(default)s); an hour is 60")
    run("wall", bench, parser, minutes=LONGEST)
