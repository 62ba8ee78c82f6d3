"""Every live page under random traffic, compared with SQL again and again: prints one JSON object.

python -m tests.truth --minutes 10 --seed 1
python -m tests.truth --at 2026-10-25T00:58:00Z --zone Europe/Berlin

While a fleet lives, 1NCE and its Data Streamer come and go, and records come late by minutes, days and weeks, all live
pages are open in a Chromium whose clock is an hour off. Every quarter of a minute the traffic pauses, and each page
must show what the database holds, or say what waits. With `--at`, it is then for every process (midnight, New Year,
a change to summer time).
"""

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
from datetime import datetime
from pathlib import Path

import msgspec

from tests.truth.clock import begin_at
from tests.truth.trial import compared

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--a-second", type=float, default=8, help="transactions a second (%(default)s)")
    parser.add_argument("--zone", default="UTC", help="in which the browser shows times (%(default)s)")
    parser.add_argument("--at", type=datetime.fromisoformat, help="the moment at which it begins")
    parser.add_argument("--only", default="", help="pages whose address has this in it")
    parser.add_argument("--begun", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    place = Path(tempfile.mkdtemp(prefix="truth-"))
    place.chmod(0o755)  # PostgreSQL does not run as root, and must get in
    try:
        if chosen.at and not chosen.begun:
            begin_at(chosen.at, place)
        result = asyncio.run(
            compared(
                place,
                seconds=chosen.minutes * 60,
                seed=chosen.seed,
                a_second=chosen.a_second,
                zone=chosen.zone,
                only=chosen.only,
            )
        )
    finally:
        shutil.rmtree(place, ignore_errors=True)
    sys.stdout.write(msgspec.json.encode(result).decode() + "\n")
    sys.exit(1 if result.differences else 0)
