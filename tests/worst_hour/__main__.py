"""A trial from the command line, on servers of its own: prints one JSON object, and fails if anything was wrong.

python -m tests.worst_hour --top-ups 1000 --seed 1
"""

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
from pathlib import Path

import msgspec

from tests.worst_hour.trial import trial

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--top-ups", type=int, default=1000)
    parser.add_argument("--failures", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=120, help="in which all are asked for (%(default)s)")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    chosen = parser.parse_args()
    place = Path(tempfile.mkdtemp(prefix="worst-hour-"))
    place.chmod(0o755)  # PostgreSQL does not run as root, and must get in
    try:
        result = asyncio.run(
            trial(
                place,
                top_ups=chosen.top_ups,
                failures=chosen.failures,
                seconds=chosen.seconds,
                seed=chosen.seed,
                webs=2,
                durable=True,
                standby=True,
                bound=120.0,
                patience=1800.0,
            )
        )
    finally:
        shutil.rmtree(place, ignore_errors=True)
    sys.stdout.write(msgspec.json.encode(result).decode() + "\n")
    sys.exit(1 if result.faults else 0)
