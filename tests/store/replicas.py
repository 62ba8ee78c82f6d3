"""A streaming replica of the tests' PostgreSQL, on this machine."""

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
from sqlalchemy.engine import make_url

from console.trial import PostgresServer
from console.trial.cluster import clean_environment
from console.trial.folder import make_folder
from console.trial.logfile import LogFile
from console.trial.process import Process
from console.trial.programs import installed
from console.trial.run_as import run_as


async def run_program(program: str, *arguments: str, log: LogFile, password: str = "") -> str:
    """Run one of PostgreSQL's programs as the user that its servers run as; what it said. Fails if it fails."""
    programs = installed()
    who = run_as()
    environment = {**clean_environment(), "PGPASSWORD": password}
    process = Process(
        (*who.before, programs.command(program), *arguments),
        log,
        gently=signal.SIGKILL,
        user=who.user,
        environment=environment,
    )
    assert await process.ended(60.0)
    assert process.code == 0, log.tail()
    return log.tail()


def place_of(url: str) -> tuple[str, ...]:
    """The arguments by which PostgreSQL's programs find the server of this address."""
    parts = make_url(url)
    return ("-h", str(parts.host), "-p", str(parts.port), "-U", str(parts.username))


def plain_address(url: str) -> str:
    """An address as asyncpg takes it."""
    return url.replace("+asyncpg", "")


@asynccontextmanager
async def replica_of(url: str, folder: Path, *, name: str = "replica") -> AsyncIterator[PostgresServer]:
    """A started replica of the server of this address, asynchronous unless that server waits for `name`."""
    password = str(make_url(url).password)
    make_folder(folder)
    data = folder / "data"
    await run_program(
        "pg_basebackup",
        *("-D", str(data), "-R", "-X", "stream", "-c", "fast", "--no-sync"),
        *("-d", f"application_name={name}", *place_of(url)),
        log=LogFile(folder / "basebackup.log"),
        password=password,
    )
    write_secret(folder / "password", password)
    server = PostgresServer(folder, durable=False)
    try:
        await server.start()
        yield server
    finally:
        await server.stop(2.0)
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def write_secret(path: Path, secret: str) -> None:
    """A file that only its owner can read."""
    path.touch(mode=0o600)
    path.write_text(f"{secret}\n")


async def ask(url: str, sql: str) -> object:
    """The first value of an answer of the server of this address."""
    connection = await asyncpg.connect(plain_address(url), ssl=False)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()
