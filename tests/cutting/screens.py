"""Every live page under random traffic, compared with SQL again and again: prints one JSON object.

python -m tests.cutting.screens --minutes 10 --seed 1

While two organizations' SIMs change, 1NCE comes and goes, and records come late by minutes, days and weeks, all live
pages are open in a Chromium whose clock is an hour off. Every quarter of a minute the traffic pauses, and each page
must show what the database holds, or say what waits.
"""

import argparse
import asyncio
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import msgspec
from msgspec import Struct

from console.migrate import migrate
from console.settings import Settings
from console.store.database import open_database
from console.trial import PostgresServer
from tests.chromium import chromium
from tests.cutting.browser import Screens, pages
from tests.cutting.changing import iccid
from tests.cutting.expected import Truth
from tests.cutting.trial import new_installation
from tests.cutting.truth import committed_by_now

SECRET = "a-secret-key-for-trials-alone-0123456789"
TRAFFIC_SECONDS = 15.0
PAUSE_SECONDS = 1.5  # until the transactions under way have ended


class Compared(Struct, frozen=True, kw_only=True):
    """What was found. Nothing may stand in `differences`."""

    seconds: float
    rounds: int
    pages: int
    transactions: int
    differences: list[str]


async def compared(folder: Path, settings: Settings, *, seconds: float, seed: int, a_second: float) -> Compared:
    """All live pages, for so long."""
    rounds, found = 0, list[str]()
    async with (
        new_installation(folder, settings, random.Random(seed), a_second) as (installation, cast),
        chromium() as browser,
    ):
        wanted = pages(Truth(installation.db, cast.acme), iccid(cast.acme, 1))
        installation.changer.start()
        await installation.changing()
        screens = await Screens.opened(browser, f"http://127.0.0.1:{installation.proxy.port}", wanted)
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            await asyncio.sleep(TRAFFIC_SECONDS)
            installation.changer.send(signal.SIGHUP)
            await asyncio.sleep(PAUSE_SECONDS)
            await installation.db.relay.publish_waiting()  # as the sweep does
            found += [f"round {rounds}: {one}" for one in await screens.differences()]
            rounds += 1
            installation.changer.send(signal.SIGHUP)
        lasted = round(time.monotonic() - began, 1)
        transactions = len(await committed_by_now(installation.db))
    return Compared(
        seconds=lasted,
        rounds=rounds,
        pages=len(wanted),
        transactions=transactions,
        differences=found,
    )


async def on_its_own(folder: Path, seconds: float, seed: int, a_second: float) -> Compared:
    """On a PostgreSQL that nobody else uses."""
    postgres = PostgresServer(folder / "postgres")
    try:
        url = await postgres.start()
        db = open_database(url, "redis://127.0.0.1:1/0", connections=1)
        async with db.engine.connect() as connection:
            await connection.run_sync(migrate)
        await db.close()
        settings = Settings(database_url=url, redis_url="", secret_key=SECRET)
        return await compared(folder, settings, seconds=seconds, seed=seed, a_second=a_second)
    finally:
        await postgres.stop(seconds=5)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--a-second", type=float, default=10, help="transactions a second (%(default)s)")
    chosen = parser.parse_args()
    place = Path(tempfile.mkdtemp(prefix="screens-"))
    place.chmod(0o755)  # PostgreSQL does not run as root, and must get in
    try:
        result = asyncio.run(on_its_own(place, chosen.minutes * 60, chosen.seed, chosen.a_second))
    finally:
        shutil.rmtree(place, ignore_errors=True)
    sys.stdout.write(msgspec.json.encode(result).decode() + "\n")
    sys.exit(1 if result.differences else 0)
