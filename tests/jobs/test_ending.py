"""A worker that has stopped working ends, whatever is left of it."""

import subprocess
import sys

from console.watchdog import HUNG_CODE

STAYS = """
import asyncio
from jobs.worker import end_within

async def stay():
    while True:
        try:
            await asyncio.sleep(9)
        except asyncio.CancelledError:
            pass  # swallowed

async def work():
    staying = asyncio.create_task(stay())
    await asyncio.sleep(0)
    end_within(0.3)
    staying.cancel()

asyncio.run(work())
"""


def test_a_worker_that_has_stopped_working_ends_whatever_stays() -> None:
    found = subprocess.run([sys.executable, "-c", STAYS], capture_output=True, text=True, timeout=60, check=False)
    assert found.returncode == HUNG_CODE
    assert "stay" in found.stdout + found.stderr
