"""Whatever is cut while things change: nothing is lost, nothing comes twice, and screens end as a fresh page.

The trial itself fails if a client does not receive again after a series of cuts.
"""

import asyncio
import os
from pathlib import Path

import pytest

from console.settings import Settings
from tests.cutting.trial import trial

pytestmark = pytest.mark.one_edition
SEED = int(os.environ.get("CUTS_SEED", "7"))  # `python -m tests.cutting` takes other seeds, and a thousand cuts


async def test_forty_cuts_lose_nothing_and_repeat_nothing(settings: Settings, tmp_path: Path) -> None:
    async with asyncio.timeout(240):
        result = await trial(tmp_path, settings, cuts=40, seed=SEED, pause=0.15, a_second=20, watch=None)
    assert result.faults == [], f"seed {SEED}, cuts {result.cuts}"
    assert result.committed > 100
    assert result.resets, "Redis was killed, and somebody should have been reset"
