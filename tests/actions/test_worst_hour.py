"""The worst hour, short: top-ups while everything fails, each charged once or said not to be."""

import asyncio
import os
from pathlib import Path

import pytest

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
