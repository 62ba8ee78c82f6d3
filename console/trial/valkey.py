"""A Valkey of our own, which speaks Redis: it keeps everything in memory and forgets it when it stops."""

import asyncio
import signal
from pathlib import Path

from console.trial.faults import EmbeddedFault, explained
from console.trial.orphans import reap
from console.trial.ports import HOST, free_port
from console.trial.process import Process
from console.trial.programs import valkey
from console.trial.server import Server

_PATIENCE_SECONDS = 120.0
_ATTEMPTS = 20


class ValkeyServer(Server):
    """One Valkey in one folder. It keeps its port over restarts, so that its clients find it again."""

    name, title = "valkey", "Valkey"

    def __init__(self, folder: Path, *, port: int | None = None) -> None:
        """Without a port it chooses a free one."""
        super().__init__(folder, port)

    @property
    def url(self) -> str:
        """The REDIS_URL of this server, once it has been started."""
        return f"redis://:{self._password}@{HOST}:{self.port}/0"

    async def _begin(self) -> None:
        await reap(self.folder, "valkey-server")
        await self._launch(valkey())

    async def stop(self, seconds: float = 5.0) -> None:
        """Stop it, firmly if it takes longer than so many seconds."""
        if self._process is not None:
            await self._process.stop(((signal.SIGTERM, seconds),))
        self._process = None
        self._lock.release()

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
