"""How long the page of SIMs waits for the database, and a browser for the page, with a hundred thousand SIMs.

The floors, on the same connection: `SELECT 1`, and fifty bare rows by their key.
"""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import sqlalchemy as sa
from filling import fill, iccid
from installation import USER, Installation, new_installation
from measuring import Report, at_percent, cpu_seconds, run, say, spread, target
from msgspec import Struct
from servers import web_server
from sqlalchemy.ext.asyncio import AsyncConnection

from console.sims import reads
from console.sims.rules import SORTS, SimFilter, having, parse_sort
from console.store.keyset import Cursor

PAGE = 50
MOST_MS = 50.0
BARE = sa.text("SELECT * FROM sims WHERE organization_id = :organization_id ORDER BY iccid LIMIT 50")
Ask = Callable[[], Awaitable[Any]]


class Case(Struct, frozen=True, kw_only=True):
    """One address of the page of SIMs."""

    name: str
    wanted: SimFilter = SimFilter()
    sort: str = ""
    last: bool = False  # the last page instead of the first


CASES = (
    Case(name="plain"),
    Case(name="plain, last page", last=True),
    Case(name="online", wanted=having(connection="online")),
    Case(name="online, last page", wanted=having(connection="online"), last=True),
    Case(name="connection unknown", wanted=having(connection="unknown")),
    Case(name="in DE, quota low", wanted=having(country="DE", quota="low")),
    Case(name="quota exhausted", wanted=having(quota="exhausted")),
    Case(name="quota ok", wanted=having(quota="ok")),
    Case(name="search pump-lyon", wanted=SimFilter(q="pump-lyon")),
    Case(name="search of an ICCID", wanted=SimFilter(q=iccid(77))),
    Case(name="search of its last digits", wanted=SimFilter(q=iccid(77)[-6:])),
    Case(name="search of two letters", wanted=SimFilter(q="pu")),
    Case(name="search that all match", wanted=SimFilter(q="8988228066")),
    Case(name="label begins with meter", wanted=having(label="meter")),
    Case(name="by label", sort="label"),
    Case(name="by label, last page", sort="label", last=True),
    Case(name="by last seen, newest first", sort="-last_seen_at"),
    Case(name="by last seen, last page", sort="-last_seen_at", last=True),
    Case(name="by data left", sort="data_left_bytes"),
    Case(name="by data left, last page", sort="data_left_bytes", last=True),
    Case(name="online by last seen", wanted=having(connection="online"), sort="-last_seen_at"),
)
WALKS = ("", "label", "-last_seen_at", "data_left_bytes")
ADDRESSES = {
    "plain": "/sims",
    "last page": "/sims?page=99999",
    "online by last seen": "/sims?connection=online&sort=-last_seen_at",
    "in DE, quota low": "/sims?country=DE&quota=low",
    "search pump-lyon": "/sims?q=pump-lyon",
    "by data left": "/sims?sort=data_left_bytes",
}


async def timed(ask: Ask, *, seconds: float, most: int = 200) -> list[float]:
    """How long each asking takes, asked again and again for so many seconds (but five times), after one to warm up."""
    times: list[float] = []
    await ask()
    until = time.perf_counter() + seconds
    while len(times) < most and (len(times) < 5 or time.perf_counter() < until):
        began = time.perf_counter()
        await ask()
        times.append(time.perf_counter() - began)
    return times


async def cases(connection: AsyncConnection, organization_id: int, seconds: float) -> Report:
    """Counting and reading a page, for each case."""
    found: Report = {}
    for case in CASES:
        order = parse_sort(case.sort)
        total = await reads.count(connection, organization_id, case.wanted)
        offset = (total - 1) // PAGE * PAGE if case.last and total else 0
        counting: list[float] = []

        async def both(case: Case = case, order: Any = order, offset: int = offset, counting: Any = counting) -> None:
            began = time.perf_counter()
            size = await reads.count(connection, organization_id, case.wanted)
            counting.append(time.perf_counter() - began)
            await reads.rows(
                connection, organization_id, case.wanted, sort=order, limit=PAGE, offset=offset, total=size
            )

        times = await timed(both, seconds=seconds)
        figures = spread(times, 50, 95)
        found[case.name] = {**figures, "count_p50_ms": round(at_percent(counting, 50) * 1000, 2), "found": total}
    return found


