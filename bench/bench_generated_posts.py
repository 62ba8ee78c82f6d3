"""Reads generated posts for minutes: no exception, no record lost; the time against Python's JSON reader."""

import argparse

from measuring import Report, run, say
from processes import printed_json, python_process


async def bench(chosen: argparse.Namespace) -> Report:
    """In a process of its own, where the strategies of the tests are found."""
    examples = 500 if chosen.quick else chosen.examples
    say(f"generated posts: {examples} of them")
    async with python_process("-m", "tests.streamer.long_run", str(examples)) as process:
        found: Report = await printed_json(process)
    return {**found, "met": not found["lost"]}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=20_000, help="how many (%(default)s)")
    run("generated_posts", bench, parser, minutes=20)
