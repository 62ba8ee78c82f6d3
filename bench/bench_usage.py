"""How long usage is waited for once many sums by hour are kept: of one SIM, of the fleet, and the SIMs that used most.

Asked as the product asks, by its own functions and through the web server, about another SIM each time. The kernel
forgets the tables before each kind of question, so what PostgreSQL does not hold is read from the disk at first.
`blocks` are the pages of 8 KB that one asking touches. `--sims 50000` makes 36 million rows, which takes ten minutes.
"""

import argparse
import asyncio
import itertools
import os
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
from filling import connected, fill, iccid
from filling_usage import TABLES, fill_usage
from installation import USER, Installation, new_installation
from measuring import Report, cpu_seconds, run, say, spread, target
from servers import web_server
from sqlalchemy.ext.asyncio import AsyncConnection

from console.pages.reader import reader
from console.pages.usage import hours_of_week
from console.pages.usage_ranges import range_of
from console.usage import reads, shares
from console.usage.totals import totals

HOURS, DAYS = 720, 90
MOST_MS = {"one SIM": 10.0, "the fleet": 50.0, "ranking of a day": 200.0}
MINUTES = 30.0  # to fill and to ask
A_DAY = timedelta(days=1)
Ask = Callable[[AsyncConnection], Awaitable[Any]]
FILES = """
SELECT current_setting('data_directory') || '/' || pg_relation_filepath(c.oid)
FROM unnest($1::text[]) t JOIN pg_class c
    ON c.oid = t::regclass OR c.oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = t::regclass)
"""
SIZES = """
SELECT t AS name, pg_table_size(t::regclass) AS table_bytes, pg_indexes_size(t::regclass) AS index_bytes
FROM unnest($1::text[]) t
"""


class Questions:
    """What is asked of the database, of another SIM each time."""

    def __init__(self, organization_id: int, sims: int, now: datetime) -> None:
        numbers = random.Random(36).sample(range(1, sims + 1), sims)
        self.iccids = (iccid(number) for number in itertools.cycle(numbers))
        self.hour = now.replace(minute=0, second=0, microsecond=0)
        self.today = self.hour.replace(hour=0)
        self.yesterday = self.today - A_DAY
        self._id, self._now = organization_id, now

    def every(self) -> dict[str, Ask]:
        """By a name that begins with what is wanted of it."""
        days = {number: self.today - (number - 1) * A_DAY for number in (30, 60, 90)}
        return {
            "one SIM, 30 days by hour": self._of_sim("hour", self.hour - 30 * A_DAY),
            "one SIM, 48 hours": self._of_sim("hour", self.hour - 2 * A_DAY),
            "one SIM, 30 days": self._of_sim("day", days[30]),
            "one SIM, 90 days": self._of_sim("day", days[90]),
            "the fleet, 60 days": self._of_fleet("day", days[60]),
            "the fleet, 30 days by hour": self._of_fleet("hour", days[30]),
            "the fleet, 24 hours by minute": self._of_fleet("minute", self.hour - A_DAY),
            "the fleet, today and this month": self._totals,
            "the fleet, hours of the week": self._week,
            "ranking of a day": self._ranked("", self.yesterday),
            "ranking of a day, the last 24 hours": self._ranked("24h"),
            "ranking of 7 days": self._ranked("7d"),
            "ranking of 30 days": self._ranked("30d"),
            "24 hours by operator": self._shares("24h"),
            "7 days by operator": self._shares("7d"),
        }

    def addresses(self) -> dict[str, tuple[str, bool]]:
        """Paths in which `{}` is a SIM, by such a name; whether a program asks, or else a browser."""
        since, days = f"{self.hour - 30 * A_DAY:%Y-%m-%dT%H:%M:%SZ}", f"{self.today - 59 * A_DAY:%Y-%m-%dT%H:%M:%SZ}"
        day = self.yesterday.date().isoformat()
        return {
            "one SIM, 30 days by hour, API": (f"/api/v1/sims/{{}}/usage?by=hour&since={since}", True),
            "one SIM, 30 days, API": ("/api/v1/sims/{}/usage", True),
            "one SIM, its chart by hour": ("/sims/{}/usage.json?by=hour", False),
            "the fleet, 60 days, API": (f"/api/v1/usage?since={days}", True),
            "page of usage": ("/usage", False),
            "page of usage, 24 hours": ("/usage?range=24h", False),
            "page of usage, a day": (f"/usage?since={day}&until={day}", False),
            "page of usage, 30 days": ("/usage?range=30d", False),
            "page of usage, 7 days by operator": ("/usage?by=operator", False),
        }

    def _of_sim(self, by: reads.Step, since: datetime) -> Ask:
        async def ask(connection: AsyncConnection) -> None:
            one, until = next(self.iccids), self._now + A_DAY
            assert await reads.of_sim(connection, self._id, one, by=by, since=since, until=until), one

        return ask

    def _of_fleet(self, by: Any, since: datetime) -> Ask:
        async def ask(connection: AsyncConnection) -> None:
            assert await reads.of_fleet(connection, self._id, by=by, since=since, until=self._now)

        return ask

    async def _totals(self, connection: AsyncConnection) -> None:
        assert (await totals(connection, self._id, self._now)).month_bytes

    async def _week(self, connection: AsyncConnection) -> None:
        assert await hours_of_week(connection, self._id, self._now, reader())

    def _ranking(self, since: datetime, until: datetime) -> Ask:
        async def ask(connection: AsyncConnection) -> None:
            assert await shares.ranking(connection, self._id, since=since, until=until, now=self._now, most=50)

        return ask

    def _ranked(self, name: str, day: datetime | None = None) -> Ask:
        chosen = range_of(name, self._now, *([day.date().isoformat()] * 2 if day else ()))
        return self._ranking(chosen.since, chosen.until)

    def _shares(self, name: str) -> Ask:
        one = range_of(name, self._now)

        async def ask(connection: AsyncConnection) -> None:
            assert await shares.shares(
                connection, self._id, place="operator", by=one.step, since=one.since, until=one.until
            )

        return ask


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
