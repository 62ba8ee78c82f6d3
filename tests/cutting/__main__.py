"""A trial from the command line, on servers of its own: prints one JSON object, and fails if anything was wrong.

python -m tests.cutting --cuts 1000 --seed 1
"""

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
from pathlib import Path

import msgspec

from console.migrate import migrate
from console.settings import Settings
from console.store.database import open_database
from console.trial import PostgresServer
from tests.cutting.trial import Result, trial

SECRET = "a-secret-key-for-trials-alone-0123456789"


async def on_its_own(folder: Path, cuts: int, seed: int, pause: float, a_second: float) -> Result:
    """A trial on a PostgreSQL that nobody else uses."""
    postgres = PostgresServer(folder / "postgres")
    try:
        url = await postgres.start()
        db = open_database(url, "redis://127.0.0.1:1/0", connections=1)
        async with db.engine.connect() as connection:
            await connection.run_sync(migrate)
        await db.close()
        settings = Settings(database_url=url, redis_url="", secret_key=SECRET)
        return await trial(folder, settings, cuts=cuts, seed=seed, pause=pause, a_second=a_second)
    finally:
        await postgres.stop(seconds=5)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuts", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--pause", type=float, default=0.35, help="seconds between two cuts, on average (%(default)s)")
    parser.add_argument("--a-second", type=float, default=15, help="transactions a second (%(default)s)")
    chosen = parser.parse_args()
    place = Path(tempfile.mkdtemp(prefix="cuts-"))
    place.chmod(0o755)  # PostgreSQL does not run as root, and must get in
    try:
        result = asyncio.run(on_its_own(place, chosen.cuts, chosen.seed, chosen.pause, chosen.a_second))
    finally:
        shutil.rmtree(place, ignore_errors=True)
    sys.stdout.write(msgspec.json.encode(result).decode() + "\n")
    sys.exit(1 if result.faults else 0)