async def walks(connection: AsyncConnection, organization_id: int, seconds: float, depth: int) -> Report:
    """A page by cursor: the second of the list, and one so many pages deep."""
    found: Report = {}
    for sort in WALKS:
        order = parse_sort(sort)
        signs = ["-" if one.descending else "" for one in order]
        fields = [SORTS[one.field] for one in order] + ["iccid"]
        name = ",".join(sign + field for sign, field in zip([*signs, signs[-1] if signs else ""], fields, strict=True))
        for pages in (1, depth):
            rows = await reads.rows(
                connection, organization_id, SimFilter(), sort=order, limit=1, offset=pages * PAGE - 1
            )
            cursor = Cursor(name, [_plain(getattr(rows[0], field)) for field in fields])

            async def page(order: Any = order, cursor: Cursor = cursor) -> None:
                await reads.rows(connection, organization_id, SimFilter(), sort=order, limit=PAGE, cursor=cursor)

            found[f"{sort or 'iccid'}, {pages} deep"] = spread(await timed(page, seconds=seconds), 50, 95)
    return found


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


async def floors(connection: AsyncConnection, organization_id: int, seconds: float) -> Report:
    """The least that a question can take."""

    async def nothing() -> None:
        await connection.execute(sa.text("SELECT 1"))

    async def bare() -> None:
        (await connection.execute(BARE, {"organization_id": organization_id})).all()

    return {
        "SELECT 1": spread(await timed(nothing, seconds=seconds), 50, 95),
        "50 bare rows": spread(await timed(bare, seconds=seconds), 50, 95),
    }


async def pages(installation: Installation, seconds: float) -> Report:
    """The whole page, by a browser that is signed in."""
    found: Report = {}
    async with web_server(installation) as served, served.client() as client:
        answer = await client.post("/sign-in", data={"name": USER[0], "password": USER[1]})
        assert answer.status_code == 303, answer.text
        for name, address in ADDRESSES.items():

            async def look(address: str = address) -> None:
                assert (await client.get(address)).status_code == 200

            cpu = cpu_seconds(served.pid)
            times = await timed(look, seconds=seconds)
            used = (cpu_seconds(served.pid) - cpu) / (len(times) + 1)
            found[name] = {**spread(times, 50, 95), "web_cpu_ms": round(used * 1000, 1)}
    return found


async def bench(chosen: argparse.Namespace) -> Report:
    """The reads first, then the pages."""
    sims, seconds = (20_000, 0.1) if chosen.quick else (chosen.sims, 1.0)
    async with new_installation() as installation:
        say(f"sims_page: filling the installation with {sims} SIMs")
        await fill(installation, sims)
        await asyncio.sleep(0.5)
        async with installation.db.snapshot() as connection:  # as pages read
            say("sims_page: asking the database")
            least = await floors(connection, installation.organization_id, seconds)
            reading = await cases(connection, installation.organization_id, seconds)
            cursors = await walks(connection, installation.organization_id, seconds / 2, sims // PAGE * 19 // 20)
        say("sims_page: asking the web server")
        http = await pages(installation, seconds)
    slowest = max(reading, key=lambda name: reading[name]["p95_ms"])
    bare, plain = least["50 bare rows"]["p50_ms"], reading["plain"]["p50_ms"]
    return {
        "sims": sims,
        "floors": least,
        "count_and_rows": reading,
        "by_cursor": cursors,
        "http": http,
        "slowest": slowest,
        "slowest_ms": reading[slowest]["p95_ms"],
        "slower_than_wanted": [name for name, figures in reading.items() if figures["p95_ms"] > MOST_MS],
        "ratio_to_floor": {name: round(figures["p50_ms"] / bare, 1) for name, figures in reading.items()},
        "http_to_database": round(http["plain"]["p50_ms"] / plain, 2),
        "targets": {"slowest_ms": target(reading[slowest]["p95_ms"], MOST_MS)},
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sims", type=int, default=100_000, help="how many SIMs (%(default)s)")
    run("sims_page", bench, parser)
