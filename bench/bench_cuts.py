"""A thousand cuts of connections, web processes, Redis and the worker while SIMs change: nothing lost, nothing twice.

The trial is the suite's own, `tests/cutting`, with more cuts; `python -m tests.cutting --seed N` repeats one.
"""

import argparse
import random

from measuring import Report, run, say
from processes import printed_json, python_process


async def bench(chosen: argparse.Namespace) -> Report:
    """One trial in a process of its own."""
    cuts = 60 if chosen.quick else chosen.cuts
    say(f"cuts: {cuts} cuts with the seed {chosen.seed}, some {cuts / 170:.0f} minutes")
    options = ("--cuts", str(cuts), "--seed", str(chosen.seed), "--pause", "0.25", "--a-second", "25")
    async with python_process("-m", "tests.cutting", *options) as process:
        found: Report = await printed_json(process)
    return {**found, "met": not found["faults"]}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuts", type=int, default=1000, help="how many (%(default)s)")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    run("cuts", bench, parser, minutes=10)
