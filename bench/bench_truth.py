"""Ten minutes of random traffic on every live page, filter and sort: does each show what SQL says, or say what waits?

The pages are open in a Chromium whose clock is an hour off; 1NCE comes and goes, records come late by minutes to weeks.
`python -m tests.cutting.screens --seed N` repeats one.
"""

import argparse
import random

from measuring import Report, run, say
from processes import printed_json, python_process


async def bench(chosen: argparse.Namespace) -> Report:
    """One trial in a process of its own."""
    minutes = 0.5 if chosen.quick else chosen.minutes
    say(f"truth: {minutes} minutes with the seed {chosen.seed}")
    options = ("--minutes", str(minutes), "--seed", str(chosen.seed))
    async with python_process("-m", "tests.cutting.screens", *options) as process:
        found: Report = await printed_json(process)
    return {**found, "met": not found["differences"]}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="how long (%(default)s)")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    run("truth", bench, parser, minutes=24 * 60)  # it ends by itself
