"""A Valkey of our own, which speaks Redis: it keeps everything in memory and forgets it when it stops."""

import asyncio
import signal
from pathlib import Path

from console.trial.faults import EmbeddedFault, explained
from console.trial.folder import FolderLock
from console.trial.folder import make_folder as folder_made
from console.trial.logfile import LogFile
from console.trial.orphans import reap
from console.trial.ports import HOST, free_port
from console.trial.process import Process
from console.trial.programs import valkey
from console.trial.secrets_file import secret_of

_PATIENCE_SECONDS = 120.0
_ATTEMPTS = 20


class ValkeyServer:
    """One Valkey in one folder. It keeps its port over restarts, so that its clients find it again."""

    name, title = "valkey", "Valkey"

    def __init__(self, folder: Path, *, port: int | None = None) -> None:
        """Without a port it chooses a free one."""
        self.folder = folder.absolute()
        self.log = LogFile(self.folder / "server.log")
        self.port = port
        self._password = ""
        self._lock = FolderLock(self.folder)
        self._process: Process | None = None

    @property
    def url(self) -> str:
        """The REDIS_URL of this server, once it has been started."""
        return f"redis://:{self._password}@{HOST}:{self.port}/0"

    @property
    def process(self) -> Process | None:
        """The server's process, if it was started and not stopped."""
        return self._process

    @property
    def pid(self) -> int | None:
        """The number of the server's process, if it was started and not stopped."""
        return None if self._process is None else self._process.pid

    async def wait(self) -> None:
        """Return when the server's process has ended, whoever ended it; at once if none was started."""
        if self._process is not None:
            await self._process.ended()

    async def start(self) -> str:
        """Start it and give the REDIS_URL; an EmbeddedFault says in one sentence why it can't start.

        What a killed run left in the folder is ended first.
        """
        if self._process is not None and self._process.up:
            return self.url
        await self.wait()  # one that was just killed has not ended yet
        folder_made(self.folder)
        self._lock.acquire()
        try:
            self._password = secret_of(self.folder / "password")
            await reap(self.folder, "valkey-server")
            await self._launch(valkey())
        except BaseException:
            self.kill()
            self._lock.release()
            raise
        return self.url

    async def stop(self, seconds: float = 5.0) -> None:
        """Stop it, firmly if it takes longer than so many seconds."""
        if self._process is not None:
            await self._process.stop(((signal.SIGTERM, seconds),))
        self._process = None
        self._lock.release()

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()

    async def _launch(self, program: Path) -> None:
        fixed = self.port
        for _ in range(_ATTEMPTS):
            self.port = fixed or free_port()
            configuration = f"requirepass {self._password}\n".encode()
            self._process = Process(
                (str(program), "-", *self._arguments()), self.log, gently=signal.SIGTERM, entered=configuration
            )
            if await self._ready(self._process):
                return
            if "Address already in use" not in self.log.tail():
                break
            await asyncio.sleep(0.3 if fixed else 0)
        raise explained(self.title, self.folder, self.log.tail())

    def _arguments(self) -> list[str]:
        # "noeviction": a queue that loses jobs in silence when memory runs out is worse than one that says no.
        memory = ("--save", "", "--appendonly", "no", "--maxmemory", "512mb", "--maxmemory-policy", "noeviction")
        plain = ("--dir", str(self.folder), "--loglevel", "warning", "--set-proc-title", "no")
        return ["--bind", HOST, "--port", str(self.port), *memory, *plain]

    async def _ready(self, process: Process) -> bool:
        clock = asyncio.get_running_loop().time
        until = clock() + _PATIENCE_SECONDS
        while process.code is None:
            if await _answers(self.port or 0, self._password):
                # Someone else may answer on a port that was taken just before us; then ours has ended meanwhile.
                await asyncio.sleep(0.01)
                return process.code is None
            if clock() > until:
                raise EmbeddedFault(f"Valkey in {self.folder} wasn't ready within {_PATIENCE_SECONDS:.0f} s.")
            await asyncio.sleep(0.01)
        return False


async def _answers(port: int, password: str) -> bool:
    try:
        async with asyncio.timeout(1.0):
            reader, writer = await asyncio.open_connection(HOST, port)
            try:
                writer.write(f"AUTH {password}\r\nPING\r\n".encode())
                return await reader.readline() == b"+OK\r\n" and await reader.readline() == b"+PONG\r\n"
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
