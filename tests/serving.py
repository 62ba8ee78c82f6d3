"""The web server for tests: uvicorn on a free port of this machine, in the test's own loop."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import websockets
from litestar import Litestar
from litestar.di import Provide
from msgspec import Struct

from console.app import create_app
from console.members.entering import enter
from console.members.signing_in import SignIn, enter_by_password, entered, user_of
from console.sessions.rules import cookie_name
from console.settings import Settings
from console.store.database import Database
from console.users.reads import by_name
from console.watchdog import Stack, Watchdog, culprit, is_ours
from console.web import server_for
from tests.cast import PASSWORD
from tests.machine_speed import slowness

HELD_SECONDS = 0.05  # of processor time, of a machine that works as fast as usual
TURNING = frozenset({"_run", "_run_once", "run_forever", "run_until_complete", "run"})  # of the event loop itself
STARTING = frozenset({"create_app", "api_routes", "server_for", "startup", "lifespan", "watched"})

MOST_IDLE = 3
_idle: list[tuple[Settings, Litestar]] = []


def client(address: str, headers: dict[str, str]) -> httpx.AsyncClient:
    """A client that waits as long as a busy machine takes, and loads no certificates: that takes 50 ms each time.

    It uses no connection again that the server may be closing just then, because it was idle.
    """
    limits = httpx.Limits(keepalive_expiry=2)
    return httpx.AsyncClient(
        base_url=address, headers=headers, trust_env=False, verify=False, timeout=60, limits=limits
    )


class Served(Struct, frozen=True):
    """A web server that answers at `address`, and the application behind it."""

    address: str
    app: Litestar

    @property
    def watchdog(self) -> Watchdog:
        """Of the server's event loop."""
        found: Watchdog = self.app.state.watchdog
        return found

    @property
    def db(self) -> Database:
        """The application's own database."""
        given = self.app.dependencies["db"]
        assert isinstance(given, Provide)
        found: Database = given.dependency()
        return found

    def program(self, key: str) -> httpx.AsyncClient:
        """A program with an API key."""
        return client(self.address + "/api/v1", {"X-API-Key": key})

    def stranger(self) -> httpx.AsyncClient:
        """Somebody who is not signed in."""
        return client(self.address, {"Origin": self.address})

    @asynccontextmanager
    async def signed_in(self, name: str) -> AsyncIterator[httpx.AsyncClient]:
        """A browser with a session, whose user's password nobody asked for: that takes 30 ms of processor time."""
        host = httpx.URL(self.address).host
        domain = host if "." in host else f"{host}.local"  # as the client names it of a cookie that names none
        cookie = cookie_name(secure=self.app.state.settings.secure_cookies)
        async with self.stranger() as browser:
            browser.cookies.set(cookie, await self.session_of(name), domain=domain)
            yield browser

    @asynccontextmanager
    async def signed_in_by_password(self, name: str) -> AsyncIterator[httpx.AsyncClient]:
        """A browser that has signed in by the form: its device is known, and its tries are counted."""
        async with self.stranger() as browser:
            answer = await browser.post("/sign-in", data={"name": name, "password": PASSWORD})
            assert answer.status_code == 303, answer.text
            yield browser

    async def session_of(self, name: str) -> str:
        """The id of a new session of this user, begun as by the right password."""
        now, agent = datetime.now(UTC), "python-httpx"
        async with self.db.reading() as reading:
            known = await by_name(reading, name)
        assert known is not None, name
        asked = SignIn(name=name, password=PASSWORD, address="127.0.0.1", network="127.0.0.1", agent=agent)
        return await enter_by_password(self.db, known, asked, now, await entered(self.db, user_of(known), now), enter)

    def stream(self, key: str, query: str = "") -> Any:
        """A program's live connection; `async with` it."""
        address = self.address.replace("http", "ws", 1) + "/api/v1/stream" + query
        return websockets.connect(address, additional_headers={"X-API-Key": key}, proxy=None)

    def page_socket(self, browser: httpx.AsyncClient, query: str, origin: str | None = None) -> Any:
        """A browser's live connection; `async with` it."""
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        address = self.address.replace("http", "ws", 1) + "/live" + query
        headers = {"Cookie": cookies}
        return websockets.connect(
            address, additional_headers=headers, origin=websockets.Origin(origin or self.address), proxy=None
        )


async def close_code(socket: Any, seconds: float = 20) -> int | None:
    """The code that the server closes this socket with; None if it stays open for so long.

    What arrives meanwhile is read: a client that doesn't sees no end behind the messages that it has not taken.
    """
    try:
        async with asyncio.timeout(seconds):
            while True:
                await socket.recv()
    except TimeoutError:
        return None
    except websockets.ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 1006


@contextmanager
def application(settings: Settings) -> Iterator[Litestar]:
    """An application that nobody else uses until the block ends.

    One that has served these settings before is taken up again: to make one costs 300 ms, to start it a hundredth.
    """
    found = next((one for one in _idle if one[0] == settings), None) or (settings, create_app(settings))
    if found in _idle:
        _idle.remove(found)
    try:
        yield found[1]
    finally:
        _idle[:] = [*_idle[-(MOST_IDLE - 1) :], found]


@asynccontextmanager
async def serving(settings: Settings, port: int = 0, ws: str | None = None) -> AsyncIterator[Served]:
    """Serve until the block ends; `ws` names another WebSocket protocol than our own."""
    # Of the protocol by name: asyncio sets TCP_NODELAY for no other, and each answer would wait for an ACK of 40 ms.
    with socket.socket(proto=socket.IPPROTO_TCP) as listening, application(settings) as app:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        server = server_for(app, "127.0.0.1", listening.getsockname()[1], ws=ws)
        task = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:
            await asyncio.sleep(0.01)
            if task.done():
                task.result()
        watchdog = app.state.watchdog
        try:
            yield Served(f"http://127.0.0.1:{listening.getsockname()[1]}", app)
        finally:
            server.should_exit = True
            await task
            check_turns(watchdog)


def check_turns(watchdog: Watchdog) -> None:
    """Fail the test if the application has held the event loop: other clients would have waited meanwhile."""
    if held_turns(watchdog):
        held = held_turns(watchdog, HELD_SECONDS * slowness())
        assert not held, held


def held_turns(watchdog: Watchdog, least: float = HELD_SECONDS) -> list[str]:
    """The turns in which the application worked for so many seconds or more, each with where it was.

    Tests and application share a loop: of a turn only the part counts in which the application was seen at work, and
    not what the tests keep in memory and the garbage collector looks through.
    """
    found = []
    for turn in watchdog.long_turns:
        at_work = [stack for stack in turn.stacks if is_applications(stack)]
        seconds = (turn.seconds - turn.collecting_seconds) * len(at_work) / max(1, len(turn.stacks))
        if seconds >= least:
            found.append(f"held for {seconds * 1000:.0f} ms in {culprit(at_work[len(at_work) // 2])}")
    return found


def is_applications(stack: Stack) -> bool:
    """Whether this is the application serving: not a test that calls its functions, and not its start."""
    loop = max((at for at, (file, _, name) in enumerate(stack) if name in TURNING and "/asyncio/" in file), default=-1)
    files = [file for file, _, _ in stack[loop + 1 :]]
    ours = any(is_ours(file) and not file.endswith("/console/watchdog.py") for file in files)
    tests = any("/tests/" in file or "_pytest" in file for file in files)
    return ours and not tests and not any(function in STARTING for _, _, function in stack)
