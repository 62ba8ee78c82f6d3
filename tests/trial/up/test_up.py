"""`console up` as a person starts it."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
import pytest

from console.trial.environment import kept_for_commands
from console.trial.folder import FolderLock
from console.trial.orphans import working_in
from console.trial.ports import HOST, free_port, is_free
from tests.processes import lives, until
from tests.trial.up.conftest import Supervisor

pytestmark = pytest.mark.xdist_group("time")

CODE = """
import asyncio, sys
from console.trial.options import UpOptions
from console.trial.plan import up
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


def started(supervisors: list[Supervisor], port: int, folder: Path, **settings: str) -> Supervisor:
    """`console up` in a process of its own."""
    command = [sys.executable, "-c", CODE, str(port), str(folder)]
    supervisors.append(Supervisor(command, folder, {**UNSET, **settings}))
    return supervisors[-1]


async def test_a_taken_port_is_said_before_anything_starts(supervisors: list[Supervisor], tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        supervisor = started(supervisors, port, tmp_path / "data")
        assert await supervisor.ends() == 1
    assert re.fullmatch(
        rf"Port {port} is in use by another program: choose another with PORT=\d+ make run\n", supervisor.said
    )
    assert not tmp_path.joinpath("data", "postgres").exists()


async def test_a_folder_in_use_is_said_with_the_number_of_the_process(
    supervisors: list[Supervisor], tmp_path: Path
) -> None:
    lock = FolderLock(tmp_path)
    lock.acquire()
    supervisor = started(supervisors, free_port(), tmp_path)
    assert await supervisor.ends() == 1
    lock.release()
    assert (
        supervisor.said == f"The folder {tmp_path} is in use by another process (pid {os.getpid()}): stop that first.\n"
    )


async def test_a_real_account_is_kept_out_of_the_simulated_data(supervisors: list[Supervisor], tmp_path: Path) -> None:
    tmp_path.joinpath("sign_ins.json").touch()
    supervisor = started(supervisors, free_port(), tmp_path, ONCE_CLIENT_ID="them", ONCE_CLIENT_SECRET="theirs")
    assert await supervisor.ends() == 1
    assert re.fullmatch(r"The data in \S+ is that of the simulated 1NCE: .*--data \.data-real\n", supervisor.said)
    assert not tmp_path.joinpath("postgres").exists()


async def test_a_real_account_gets_no_demo_but_a_command_that_makes_the_first_user(
    supervisors: list[Supervisor], tmp_path: Path
) -> None:
    # Port 9 stands for a 1NCE that can't be reached: nothing of this may need it.
    account = {"ONCE_CLIENT_ID": "them", "ONCE_CLIENT_SECRET": "theirs", "ONCE_BASE_URL": f"http://{HOST}:9"}
    supervisor = started(supervisors, free_port(), tmp_path, **account)
    command = await supervisor.says(r"make a user:\n +(.*) NAME", 60)
    assert "Sign in as" not in supervisor.said
    assert "://console_app" not in supervisor.said, "no password stands on the screen"
    maker = await asyncio.create_subprocess_shell(f"{command} ada --role admin", stdin=subprocess.PIPE)
    await maker.communicate(b"a long password\n")
    assert maker.returncode == 0
    url = kept_for_commands(tmp_path)["DATABASE_URL"]
    connection = await asyncpg.connect(url.replace("+asyncpg", ""), ssl=False)
    assert await connection.fetch("SELECT slug, once_client_id FROM organizations") == [("main", "them")]
    await connection.close()
    await supervisor.stops(signal.SIGTERM)


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
