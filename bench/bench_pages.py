"""What every page costs PostgreSQL and the web server, and how long it takes, with 100,000 SIMs or a million.

Each address of `addresses.py` (pages, lists of SIMs, palette, API) is asked over HTTP by a browser that is signed in,
one after the other, of a fleet that has histories too. Processor time is the scheduler's, of all PostgreSQL processes.
`--sims 1000000` fills a million SIMs first, which takes a quarter of an hour.
"""

import argparse
import asyncio
import time
from pathlib import Path
from statistics import median

import httpx
from addresses import API, LISTS, PAGES, PALETTE, written
from filling import connected, fill
from histories import fill_histories
from installation import USER, Installation, new_installation
from measuring import TICK, Report, cpu_ns, run, say, spread, target
from msgspec import Struct
from servers import Served, web_server

MOST_MS = 50.0  # p95 of a wait
MOST_DATABASE_MS = 20.0  # of PostgreSQL's processors for one page
APART = 0.06  # seconds between two askings: a user may send 1,200 requests in a minute
MINUTES = 45.0  # to fill a million SIMs and to ask


class Asked(Struct, frozen=True):
    """One address, and how it is asked."""

    name: str
    address: str
    headers: dict[str, str] = {}


def asked(sims: int, key: str, only: str) -> list[Asked]:
    """All of them, or those with this in their name."""
    found = [Asked(f"page: {name}", written(address, sims)) for name, address in PAGES.items()]
    found += [Asked(f"SIMs: {name}", "/sims?" + written(query, sims)) for name, query in LISTS.items()]
    palette = {"HX-Request": "true"}
    for name, text in PALETTE.items():
        found.append(Asked(f"palette: {name}", f"/find?q={written(text, sims).replace(' ', '+')}", palette))
    found += [Asked(f"API: {name}", written(address, sims), {"X-API-Key": key}) for name, address in API.items()]
    return [one for one in found if only in one.name]


async def postmaster(installation: Installation) -> int:
    """The process that has started all others of PostgreSQL."""
    connection = await connected(installation)
    try:
        backend = await connection.fetchval("SELECT pg_backend_pid()")
        return int(stat(backend)[1])
    finally:
        await connection.close()


def stat(pid: int) -> list[str]:
    """What the kernel says of a process, from its state on."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()


def database_ms(pid: int) -> float:
    """What all of PostgreSQL has used so far: what runs, and what helpers had used when they ended."""
    ended = sum(map(int, stat(pid)[13:15]))
    return cpu_ns(pid) / 1e6 + ended * TICK * 1000


async def measured(served: Served, client: httpx.AsyncClient, postgres: int, one: Asked, times: int) -> Report:
    """One address, asked twice to warm up and then so many times."""
    waits: list[float] = []
    database: list[float] = []
    web = 0.0
    for number in range(times + 2):
        before, web_before = database_ms(postgres), cpu_ns(served.pid)
        began = time.perf_counter()
        answer = await client.get(one.address, headers=one.headers)
        took = time.perf_counter() - began
        if answer.status_code != 200:
            return {"status": answer.status_code}
        await asyncio.sleep(0.005)  # what is written after the answer counts too
        if number > 1:
            waits.append(took)
            database.append(database_ms(postgres) - before)
            web += cpu_ns(served.pid) - web_before
        await asyncio.sleep(max(0.0, APART - took))
    return {
        **spread(waits, 50, 95),
        "database_cpu_ms": round(median(database), 2),
        "web_cpu_ms": round(web / times / 1e6, 1),
    }


async def bench(chosen: argparse.Namespace) -> Report:
    """Fill, then ask each."""
    sims, times = (5_000, 2) if chosen.quick else (chosen.sims, chosen.times)
    found: Report = {}
    async with new_installation() as installation:
        say(f"pages: filling the installation with {sims} SIMs")
        began = time.perf_counter()
        await fill(installation, sims)
        await fill_histories(installation, sims)
        filled = time.perf_counter() - began
        say("pages: asking")
        postgres, (key,) = await postmaster(installation), await installation.keys(1)
        async with web_server(installation) as served, served.client() as client:
            answer = await client.post("/sign-in", data={"name": USER[0], "password": USER[1]})
            assert answer.status_code == 303, answer.text
            for one in asked(sims, key, chosen.only):
                found[one.name] = await measured(served, client, postgres, one, times)
    assert not (refused := {name: one["status"] for name, one in found.items() if "status" in one}), refused
    return {"sims": sims, "filled_seconds": round(filled, 1), "asked": found, "targets": targets(found)}


def targets(found: Report) -> Report:
    """The slowest of all, and the dearest for PostgreSQL."""
    slowest = max(found, key=lambda name: found[name]["p95_ms"])
    dearest = max(found, key=lambda name: found[name]["database_cpu_ms"])
    return {
        "slowest_p95_ms": {"name": slowest, **target(found[slowest]["p95_ms"], MOST_MS)},
        "dearest_database_cpu_ms": {"name": dearest, **target(found[dearest]["database_cpu_ms"], MOST_DATABASE_MS)},
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sims", type=int, default=100_000, help="how many SIMs (%(default)s)")
    parser.add_argument("--times", type=int, default=10, help="how many times each is asked (%(default)s)")
    parser.add_argument("--only", default="", help="of the names of addresses, those that contain this")
    run("pages", bench, parser, minutes=MINUTES)
