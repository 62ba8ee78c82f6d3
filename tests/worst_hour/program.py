"""A process of the console that can be killed and stopped, and starts in a tenth of a second.

It is forked from a process that has imported the console already: to import it takes two seconds of a processor.
"""

import asyncio
import ctypes
import multiprocessing
import os
import runpy
import signal
import sys
from collections.abc import Mapping
from multiprocessing.context import ForkServerProcess
from pathlib import Path

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["pytest", __name__, "tests.worst_hour.imported"])
DIES_WITH_PARENT = 1  # PR_SET_PDEATHSIG


def run(command: tuple[str, ...], environment: Mapping[str, str], log: str) -> None:
    """Be `python -m command`, writing to the log, until its parent dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DIES_WITH_PARENT, int(signal.SIGKILL), 0, 0, 0)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.environ.update(environment)
    sys.argv = list(command)
    runpy.run_module(command[0], run_name="__main__", alter_sys=True)


class Program:
    """A web process or a worker."""

    def __init__(self, name: str, folder: Path, environment: Mapping[str, str], *command: str) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self.busy = False  # it is being killed, stopped or started
        self._command = command
        self._environment = dict(environment)
        self._process: ForkServerProcess | None = None

    async def start(self) -> None:
        """Start it."""
        arguments = (self._command, self._environment, str(self.log))
        self._process = CONTEXT.Process(target=run, args=arguments, name=self.name, daemon=True)
        await asyncio.to_thread(self._process.start)

    @property
    def up(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.exitcode is None

    def send(self, word: signal.Signals) -> None:
        """Send it a signal, if it runs."""
        if self._process is not None and self._process.pid is not None and self.up:
            os.kill(self._process.pid, word)

    async def kill(self) -> None:
        """End it at once, and wait until it has ended."""
        self.send(signal.SIGKILL)
        while self.up:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    def tail(self) -> str:
        """What it wrote last."""
        return self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""
