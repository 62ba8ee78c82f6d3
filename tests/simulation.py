"""The simulated 1NCE for tests: its own process, on a free port, standing still until a test moves it."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

FLEET = 120  # SIMs of the one that tests share: two pages of the inventory
READY = re.compile(rb"listening on (http://[\d.:]+)/management-api")


class Simulation:
    """A running simulation: `base_url` for the console, `set` and `ask` for the test."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.base_url = address + "/management-api"
        self._client = httpx.AsyncClient(base_url=address, trust_env=False, timeout=20)

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """What the control endpoint answers; the test fails when it refuses."""
        answer = await self._client.request(method, f"/_sim/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    async def set(self, iccid: str, **fields: Any) -> Any:
        """Change one SIM."""
        return await self.ask("POST", f"sims/{iccid}", fields)

    async def iccids(self) -> list[str]:
        """The fleet's ICCIDs."""
        return [one["iccid"] for one in await self.ask("GET", "sims?page=1&size=1000")]

    async def close(self) -> None:
        """Let go of the connection."""
        await self._client.aclose()


@asynccontextmanager
async def simulated(*, sims: int, seed: int, rate: int = 0, still: bool = True) -> AsyncIterator[Simulation]:
    """Run one until the block ends."""
    command = [sys.executable, "-m", "simulator", "--port", "0", "--sims", str(sims), "--seed", str(seed)]
    command += ["--rate", str(rate), *(["--still"] if still else [])]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 20)
    found = READY.search(line)
    assert found, line
    simulation = Simulation(found[1].decode())
    try:
        yield simulation
    finally:
        await simulation.close()
        process.terminate()
        await process.wait()
