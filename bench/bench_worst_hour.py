"""A thousand top-ups while web, workers, PostgreSQL, Redis and 1NCE fail: none is charged twice, each has an end.

The trial is the suite's own, `tests/worst_hour`, with more of everything; `python -m tests.worst_hour --seed N` repeats
one.
"""

import argparse
import random

from measuring import Report, run, say
from processes import printed_json, python_process


async def bench(chosen: argparse.Namespace) -> Report:
    """One trial in a process of its own."""
    top_ups, failures, seconds = (100, 12, 20) if chosen.quick else (chosen.top_ups, chosen.failures, chosen.seconds)
    say(f"worst_hour: {top_ups} top-ups and {failures} failures in {seconds:g} s, with the seed {chosen.seed}")
    options = ("--top-ups", str(top_ups), "--failures", str(failures), "--seconds", str(seconds))
    async with python_process("-m", "tests.worst_hour", *options, "--seed", str(chosen.seed)) as process:
        found: Report = await printed_json(process)
    return {**found, "met": not found["faults"]}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--top-ups", type=int, default=1000, help="how many (%(default)s)")
    parser.add_argument("--failures", type=int, default=60, help="how many (%(default)s)")
    parser.add_argument("--seconds", type=float, default=120, help="in which all are asked for (%(default)s)")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    run("worst_hour", bench, parser, minutes=45)
