"""The servers that a benchmark measures or needs: the web server, and a simulated 1NCE."""

import asyncio
import re
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from installation import Installation
from msgspec import Struct
from processes import ROOT, free_port, printed_line, program_process, python_process

ONCE_READY = re.compile(rb"listening on (http://[\d.:]+/management-api)")


@asynccontextmanager
async def simulated_once(*, sims: int, rate: float) -> AsyncIterator[str]:
    """A simulated 1NCE whose fleet stands still and which allows so many calls a second; its address."""
    options = ("--port", "0", "--sims", str(sims), "--seed", "1", "--rate", str(rate), "--still")
    async with python_process("-m", "simulator", *options) as process:
        found = ONCE_READY.search(await printed_line(process))
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
async def web_server(
    installation: Installation,
    checkout: Path = ROOT,
    *,
    more: Mapping[str, str] | None = None,
    log: Path | None = None,
) -> AsyncIterator[Served]:
    """The web server, ready to answer; of another checkout of the project, if one is named.

    `more`: of its environment. `log`: the file for what it logs.
    """
    port = free_port()
    command = (sys.executable, "-m", "console", "web", "--port", str(port))
    environment = {**installation.environment, "PYTHONPATH": str(checkout), **(more or {})}
    async with program_process(*command, environment=environment, folder=checkout, log=log) as process:
        served = Served(f"http://127.0.0.1:{port}", process.pid)
        await _answers(served, "/health/ready", process)
        yield served


@asynccontextmanager
async def worker(installation: Installation, *, more: Mapping[str, str], log: Path) -> AsyncIterator[Served]:
    """A worker with its schedule. Its address is that of its metrics."""
    port = free_port()
    environment = {**installation.environment, "METRICS_PORT": str(port), **more}
    command = (sys.executable, "-m", "console", "worker")
    async with program_process(*command, environment=environment, log=log) as process:
        served = Served(f"http://127.0.0.1:{port}", process.pid)
        await _answers(served, "/metrics", process)
        yield served


async def _answers(served: Served, path: str, process: Process) -> None:
    async with served.client() as client:
        while True:
            try:
                if (await client.get(path)).is_success:
                    return
            except httpx.TransportError:
                assert process.returncode is None, "the server did not start"
            await asyncio.sleep(0.05)
