"""The web server for tests: uvicorn on a free port of this machine, in the test's own loop."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import uvicorn
import websockets
from msgspec import Struct

from console.settings import Settings
from console.watchdog import Watchdog, culprit, is_ours
from console.web import server_for
from tests.cast import PASSWORD

HELD_SECONDS = 0.4  # of processor time, in a loop that the tests share; the design is 0.02, the aim here 0.05


class Served(Struct, frozen=True):
    """A web server that answers at `address`."""

    address: str

    def program(self, key: str) -> httpx.AsyncClient:
        """A program with an API key."""
        return httpx.AsyncClient(base_url=self.address + "/api/v1", headers={"X-API-Key": key}, trust_env=False)

    def stranger(self) -> httpx.AsyncClient:
        """Somebody who is not signed in."""
        return httpx.AsyncClient(base_url=self.address, trust_env=False, headers={"Origin": self.address})

    @asynccontextmanager
    async def signed_in(self, name: str) -> AsyncIterator[httpx.AsyncClient]:
        """A browser with a session."""
        async with self.stranger() as client:
            answer = await client.post("/sign-in", data={"name": name, "password": PASSWORD})
            assert answer.status_code == 303, answer.text
            yield client

    def stream(self, key: str, query: str = "") -> Any:
        """A program's live connection; `async with` it."""
        address = self.address.replace("http", "ws", 1) + "/api/v1/stream" + query
        return websockets.connect(address, additional_headers={"X-API-Key": key}, proxy=None)

    def page_socket(self, client: httpx.AsyncClient, query: str, origin: str | None = None) -> Any:
        """A browser's live connection; `async with` it."""
        cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        address = self.address.replace("http", "ws", 1) + "/live" + query
        headers = {"Cookie": cookies}
        return websockets.connect(
            address, additional_headers=headers, origin=websockets.Origin(origin or self.address), proxy=None
        )


@asynccontextmanager
async def serving(settings: Settings, port: int = 0, ws: str | None = None) -> AsyncIterator[Served]:
    """Serve until the block ends; `ws` names another WebSocket protocol than our own."""
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        server = server_for(settings, "127.0.0.1", listening.getsockname()[1], ws=ws)
        task = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:
            await asyncio.sleep(0.01)
            if task.done():
                task.result()
        try:
            yield Served(f"http://127.0.0.1:{listening.getsockname()[1]}")
        finally:
            server.should_exit = True
            await task
            check_turns(server)


def check_turns(server: uvicorn.Server) -> None:
    """Fail the test if the application has held the event loop: other clients would have waited meanwhile."""
    watchdog: Watchdog = server.config.app.state.watchdog  # type: ignore[union-attr]
    for turn in watchdog.long_turns:
        working = [file for file, _, _ in turn.stack if not file.endswith("/console/watchdog.py")]
        ours = any(map(is_ours, working)) and not any(started(*frame) for frame in turn.stack)
        seconds = turn.seconds - turn.collecting_seconds  # what the tests keep in memory is not the application's
        assert not ours or seconds < HELD_SECONDS, f"held for {seconds * 1000:.0f} ms in {culprit(turn.stack)}"


def started(file: str, _: int, function: str) -> bool:
    """Whether this frame belongs to what happens before an application serves, or to the tests' own imports."""
    return "_pytest" in file or "importlib" in file or function in {"create_app", "server_for", "startup", "lifespan"}
