"""What keeps the event loop is noticed, counted, and named."""

import asyncio
import subprocess
import sys
import time

from prometheus_client import REGISTRY

from console.watchdog import DESIGN_SECONDS, HUNG_CODE, Watchdog, culprit


def work(seconds: float) -> None:
    """Use the processor for so long, in this thread."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        sum(range(100))


def counted() -> float:
    return REGISTRY.get_sample_value("console_loop_long_turn_seconds_count") or 0.0


async def test_a_turn_that_holds_the_loop_is_counted_with_its_stack() -> None:
    before, watchdog = counted(), Watchdog()
    with watchdog.watching():
        await asyncio.sleep(0.03)
        work(0.15)
        await asyncio.sleep(0.03)
    (turn,) = watchdog.long_turns
    assert 0.08 < turn.seconds < 0.17
    assert any(name == "work" for _, _, name in turn.stack)
    assert any(frame.endswith(" work") for frame in culprit(turn.stack))
    assert counted() >= before + 1


async def test_many_short_turns_hold_nobody() -> None:
    watchdog = Watchdog()
    with watchdog.watching():
        for _ in range(100):
            work(DESIGN_SECONDS / 10)
            await asyncio.sleep(0)
    assert not watchdog.long_turns


async def test_a_machine_that_gives_the_process_no_time_is_no_fault() -> None:
    watchdog = Watchdog()
    with watchdog.watching():
        await asyncio.sleep(0.03)
        time.sleep(0.15)  # noqa: ASYNC251
        await asyncio.sleep(0.03)
    assert not watchdog.long_turns


HANGS = """
import asyncio
from console.watchdog import Watchdog

async def hang():
    with Watchdog(hung_seconds=0.3).watching():
        await asyncio.sleep(0.03)
        while True:
            sum(range(100))

asyncio.run(hang())
"""


def test_a_process_whose_loop_hangs_ends_and_says_where() -> None:
    found = subprocess.run([sys.executable, "-c", HANGS], capture_output=True, text=True, timeout=60, check=False)
    assert found.returncode == HUNG_CODE
    assert "hangs" in found.stdout + found.stderr
