"""Whatever child processes write is looked at, wherever it goes, and goes there all the same."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import logged, logged_children

CODE = "import console.iccid, sys; print('iot_key_abcdefgh_' + 'x' * 20); print('last', file=sys.stderr)"
COMMAND = [sys.executable, "-c", CODE]
KEY = "iot_key_abcdefgh_" + "x" * 20


@pytest.fixture(autouse=True)
def noted() -> Iterator[None]:
    """What is found here is what is meant to be."""
    yield
    logged_children.settle()
    logged.found.clear()


def found() -> list[str]:
    logged_children.settle()
    noted, logged.found[:] = list(logged.found), []
    return [one.partition(" is in the log")[0] for one in noted]


def test_a_key_is_found_in_what_a_child_writes_wherever_it_goes(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as file:
        for named in ({"stdout": subprocess.DEVNULL}, {"stdout": file}, {"stdout": subprocess.PIPE}, {}):
            subprocess.run(COMMAND, check=True, **named)
            assert found() == [repr(KEY)], named
    assert (tmp_path / "log").read_text() == KEY + "\n"


def test_what_a_parent_reads_is_whole() -> None:
    ended = subprocess.run(COMMAND, check=True, capture_output=True, text=True)
    assert (ended.stdout, ended.stderr) == (KEY + "\n", "last\n")
    together = subprocess.run(COMMAND, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert sorted(together.stdout.splitlines()) == [KEY, "last"]
    assert found() == [repr(KEY)] * 2
    many = [sys.executable, "-c", "import console.iccid; print('y' * 3_000_000)"]
    assert len(subprocess.run(many, check=True, capture_output=True).stdout) == 3_000_001


async def test_children_of_the_loop_are_looked_at_too() -> None:
    process = await asyncio.create_subprocess_exec(*COMMAND, stdout=asyncio.subprocess.PIPE)
    assert (await process.communicate())[0].decode() == KEY + "\n"
    assert found() == [repr(KEY)]


def test_a_command_that_is_to_print_a_key_may() -> None:
    for command in ("python -m console key add x", "/x/.venv/bin/console org forwarder acme", "curl /console"):
        assert not logged_children.is_looked_at(command.replace("curl /console", "curl x"), "stdout")
    for command in ("python -m jobs", "python -m console web --port 1", "/x/.venv/bin/console doctor"):
        assert logged_children.is_looked_at(command, "stdout")
    assert logged_children.is_looked_at("python -m console key add x", "stderr")
