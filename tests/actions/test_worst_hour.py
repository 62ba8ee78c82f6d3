"""The worst hour, short: top-ups while everything fails, each charged once or said not to be."""

import asyncio
import os
import random
from pathlib import Path

import pytest

from console.trial.ports import free_port
from tests.worst_hour.operators import AT_ONCE, METHODS, Operators
from tests.worst_hour.trial import trial

SEED = int(os.environ.get("WORST_HOUR_SEED", "7"))  # `python -m tests.worst_hour` takes others, and 1,000 top-ups


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that PostgreSQL, which does not run as root, gets into."""
    found = tmp_path_factory.mktemp("worst-hour")
    found.chmod(0o755)
    return found


async def test_no_top_up_is_charged_twice_or_said_to_be_what_it_is_not(place: Path) -> None:
    async with asyncio.timeout(240):
        result = await trial(place, top_ups=40, failures=8, seconds=4, seed=SEED, orders=False, standby=True)
    assert result.faults == [], f"seed {SEED}: {result}"
    assert result.failures["postgres_fails_over"] == 1
    assert 20 < result.charged <= result.received
    assert result.ended["confirmed"] == result.charged


async def test_few_ask_at_once_however_many_wait() -> None:
    operators = Operators([f"http://127.0.0.1:{free_port()}"], "a-key", random.Random(SEED), METHODS)
    asking = [asyncio.create_task(operators.program(str(number))) for number in range(3 * AT_ONCE)]
    while sum(asked.sent for asked in operators.history) < 4 * AT_ONCE:  # noqa: ASYNC110 - each sends three at first
        await asyncio.sleep(0.05)
    begun = operators.begun
    for task in asking:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    await operators.close()
    assert begun == AT_ONCE
