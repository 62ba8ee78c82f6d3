"""How long usage is waited for once many sums by hour are kept: of one SIM, of the fleet, and the SIMs that used most.

Asked as the product asks, by its own functions and through the web server, about another SIM each time. The kernel
forgets the tables before each kind of question, so what PostgreSQL does not hold is read from the disk at first.
`blocks` are the pages of 8 KB that one asking touches. `--sims 50000` makes 36 million rows, which takes ten minutes.
"""

import argparse
import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
from filling import connected, fill
from filling_usage import TABLES, fill_usage
from installation import USER, Installation, new_installation
from measuring import Report, cpu_seconds, run, say, spread, target
from servers import web_server
from sqlalchemy.ext.asyncio import AsyncConnection
from usage_questions import Ask, Questions

HOURS, DAYS = 720, 90
MOST_MS = {"one SIM": 10.0, "the fleet": 50.0, "ranking of a day": 200.0}
MINUTES = 30.0  # to fill and to ask
FILES = """
SELECT current_setting('data_directory') || '/' || pg_relation_filepath(c.oid)
FROM unnest($1::text[]) t JOIN pg_class c
    ON c.oid = t::regclass OR c.oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = t::regclass)
"""
SIZES = """
SELECT t AS name, pg_table_size(t::regclass) AS table_bytes, pg_indexes_size(t::regclass) AS index_bytes
FROM unnest($1::text[]) t
"""


async def times_of(ask: Callable[[], Awaitable[Any]], *, seconds: float, most: int) -> Report:
    """How long the first asking takes, and the spread of others for so many seconds (but four)."""
    times: list[float] = []
    until = time.perf_counter() + seconds
    while len(times) <= most and (len(times) < 5 or time.perf_counter() < until):
        began = time.perf_counter()
        await ask()
        times.append(time.perf_counter() - began)
    return {"first_ms": round(times[0] * 1000, 2), **spread(times[1:], 50, 95)}


async def blocks_of(connection: AsyncConnection, ask: Ask) -> tuple[int, int]:
    """How many blocks the statements of one asking touch, and how many of these PostgreSQL did not hold."""
    sent: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        sent.append((statement, parameters))

    sa.event.listen(connection.sync_connection, "before_cursor_execute", note)
    await ask(connection)
    sa.event.remove(connection.sync_connection, "before_cursor_execute", note)
    held = read = 0
    for statement, parameters in sent:
        explained = await connection.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", parameters)
        plan = explained.scalar_one()[0]["Plan"]
        held, read = held + plan["Shared Hit Blocks"], read + plan["Shared Read Blocks"]
    return held + read, read


async def sizes(installation: Installation) -> Report:
    """How large the tables are, with their indexes."""
    connection = await connected(installation)
    try:
        return {row["name"]: [row["table_bytes"], row["index_bytes"]] for row in await connection.fetch(SIZES, TABLES)}
    finally:
        await connection.close()


async def forget(installation: Installation) -> None:
    """Have the kernel keep nothing of the tables' files, where the benchmark may."""
    connection = await connected(installation)
    try:
        files = [Path(row[0]) for row in await connection.fetch(FILES, TABLES)]
    finally:
        await connection.close()
    for path in (part for file in files for part in file.parent.glob(f"{file.name}*")):
        with suppress(PermissionError):
            opened = os.open(path, os.O_RDONLY)
            os.posix_fadvise(opened, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(opened)


async def from_database(installation: Installation, questions: Questions, seconds: float) -> Report:
    """The project's own functions, as pages and the API call them."""
    found: Report = {}
    async with installation.db.snapshot() as connection:
        for name, ask in questions.every().items():
            await forget(installation)
            figures = await times_of(lambda ask=ask: ask(connection), seconds=seconds, most=400)  # type: ignore[misc]
            touched, not_held = await blocks_of(connection, ask)
            found[name] = {**figures, "blocks": touched, "blocks_not_held": not_held}
            say(f"usage: {name}: {found[name]}")
    return found


async def over_http(installation: Installation, questions: Questions, seconds: float) -> Report:
    """The same through the web server."""
    found: Report = {}
    (key,) = await installation.keys(1)
    async with web_server(installation) as served, served.client() as browser, served.client() as program:
        answer = await browser.post("/sign-in", data={"name": USER[0], "password": USER[1]})
        assert answer.status_code == 303, answer.text
        program.headers["X-API-Key"] = key
        for name, (path, by_program) in questions.addresses().items():
            client: httpx.AsyncClient = program if by_program else browser

            async def look(client: httpx.AsyncClient = client, path: str = path) -> None:
                answered = await client.get(path.format(next(questions.iccids)))
                assert answered.status_code == 200, f"{path}: {answered.text}"

            await forget(installation)
            before = cpu_seconds(served.pid)
            figures = await times_of(look, seconds=seconds, most=250)
            used = (cpu_seconds(served.pid) - before) / (figures["times"] + 1)
            found[name] = {**figures, "web_cpu_ms": round(used * 1000, 1)}
            say(f"usage: {name}: {found[name]}")
    return found


async def bench(chosen: argparse.Namespace) -> Report:
    """Fill, then ask the database and the web server."""
    sims, hours, days, seconds = (2_000, 96, 30, 0.2) if chosen.quick else (chosen.sims, HOURS, DAYS, chosen.seconds)
    async with new_installation() as installation:
        say(f"usage: filling the installation with {sims} SIMs, {sims * hours} hours")
        await fill(installation, sims)
        began, now = time.perf_counter(), datetime.now(UTC)
        await fill_usage(installation, sims, hours=hours, days=days, now=now)
        filled = time.perf_counter() - began
        await asyncio.sleep(0.5)
        questions = Questions(installation.organization_id, sims, now)
        database = await from_database(installation, questions, seconds)
        http = await over_http(installation, questions, seconds)
        held = await sizes(installation)
    slowest = {
        what: max((name for name in database if name.startswith(what)), key=lambda name: database[name]["p95_ms"])
        for what in MOST_MS
    }
    return {
        "sims": sims,
        "hours": sims * hours,
        "seconds_to_fill": round(filled),
        "table_and_index_bytes": held,
        "database": database,
        "http": http,
        "slowest": slowest,
        "targets": {
            f"{what}, p95 ms": target(database[name]["p95_ms"], MOST_MS[what]) for what, name in slowest.items()
        },
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sims", type=int, default=3_000, help="how many SIMs, of 720 hours each (%(default)s)")
    parser.add_argument("--seconds", type=float, default=2.0, help="how long each is asked (%(default)s)")
    run("usage", bench, parser, minutes=MINUTES)
