"""`console up` as a person starts it."""

import os
import re
import signal
import socket
import sys
import urllib.request
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from console.embedded.folder import FolderLock
from console.embedded.leftovers import working_in
from console.embedded.ports import HOST, free_port, is_free
from tests.processes import lives, until
from tests.up.conftest import Supervisor

CODE = """
import asyncio, sys
from console.up import UpOptions, up
sys.exit(asyncio.run(up(UpOptions(port=int(sys.argv[1]), sims=20, data=sys.argv[2]))))
"""
UNSET = {"DATABASE_URL": "", "REDIS_URL": "", "ONCE_CLIENT_ID": "", "SECRET_KEY": "", "PUBLIC_ORIGIN": ""}


@pytest.fixture
def supervisors() -> Iterator[list[Supervisor]]:
    """Supervisors to be ended after the test, if need be."""
    running: list[Supervisor] = []
    yield running
    for supervisor in running:
        if supervisor.process.poll() is None:
            supervisor.process.kill()
            supervisor.process.wait()


def started(supervisors: list[Supervisor], port: int, folder: Path) -> Supervisor:
    """`console up` in a process of its own."""
    command = [sys.executable, "-c", CODE, str(port), str(folder)]
    supervisors.append(Supervisor(command, folder, UNSET))
    return supervisors[-1]


async def test_a_taken_port_is_said_before_anything_starts(supervisors: list[Supervisor], tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        supervisor = started(supervisors, port, tmp_path / "data")
        assert await supervisor.ends() == 1
    assert re.fullmatch(rf"Port {port} is in use by another program: PORT=\d+ make run\n", supervisor.said)
    assert not tmp_path.joinpath("data", "postgres").exists()


async def test_a_folder_in_use_is_said_with_the_number_of_the_process(
    supervisors: list[Supervisor], tmp_path: Path
) -> None:
    lock = FolderLock(tmp_path)
    lock.take()
    supervisor = started(supervisors, free_port(), tmp_path)
    assert await supervisor.ends() == 1
    lock.leave()
    assert (
        supervisor.said == f"The folder {tmp_path} is in use by another process (pid {os.getpid()}): stop that first.\n"
    )


@pytest.mark.skipif(find_spec("console.cli") is None, reason="the command itself isn't there yet")
async def test_everything_comes_up_survives_and_goes_and_is_the_same_next_time(
    supervisors: list[Supervisor], tmp_path: Path
) -> None:
    port = free_port()
    supervisor = started(supervisors, port, tmp_path)
    await supervisor.says("The console is at .*", 60)
    first = await supervisor.says(r"(Sign in as [\s\S]*?)\n  Ctrl-C")
    assert _ready(port)
    os.kill(int(tmp_path.joinpath("postgres/data/postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    await supervisor.says("PostgreSQL is back")
    await until(lambda: _ready(port), 20)
    pids = [supervisor.pid(name) for name in ("web", "worker", "simulator")]
    assert await supervisor.stops(signal.SIGINT) < 5
    assert supervisor.process.returncode == 0
    assert not any(map(lives, pids))
    assert not working_in(tmp_path / "postgres" / "data", "postgres")
    assert is_free(port)

    again = started(supervisors, port, tmp_path)
    await again.says("The console is at .*", 60)
    assert await again.says(r"(Sign in as [\s\S]*?)\n  Ctrl-C") == first
    await again.stops(signal.SIGTERM)


def _ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/health/ready", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
