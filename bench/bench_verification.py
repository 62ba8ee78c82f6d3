"""What it costs the web server that live pages prove themselves, page by page, beside drawing the same page.

Each page says what it shows once a minute: the figure is processor time of the web process for one comparison.
"""

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from filling import fill, iccid
from installation import USER, new_installation
from measuring import Report, cpu_ns, run, say, target
from servers import Served, web_server

sys.path.append(str(Path(__file__).parents[1]))
from tests.cutting.values import values

MOST_MS = 3.0  # of processor time, a page and minute
PAGES = {
    "overview": "/",
    "sims": "/sims",
    "sims of a filter": "/sims?connection=online&sort=-last_seen_at&page_size=200",
    "sim": f"/sims/{iccid(1)}",
    "jobs": "/jobs",
    "carrier": "/carrier",
}


async def cost(served: Served, client: httpx.AsyncClient, times: int, method: str, address: str, **sent: Any) -> float:
    """Processor time of the web server for one such request, in milliseconds: the mean after ten to warm up."""
    for _ in range(10):
        (await client.request(method, address, **sent)).raise_for_status()
    before = cpu_ns(served.pid)
    for _ in range(times):
        (await client.request(method, address, **sent)).raise_for_status()
    return (cpu_ns(served.pid) - before) / times / 1e6


async def compared(served: Served, client: httpx.AsyncClient, times: int, name: str, address: str) -> Report:
    """One page: what it costs to draw it and to compare it."""
    shown = values((await client.get(address)).text)
    path, query = urlsplit(address).path, urlsplit(address).query
    view = path.strip("/") or "overview"
    rows = [one.removeprefix("sim-") for one in shown if one.startswith("sim-8")]
    body = {"view": "sim" if "/" in view else view, "values": shown}
    body["topics"] = [f"sim:{one}" for one in rows or ([iccid(1)] if body["view"] == "sim" else [])]
    answer = await client.post(f"/shown?{query}", json=body)
    assert answer.json()["differing"] == [], f"{name}: {answer.text}"
    drawing = await cost(served, client, times, "GET", address)
    comparing = await cost(served, client, times, "POST", f"/shown?{query}", json=body)
    return {
        "values": len(shown),
        "compare_cpu_ms": round(comparing, 2),
        "draw_cpu_ms": round(drawing, 2),
        "ratio_to_draw": round(comparing / drawing, 3),
    }


async def bench(chosen: argparse.Namespace) -> Report:
    """Each page after the other, by one browser that is signed in."""
    sims, times = (2_000, 20) if chosen.quick else (chosen.sims, 200)
    async with new_installation() as installation:
        say(f"verification: filling the installation with {sims} SIMs")
        await fill(installation, sims)
        await asyncio.sleep(0.5)
        async with web_server(installation) as served, served.client() as client:
            answer = await client.post("/sign-in", data={"name": USER[0], "password": USER[1]})
            assert answer.status_code == 303, answer.text
            pages = {name: await compared(served, client, times, name, address) for name, address in PAGES.items()}
    most = max(page["compare_cpu_ms"] for page in pages.values())
    return {"sims": sims, "pages": pages, "targets": {"compare_cpu_ms": target(most, MOST_MS)}}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sims", type=int, default=20_000, help="how many SIMs (%(default)s)")
    run("verification", bench, parser)
