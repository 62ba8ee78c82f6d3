"""What it costs the web server that live pages prove themselves, page by page, beside drawing the same page.

Each page says what it shows once a minute: the figure is processor time of the web process for one comparison.
"""

import argparse
import sys
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

import httpx
from filling import connected, fill, iccid
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
    "sims of a filter that no count is kept for": "/sims?rat_not=2G&label=has&page_size=200",
    "sims of a search": "/sims?q=pump&page_size=200",
    "sim": f"/sims/{iccid(1)}",
    "conversation": f"/sims/{iccid(1)}/sms",
    "events": "/events",
    "events of a filter": "/events?severity=warn&q=session",
    "quotas": "/quotas",
    "jobs": "/jobs",
    "carrier": "/carrier",
    "wall": "/wall",
}


EVENTS = """
INSERT INTO network_events (organization_id, id, time, iccid, type, name, severity, description, operator, country)
SELECT $1, n, now() - n * interval '3 seconds', '8988228066' || 600000000 + n % 200 + 1, 3,
       (ARRAY['Create PDP Context', 'Update Location', 'Delete PDP Context'])[1 + n % 3],
       (ARRAY['info', 'info', 'info', 'warn', 'error'])[1 + n % 5], 'A session has begun', 'Operator ' || n % 16, 'DE'
FROM generate_series(1, 5000) n
"""
RUNS = """
INSERT INTO job_runs (organization_id, job, state, started_at, finished_at, heartbeat_at)
SELECT $1, (ARRAY['sync_sims', 'poll_status', 'take_in_posts'])[1 + n % 3], 'done', at, at, at
FROM generate_series(1, 60) n, LATERAL (SELECT now() - (60 - n) * interval '1 minute' AS at) moment
"""


async def cost(served: Served, client: httpx.AsyncClient, times: int, method: str, address: str, **sent: Any) -> float:
    """Processor time of the web server for one such request, in milliseconds."""
    before = cpu_ns(served.pid)
    for _ in range(times):
        (await client.request(method, address, **sent)).raise_for_status()
    return (cpu_ns(served.pid) - before) / times / 1e6


async def said(client: httpx.AsyncClient, name: str, address: str) -> tuple[str, Report]:
    """Where a page says what it shows, and what. Fails if that does not agree."""
    shown = values((await client.get(address)).text)
    path, query = urlsplit(address).path, urlsplit(address).query
    view = {f"/sims/{iccid(1)}": "sim", f"/sims/{iccid(1)}/sms": "conversation"}.get(
        path, path.strip("/") or "overview"
    )
    of_rows = [one.partition("-")[2] for one in shown if one.startswith(("sim-8", "quota-8"))]
    of_page = [iccid(1)] if view in {"sim", "conversation"} else []
    body = {"view": view, "values": shown, "topics": [f"sim:{one}" for one in of_rows or of_page]}
    answer = await client.post(f"/shown?{query}", json=body)
    assert answer.is_success, f"{name}: {answer.status_code}"
    assert answer.json()["differing"] == [], f"{name}: {answer.text}"
    return f"/shown?{query}", body


async def measured(served: Served, client: httpx.AsyncClient, rounds: int, times: int) -> dict[str, Report]:
    """Each page: what it costs to compare it and to draw it. They take turns, so a noisy minute is everybody's."""
    asked = {name: await said(client, name, address) for name, address in PAGES.items()}
    compared: dict[str, list[float]] = {name: [] for name in PAGES}
    drawn: dict[str, list[float]] = {name: [] for name in PAGES}
    for _ in range(rounds):
        for name, (address, body) in asked.items():
            compared[name].append(await cost(served, client, times, "POST", address, json=body))
            drawn[name].append(await cost(served, client, max(1, times // 4), "GET", PAGES[name]))
    return {
        name: {
            "values": len(asked[name][1]["values"]),
            "compare_cpu_ms": round(median(compared[name][1:]), 2),  # the first round warms up
            "compare_least_cpu_ms": round(min(compared[name][1:]), 2),
            "draw_cpu_ms": round(median(drawn[name][1:]), 2),
        }
        for name in PAGES
    }


async def bench(chosen: argparse.Namespace) -> Report:
    """All pages by turns, in one browser that is signed in. What a user may ask in a minute bounds the rounds."""
    sims, rounds, times = (2_000, 4, 6) if chosen.quick else (chosen.sims, 5, 6)
    async with new_installation() as installation:
        say(f"verification: filling the installation with {sims} SIMs")
        await fill(installation, sims)
        connection = await connected(installation)
        for statement in (EVENTS, RUNS):
            await connection.execute(statement, installation.organization_id)
        await connection.close()
        async with web_server(installation) as served, served.client() as client:
            answer = await client.post("/sign-in", data={"name": USER[0], "password": USER[1]})
            assert answer.status_code == 303, answer.text
            pages = await measured(served, client, rounds, times)
    most = max(page["compare_cpu_ms"] for page in pages.values())
    return {"sims": sims, "pages": pages, "targets": {"compare_cpu_ms": target(most, MOST_MS)}}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sims", type=int, default=20_000, help="how many SIMs (%(default)s)")
    run("verification", bench, parser)
