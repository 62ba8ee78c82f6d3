"""A test that waits for ever fails within its time, and says for what."""

import os
import subprocess
import sys
from pathlib import Path

PLUGINS = ("-p", "pytest_asyncio.plugin", "-p", "pytest_timeout", "-p", "no:cacheprovider")
HANGS = """
import asyncio
import time

import pytest
import pytest_asyncio


async def somebody():
    await asyncio.Event().wait()


@pytest_asyncio.fixture(loop_scope="session")
async def left():
    yield
    await somebody()


@pytest.mark.asyncio(loop_scope="session")
async def test_waits():
    await somebody()


@pytest.mark.asyncio(loop_scope="session")
async def test_after_it():
    pass


@pytest.mark.asyncio(loop_scope="session")
async def test_leaves_what_waits(left):
    pass


def test_sleeps():
    time.sleep(60)
"""


def test_what_a_hanging_test_waits_for_is_in_its_report(tmp_path: Path) -> None:
    tmp_path.joinpath("test_hangs.py").write_text(HANGS)
    tmp_path.joinpath("conftest.py").write_text("from tests.hanging import pytest_runtest_makereport\n")
    command = [sys.executable, "-m", "pytest", *PLUGINS, "--timeout=0.3", "--timeout-method=signal", str(tmp_path)]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    found = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False).stdout
    assert "2 failed, 2 passed, 1 error" in found, found
    tasks = found.split("Tasks that wait")[1:]
    named = [[name for name in ("test_waits", "left", "somebody") if f"in {name}\n" in one] for one in tasks]
    assert named == [["test_waits", "left", "somebody"], ["test_waits", "somebody"], []], found
