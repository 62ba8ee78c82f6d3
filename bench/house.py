"""The house that the benchmarks measure: servers and processes of its own in a passing folder, and one organization."""

import asyncio
import contextlib
import os
import re
import shutil
import socket
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
from msgspec import Struct

from console.api_keys.writes import put_key
from console.migrate import migrate
from console.organizations.rules import Role
from console.organizations.writes import put
from console.settings import Settings
from console.store.database import Database, open_database
from console.trial import PostgresServer, ValkeyServer
from console.users.writes import put_user

ROOT = Path(__file__).parent.parent
SECRET = "a-secret-key-for-benchmarks-alone-0123456789"
STREAMER = ("streamer", "streamer-password")
USER = ("ada", "correct horse battery")
ONCE_READY = re.compile(rb"listening on (http://[\d.:]+/management-api)")


class House(Struct, frozen=True, kw_only=True):
    """A migrated database with one organization `acme`, its user and an account at the simulated 1NCE."""

    settings: Settings
    db: Database
    organization_id: int

    @property
    def environment(self) -> dict[str, str]:
        """What its processes are reported."""
        known = self.settings
        return {
            "DATABASE_URL": known.database_url,
            "REDIS_URL": known.redis_url,
            "SECRET_KEY": known.secret_key,
            "LOG_LEVEL": "WARNING",
        }

    async def keys(self, number: int) -> list[str]:
        """So many API keys of the organization."""
        now = datetime.now(UTC)
        async with self.db.transaction() as transaction:
            return [
                await put_key(transaction, self.organization_id, f"program {n}", Role.VIEWER, now)
                for n in range(number)
            ]


@asynccontextmanager
async def a_house(*, once: str = "http://127.0.0.1:9/management-api", rate: float = 10.0) -> AsyncIterator[House]:
    """Make one, and take it down after the block. PostgreSQL is as durable as it is for people."""
    folder = _folder()
    postgres, valkey = PostgresServer(folder / "postgres"), ValkeyServer(folder / "valkey")
    try:
        settings = Settings(
            database_url=await postgres.start(),
            redis_url=await valkey.start(),
            secret_key=SECRET,
            once_base_url=once,
            once_requests_per_second=rate,
        )
        db = open_database(settings.database_url, settings.redis_url)
        try:
            async with db.engine.connect() as connection:
                await connection.run_sync(migrate)
            yield House(settings=settings, db=db, organization_id=await _settled(db, settings))
        finally:
            await db.close()
    finally:
        await postgres.stop(seconds=5)
        await valkey.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    folder.chmod(0o755)  # PostgreSQL does not run as root, and must get in
    return folder


async def _settled(db: Database, settings: Settings) -> int:
    now = datetime.now(UTC)
    async with db.transaction() as transaction:
        organization_id = await put(
            transaction,
            settings,
            "acme",
            "Acme",
            now,
            client_id="demo",
            client_secret="demo-secret",
            streamer_username=STREAMER[0],
            streamer_password=STREAMER[1],
        )
        await put_user(transaction, organization_id, USER[0], Role.ADMIN, USER[1], now)
    return organization_id


def a_process(
    *command: str, environment: Mapping[str, str] | None = None
) -> contextlib.AbstractAsyncContextManager[Process]:
    """Run a Python program of the project until the block ends: `"-m", "simulator"` or a file."""
    return a_program(sys.executable, *command, environment=environment)


@asynccontextmanager
async def a_program(
    *command: str, environment: Mapping[str, str] | None = None, folder: Path = ROOT, loud: bool = True
) -> AsyncIterator[Process]:
    """Run any program in this folder until the block ends. What it complains about is shown if it may be loud."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
        stdin=PIPE,
        stdout=PIPE,
        stderr=None if loud else DEVNULL,
        limit=64 * 1024 * 1024,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 10)
            except TimeoutError:
                process.kill()
                await process.wait()


async def a_line(process: Process, ask: str | None = None) -> bytes:
    """The next line that a process prints, after it has been reported something."""
    assert process.stdin is not None
    assert process.stdout is not None
    if ask is not None:
        process.stdin.write(ask.encode() + b"\n")
    line = await process.stdout.readline()
    if not line:
        raise RuntimeError(f"process {process.pid} has ended without an answer")
    return line


async def an_answer(process: Process, ask: str | None = None) -> Any:
    """The next line that a process prints, which is JSON."""
    return msgspec.json.decode(await a_line(process, ask))


@asynccontextmanager
async def a_simulated_once(*, sims: int, rate: float) -> AsyncIterator[str]:
    """A simulated 1NCE whose fleet stands still and which allows so many calls a second; its address."""
    options = ("--port", "0", "--sims", str(sims), "--seed", "1", "--rate", str(rate), "--still")
    async with a_process("-m", "simulator", *options) as process:
        found = ONCE_READY.search(await a_line(process))
        assert found is not None, "the simulated 1NCE did not say where it listens"
        yield found[1].decode()


class Served(Struct, frozen=True):
    """A web server in a process of its own."""

    address: str
    pid: int

    def client(self) -> httpx.AsyncClient:
        """A browser that comes from this server's own pages."""
        return httpx.AsyncClient(base_url=self.address, trust_env=False, timeout=30, headers={"Origin": self.address})


@asynccontextmanager
async def a_web_server(house: House) -> AsyncIterator[Served]:
    """The web server, ready to answer."""
    port = free_port()
    command = ("-m", "console", "web", "--port", str(port))
    async with a_process(*command, environment=house.environment) as process:
        served = Served(f"http://127.0.0.1:{port}", process.pid)
        async with served.client() as client:
            while True:
                try:
                    if (await client.get("/health/ready")).is_success:
                        break
                except httpx.TransportError:
                    assert process.returncode is None, "the web server did not start"
                await asyncio.sleep(0.05)
        yield served


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
