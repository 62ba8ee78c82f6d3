"""The receiver, in a process of its own: compiled if there is a compiler, and asked for what has come."""

import asyncio
import shutil
import subprocess
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

from msgspec import Struct, convert
from processes import printed_json, program_process

HERE = Path(__file__).parent


class Marked(Struct, frozen=True, kw_only=True):
    """What has come since the mark before: `receiver.c` says what each number is."""

    facts: int
    least: int
    most: int
    others: int
    closed: int
    aged: int
    p50_us: int
    p95_us: int
    p99_us: int
    most_us: int

    def spread(self) -> dict[str, float]:
        """The age of the messages, in milliseconds."""
        ages = {"p50_ms": self.p50_us, "p95_ms": self.p95_us, "p99_ms": self.p99_us, "p100_ms": self.most_us}
        return {name: round(us / 1000, 2) for name, us in ages.items()}


@cache
def compiled(name: str, folder: Path) -> tuple[str, ...] | None:
    """The command of a C program of this folder, compiled into another; None without a compiler."""
    if (compiler := shutil.which("cc")) is None:
        return None
    program = folder / name
    command = [compiler, "-O2", "-o", str(program), str(HERE / f"{name}.c")]
    return (str(program),) if subprocess.run(command, check=False, timeout=60).returncode == 0 else None


class Receiver:
    """So many open sockets."""

    def __init__(self, process: Process, sockets: int, port: int) -> None:
        self.sockets = sockets
        self.pid = process.pid
        self._process = process
        self._port = port

    async def mark(self) -> Marked:
        """What has come since the last mark; begin anew."""
        return convert(await printed_json(self._process, "mark"), Marked)

    async def received(self, facts: int, seconds: float = 15.0, *, more: bool = False) -> Marked:
        """What has come since the last mark, once each socket has received so many facts; raises if one does not.

        `more`: others than those that are counted here publish too.
        """
        for _ in range(round(seconds / 0.1)):
            found = convert(await printed_json(self._process, "look"), Marked)
            if (found.least if more else found.facts // self.sockets) >= facts or found.closed:
                break
            await asyncio.sleep(0.1)
        found = await self.mark()
        if more and found.least >= facts and not found.closed:
            return found
        if not found.least == facts == found.most or found.facts != facts * self.sockets:
            raise RuntimeError(f"sent {facts} facts to {self.sockets} sockets of port {self._port}, received {found}")
        return found


@asynccontextmanager
async def receiving(
    port: int, path: str, sockets: int, folder: Path, headers: Path | None = None
) -> AsyncIterator[Receiver]:
    """So many sockets, open until the block ends."""
    program = compiled("receiver", folder) or (sys.executable, str(HERE / "receiver.py"))
    async with program_process(*program, str(port), path, str(headers or "-"), str(sockets)) as process:
        async with asyncio.timeout(max(60, sockets / 20)):
            await printed_json(process)
        yield Receiver(process, sockets, port)
