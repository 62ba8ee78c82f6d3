"""Whatever is cut while things change: nothing is lost, nothing comes twice, and screens end as a fresh page."""

import contextlib
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from console.settings import Settings
from tests.cast import Cast
from tests.chromium import HAS_CHROMIUM, chromium
from tests.cutting.browser import Screens, pages
from tests.cutting.changing import iccid
from tests.cutting.expected import Truth
from tests.cutting.installation import Installation
from tests.cutting.trial import trial

pytestmark = pytest.mark.one_edition
SEED = int(os.environ.get("CUTS_SEED", "7"))  # `python -m tests.cutting` takes other seeds, and a thousand cuts


async def test_forty_cuts_lose_nothing_and_repeat_nothing(settings: Settings, tmp_path: Path) -> None:
    async with contextlib.AsyncExitStack() as stack:

        async def open_chromium(installation: Installation, cast: Cast) -> Callable[[], Awaitable[list[str]]]:
            browser = await stack.enter_async_context(chromium())
            wanted = pages(Truth(installation.db, cast.acme), iccid(cast.acme, 1))
            return (await Screens.opened(browser, f"http://127.0.0.1:{installation.proxy.port}", wanted)).differences

        watch = open_chromium if HAS_CHROMIUM else None
        result = await trial(tmp_path, settings, cuts=40, seed=SEED, pause=0.15, a_second=20, watch=watch)
    assert result.faults == [], f"seed {SEED}, cuts {result.cuts}"
    assert result.committed > 100
    assert result.received > result.committed
    assert result.resets, "Redis was killed, and somebody should have been reset"
