"""The servers that are compared, each one process, and the processes whose processor time is counted beside theirs."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path

from filling import connected
from installation import Installation
from measuring import say
from processes import free_port, program_process
from servers import Served, web_server

from console.http.windows import TAKE

HERE = Path(__file__).parent
KEPT = Path.home() / ".cache/sim-console/bench-fastapi"
DONE = KEPT / "done"
SAME = ("sqlalchemy", "asyncpg", "uvicorn", "uvloop", "httptools", "redis")
Start = Callable[[Installation], AbstractAsyncContextManager[Served]]


@asynccontextmanager
async def _served(python: str, file: str, environment: Mapping[str, str]) -> AsyncIterator[Served]:
    port = free_port()
    async with program_process(python, str(HERE / file), str(port), environment=environment) as process:
        async with asyncio.timeout(30):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    assert process.returncode is None, f"{file} did not start"
                    await asyncio.sleep(0.05)
                else:
                    writer.close()
                    break
        yield Served(f"http://127.0.0.1:{port}", process.pid)


def floor(installation: Installation) -> AbstractAsyncContextManager[Served]:
    """A bare application on uvicorn with asyncpg."""
    return _served(sys.executable, "floor.py", installation.environment)


def fastapi(installation: Installation) -> AbstractAsyncContextManager[Served]:
    """FastAPI, in the environment that `prepared` has made."""
    return _served(str(KEPT / "bin/python"), "fastapi_peer.py", {**installation.environment, "TAKE": TAKE})


def prepared() -> None:
    """Make FastAPI's environment, once for all runs; without it, it is not compared."""
    if DONE.exists():
        return
    python = str(KEPT / "bin/python")
    pip = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-input"]
    try:
        for command in (
            [sys.executable, "-m", "venv", "--clear", str(KEPT)],
            [*pip, "fastapi", "greenlet", *(f"{name}=={version(name)}" for name in SAME)],
        ):
            subprocess.run(command, check=True, timeout=300, stdout=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError) as error:
        say(f"api: FastAPI is absent: {error}")
    else:
        DONE.touch()


@asynccontextmanager
async def compared(installation: Installation, other: Path | None) -> AsyncIterator[dict[str, Served]]:
    """The console, the floor and, where it can be had, FastAPI; by name. `other`: a checkout of another revision."""
    kinds: dict[str, Start] = {"console": web_server, "floor": floor}
    if other is not None:
        kinds["other"] = partial(web_server, checkout=other)
    if DONE.exists():
        kinds["fastapi"] = fastapi
    async with AsyncExitStack() as stack:
        yield {name: await stack.enter_async_context(start(installation)) for name, start in kinds.items()}


async def beside(installation: Installation) -> tuple[int, int]:
    """The numbers of PostgreSQL's first process and of Valkey's."""
    connection = await connected(installation)
    try:
        backend = await connection.fetchval("SELECT pg_backend_pid()")
        postgres = _parent(backend)
    finally:
        await connection.close()
    info = await installation.db.redis.info("server")
    return postgres, int(info["process_id"])


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[1])
