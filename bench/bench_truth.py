"""Ten minutes of random traffic on every live page, filter and sort: does each show what SQL says, or say what waits?

A simulated fleet lives, a worker polls and takes in what is pushed, records come late by minutes to weeks, SIMs are
watched and not, 1NCE and its Data Streamer come and go. The pages are open in a Chromium whose clock is an hour off.
Two shorter trials begin before midnight and before the end of summer time, by the clock of every process.
`python -m tests.truth --seed N` repeats one.
"""

import argparse
import random

from measuring import Report, run, say
from processes import printed_json, python_process

CLOCKS = {  # each begins some minutes before what it is about
    "midnight UTC, New Year": ("--at", "2026-12-31T23:58:30Z"),
    "end of summer time in Berlin": ("--at", "2026-10-25T00:58:30Z", "--zone", "Europe/Berlin"),
}


async def bench(chosen: argparse.Namespace) -> Report:
    """Each trial in a process of its own."""
    minutes = 0.5 if chosen.quick else chosen.minutes
    trials: Report = {"now": await trial(chosen.seed, minutes)}
    if not chosen.quick:
        for name, options in CLOCKS.items():
            trials[name] = await trial(chosen.seed, minutes / 4, *options)
    return {**trials, "met": not any(found["differences"] for found in trials.values())}


async def trial(seed: int, minutes: float, *options: str) -> Report:
    """One of them."""
    say(f"truth: {minutes} minutes with the seed {seed} {' '.join(options)}")
    options = ("--minutes", str(minutes), "--seed", str(seed), *options)
    async with python_process("-m", "tests.truth", *options) as process:
        found: Report = await printed_json(process)
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="how long (%(default)s)")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    run("truth", bench, parser, minutes=24 * 60)  # it ends by itself
