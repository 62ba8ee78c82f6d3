"""The supervisor starts everything in order, mends what dies, and leaves nothing behind."""

import os
import signal
import sys
from typing import Any

import pytest

from console.trial.ports import free_port, is_free
from tests.processes import lives, until
from tests.trial.up.conftest import Begun

pytestmark = pytest.mark.xdist_group("time")

UNRULY = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
)
PARENT = (
    "import subprocess, time; print('grandchild', subprocess.Popen(['sleep', '600']).pid, flush=True); time.sleep(600)"
)


def server(name: str = "web") -> dict[str, Any]:
    """A stand-in that listens on a port."""
    port = free_port()
    code = f"""
import socket
listening = socket.create_server(("127.0.0.1", {port}))
print("listening on {port}", flush=True)
while True:
    listening.accept()[0].close()
"""
    return {"name": name, "code": code, "port": port}


def one_thing(code: str, name: str = "task") -> dict[str, Any]:
    """A stand-in that does one thing and ends."""
    return {"name": name, "code": code, "once": True}


async def test_each_line_is_reported_under_the_name_of_its_program(begun: Begun) -> None:
    supervisor = begun(one_thing("print('it is done')"), server())
    await supervisor.says("all are up")
    await supervisor.says(r"task +\| it is done\n")
    await supervisor.says(r"web +\| listening on \d+\n")
    assert await supervisor.stops(signal.SIGINT) < 5


async def test_a_line_can_not_play_tricks_on_the_terminal(begun: Begun) -> None:
    supervisor = begun(one_thing(r"print('\x1b[31mred\x1b]0;title\x07 and \x08back')"), server())
    await supervisor.says(r"task +\| red\]0;title and back\n")


async def test_a_request_to_stop_stops_even_the_deaf_within_five_seconds(begun: Begun) -> None:
    supervisor = begun(server(), {"name": "deaf", "code": UNRULY})
    await supervisor.says("deaf +.*deaf")
    pids = [supervisor.pid("web"), supervisor.pid("deaf")]
    assert await supervisor.stops(signal.SIGINT) < 5
    assert supervisor.process.returncode == 0
    assert not any(map(lives, pids))


@pytest.mark.parametrize("word", [signal.SIGTERM, signal.SIGHUP])
async def test_the_end_of_the_session_is_a_request_to_stop_too(begun: Begun, word: signal.Signals) -> None:
    supervisor = begun(server())
    await supervisor.says("all are up")
    pid = supervisor.pid("web")
    assert await supervisor.stops(word) < 2
    assert supervisor.process.returncode == 0
    assert not lives(pid)


async def test_a_second_request_kills_at_once(begun: Begun) -> None:
    supervisor = begun({"name": "deaf", "code": UNRULY})
    await supervisor.says("deaf +.*deaf")
    pid = supervisor.pid("deaf")
    assert await supervisor.stops(signal.SIGINT, signal.SIGINT, apart=0.7) < 1.7
    assert supervisor.process.returncode == 130
    assert not lives(pid)


async def test_one_request_that_arrives_twice_is_still_one(begun: Begun) -> None:
    supervisor = begun({"name": "slow", "code": UNRULY.replace("SIG_IGN", "lambda *_: (time.sleep(1.5), exit())")})
    await supervisor.says("slow +.*deaf")
    await supervisor.stops(signal.SIGINT, signal.SIGTERM, apart=0.05)
    assert supervisor.process.returncode == 0


async def test_what_a_program_has_started_goes_with_it(begun: Begun) -> None:
    supervisor = begun({"name": "parent", "code": PARENT})
    grandchild = int(await supervisor.says(r"grandchild (\d+)"))
    await supervisor.stops(signal.SIGINT)
    await until(lambda: not lives(grandchild))


async def test_a_killed_program_is_started_again(begun: Begun) -> None:
    web = server()
    supervisor = begun(web)
    await supervisor.says("all are up")
    first = supervisor.pid("web")
    os.kill(first, signal.SIGKILL)
    await supervisor.says("Web ended by SIGKILL; starting it again")
    await supervisor.says("Web is back")
    assert supervisor.pid("web") != first
    assert not is_free(web["port"])


async def test_three_deaths_within_a_minute_stop_all_and_the_reason_is_reported(begun: Begun) -> None:
    supervisor = begun(server(), {"name": "worker", "code": "print('no luck today', flush=True); raise SystemExit(3)"})
    other = None
    await supervisor.says("all are up")
    other = supervisor.pid("web")
    assert await supervisor.ends() == 1
    await supervisor.says(r"Worker ended 3 times within a minute, last with exit code 3:\n +no luck today\n")
    assert not lives(other)


async def test_a_program_that_fails_at_its_start_stops_the_start(begun: Begun) -> None:
    supervisor = begun(server(), one_thing("print('the reason'); raise SystemExit(2)"), server("later"))
    assert await supervisor.ends() == 1
    await supervisor.says(r"Task failed with exit code 2:\n +the reason\n")
    assert "later" not in supervisor.said.lower()


async def test_a_program_that_never_gets_ready_is_given_up(begun: Begun) -> None:
    supervisor = begun({"name": "mute", "code": "import time; time.sleep(60)", "port": free_port(), "within": 0.5})
    assert await supervisor.ends() == 1
    await supervisor.says("Mute took longer than 0.5 s")


async def test_a_start_can_be_stopped_half_way(begun: Begun) -> None:
    supervisor = begun(server(), {"name": "mute", "code": "import time; time.sleep(60)", "port": free_port()})
    await until(lambda: "web" in supervisor.said.lower())
    await until(lambda: _known(supervisor, "mute"))
    pids = [supervisor.pid("web"), supervisor.pid("mute")]
    assert await supervisor.stops(signal.SIGINT) < 5
    assert not any(map(lives, pids))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a process to its parent")
async def test_programs_end_with_a_killed_supervisor(begun: Begun) -> None:
    supervisor = begun(server())
    await supervisor.says("all are up")
    pid = supervisor.pid("web")
    supervisor.process.kill()
    await until(lambda: not lives(pid))


async def test_a_deaf_program_of_a_killed_supervisor_is_ended_at_the_next_start(begun: Begun) -> None:
    supervisor = begun({"name": "deaf", "code": UNRULY})
    await supervisor.says("deaf +.*deaf")
    pid = supervisor.pid("deaf")
    supervisor.process.kill()
    await begun(server()).says("left behind: deaf")
    assert not lives(pid)


async def test_killed_databases_are_back_where_they_were(begun: Begun) -> None:
    supervisor = begun({"name": "postgres"}, {"name": "valkey"}, server())
    await supervisor.says("all are up")
    for name, program, folder in (("PostgreSQL", "postgres", "data"), ("Valkey", "valkey", "")):
        port = int(await supervisor.says(rf"{program} is at \S+:(\d+)/"))
        home = supervisor.folder / program / folder
        os.kill(_server(home, program), signal.SIGKILL)
        await supervisor.says(f"{name} ended by SIGKILL")
        await supervisor.says(f"{name} is back")
        assert not is_free(port)
    assert await supervisor.stops(signal.SIGINT) < 5
    assert supervisor.process.returncode == 0


def _server(home: Any, program: str) -> int:
    from console.trial.orphans import working_in

    if program == "postgres":
        return int(home.joinpath("postmaster.pid").read_text().split()[0])
    return working_in(home, "valkey-server")[0]


def _known(supervisor: Any, name: str) -> bool:
    try:
        return bool(supervisor.pid(name))
    except (StopIteration, OSError, ValueError):
        return False
