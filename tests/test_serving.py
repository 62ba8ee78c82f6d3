"""The check that the suite makes of each application it serves finds what it is for, and nothing else."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from console.watchdog import ROOT, LongTurn, Stack, Watchdog
from tests.serving import held_turns

LOOP = ("/python/asyncio/events.py", 84, "_run")
PYTEST = ("/site-packages/_pytest/runner.py", 1, "run")
APPLICATION: Stack = (PYTEST, LOOP, (f"{ROOT}/console/http/requests.py", 1, "__call__"), ("/jinja2/x.py", 1, "render"))
TEST: Stack = (
    PYTEST,
    LOOP,
    (f"{ROOT}/tests/sims/test_x.py", 1, "test_x"),
    (f"{ROOT}/console/sims/reads.py", 1, "rows"),
)
OTHER: Stack = (PYTEST, LOOP, ("/site-packages/httpx/client.py", 1, "send"))
HOLDING = """
import pytest

from console.watchdog import ROOT, LongTurn, Watchdog
from tests.serving import check_turns

STACK = (("/python/asyncio/events.py", 84, "_run"), (f"{ROOT}/console/http/requests.py", 1, "__call__"))
seen = []


@pytest.fixture
def served(request):
    yield
    watchdog = Watchdog()
    if request.param == "always" or not seen:
        watchdog.long_turns.append(LongTurn(seconds=0.3, collecting_seconds=0.0, stacks=(STACK,)))
    seen.append(request.param)
    check_turns(watchdog)


@pytest.mark.parametrize("served", ["once", "always"], indirect=True)
def test_serves(served):
    pass


def test_fails_otherwise():
    seen.append("other")
    assert seen.count("other") > 1
"""


@pytest.mark.parametrize(
    ("seconds", "collecting", "stacks", "held"),
    [
        (0.06, 0.0, (APPLICATION,) * 3, True),
        (0.04, 0.0, (APPLICATION,) * 3, False),
        (0.30, 0.0, (APPLICATION, OTHER, TEST), True),
        (0.12, 0.0, (APPLICATION, OTHER, TEST), False),
        (0.30, 0.27, (APPLICATION,) * 3, False),
        (0.90, 0.0, (TEST,) * 5, False),
        (0.90, 0.0, (OTHER,) * 5, False),
        (0.90, 0.0, (), False),
    ],
)
def test_what_the_application_held(seconds: float, collecting: float, stacks: tuple[Stack, ...], held: bool) -> None:
    watchdog = Watchdog()
    watchdog.long_turns.append(LongTurn(seconds=seconds, collecting_seconds=collecting, stacks=stacks))
    assert bool(held_turns(watchdog)) is held


async def test_work_of_a_test_is_not_the_applications() -> None:
    watchdog = Watchdog()
    with watchdog.watching():
        await asyncio.sleep(0.03)
        until = time.thread_time() + 0.2
        while time.thread_time() < until:
            sum(range(100))
        await asyncio.sleep(0.03)
    assert watchdog.long_turns
    assert held_turns(watchdog) == []


def test_a_test_fails_that_holds_the_loop_each_time_and_one_that_fails_otherwise_at_once(tmp_path: Path) -> None:
    tmp_path.joinpath("test_holding.py").write_text(HOLDING)
    command = [sys.executable, "-m", "pytest", "-c", f"{ROOT}/pyproject.toml", "-p", "no:cacheprovider", str(tmp_path)]
    environment = {**os.environ, "PYTEST_ADDOPTS": "", "PYTHONPATH": ROOT}
    found = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False).stdout
    assert "1 failed, 6 passed, 1 error, 4 rerun" in found, found
