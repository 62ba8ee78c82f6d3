"""The installation that is cut: database, Redis, two web processes behind a proxy, and a worker that changes things."""

import asyncio
import contextlib
import os
import random
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from redis.exceptions import RedisError

from console.settings import Settings
from console.store.database import Database
from console.trial import ValkeyServer
from console.trial.logfile import LogFile
from console.trial.ports import free_port
from console.trial.process import Process
from tests.cutting.proxy import Proxy
from tests.cutting.truth import committed_by_now

START_SECONDS = 30.0
NEWS_SECONDS = 10.0


class Program:
    """A process of the console that can be ended and begun again."""

    def __init__(self, name: str, folder: Path, settings: Settings, *command: str) -> None:
        self.name = name
        self.log = LogFile(folder / f"{name}.log")
        self.restarting = False
        self._command = (sys.executable, "-m", *command)
        self._environment = {
            **os.environ,
            "DATABASE_URL": settings.database_url,
            "REDIS_URL": settings.redis_url,
            "SECRET_KEY": settings.secret_key,
            "LOG_LEVEL": "WARNING",
        }
        self._process: Process | None = None

    def start(self) -> None:
        """Start it."""
        self._process = Process(self._command, self.log, gently=signal.SIGTERM, environment=self._environment)

    @property
    def up(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.code is None

    def send(self, word: signal.Signals) -> None:
        """Send it a signal."""
        if self._process is not None:
            self._process.send(word)

    async def ended(self, within: float) -> bool:
        """Whether it has ended within so many seconds."""
        return self._process is None or await self._process.ended(within)

    async def stop(self) -> None:
        """End it in good order, or firmly."""
        if self._process is not None:
            await self._process.stop(((signal.SIGTERM, 8.0),))


class Web(Program):
    """A web process on a port of its own."""

    def __init__(self, number: int, folder: Path, settings: Settings) -> None:
        self.port = free_port()
        super().__init__(f"web-{number}", folder, settings, "console", "web", "--port", str(self.port))

    @property
    def address(self) -> str:
        """Where it answers itself, past the proxy."""
        return f"http://127.0.0.1:{self.port}"

    async def ready(self) -> None:
        """Return when it answers."""
        async with asyncio.timeout(START_SECONDS), httpx.AsyncClient(base_url=self.address, trust_env=False) as client:
            while True:
                with contextlib.suppress(httpx.TransportError):
                    if (await client.get("/health/live")).is_success:
                        return
                assert self.up, self.log.tail()
                await asyncio.sleep(0.05)


class Installation:
    """Everything that can be cut."""

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        db: Database,
        valkey: ValkeyServer,
        organizations: Sequence[int],
        chance: random.Random,
        a_second: float,
    ) -> None:
        """`settings` name this very Valkey, which must be no one else's."""
        numbers = [str(number) for number in organizations]
        options = ("--organizations", *numbers, "--a-second", str(a_second))
        self.db = db
        self.valkey = valkey
        self.webs = [Web(number, folder, settings) for number in (1, 2)]
        self.changer = Program("changer", folder, settings, "tests.cutting.changing", *options)
        self.proxy = Proxy([web.port for web in self.webs], chance)
        self.chance = chance
        self.redis_died_at = float("-inf")  # monotonic
        self._mending: set[asyncio.Task[None]] = set()
        self._unmended: list[str] = []  # why something that was cut does not stand again

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Web processes and proxy stand; the worker is for the block to start."""
        try:
            for web in self.webs:
                web.start()
            await self.proxy.start()
            await asyncio.gather(*(web.ready() for web in self.webs))
            yield
        finally:
            await self.mended()
            await self.proxy.stop()
            await asyncio.gather(*(program.stop() for program in (*self.webs, self.changer)))

    def mend(self, work: Coroutine[Any, Any, None]) -> None:
        """Let this be mended, without waiting for it."""
        task = asyncio.create_task(work)
        self._mending.add(task)
        task.add_done_callback(self._mended)

    def _mended(self, task: asyncio.Task[None]) -> None:
        self._mending.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._unmended.append(repr(error))

    async def mended(self) -> None:
        """Return when everything that was cut stands again."""
        while self._mending:
            await asyncio.wait(self._mending)

    async def changing(self) -> None:
        """Return when the worker has committed something."""
        before = await committed_by_now(self.db)
        async with asyncio.timeout(START_SECONDS):
            while await committed_by_now(self.db) == before:  # noqa: ASYNC110
                await asyncio.sleep(0.1)

    def fallen(self) -> list[str]:
        """Programs that have ended though nobody ended them, with their last words; and what could not be mended."""
        down = [one for one in (*self.webs, self.changer) if not (one.up or one.restarting)]
        return [*self._unmended, *(f"{one.name} has ended: {one.log.tail()}" for one in down)]

    def last_words(self) -> list[str]:
        """The end of the log of each program."""
        return [f"{one.name} wrote: {one.log.tail()}" for one in (*self.webs, self.changer)]

    async def again(self, program: Program, end: Callable[[], None], patience: float = 10.0) -> None:
        """End a program in this way, and start it again when it has ended."""
        program.restarting = True
        try:
            end()
            if not await program.ended(patience):
                raise AssertionError(f"it did not end: {program.log.tail()}")
            program.start()
            if isinstance(program, Web):
                await program.ready()
            else:
                await self.changing()
        finally:
            program.restarting = False

    async def redis_again(self, pause: float, *, keeping: bool) -> None:
        """Redis dies without a word, and comes back: with what it knew a moment ago, or with nothing."""
        kept = self.valkey.folder / "dump.rdb"
        kept.unlink(missing_ok=True)
        if keeping:
            with contextlib.suppress(RedisError, OSError):
                await self.db.redis.save()
            await asyncio.sleep(0.1)  # what is published now is forgotten
        self.redis_died_at = time.monotonic()
        self.valkey.kill()
        await asyncio.sleep(pause)
        await self.valkey.start()

    def redis_died_lately(self) -> bool:
        """Whether not every web process may know of it yet."""
        return time.monotonic() - self.redis_died_at < NEWS_SECONDS
