"""A program of ours that runs as a child of the supervisor, described as data and run as a process."""

import asyncio
import os
import signal
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from console.trial.logfile import LogFile
from console.trial.process import Process
from console.trial.readiness import Question
from console.trial.running_list import RunningList


class ChildFault(Exception):
    """A program of ours doesn't come up, or doesn't stay up; the text says why, with the last it wrote."""


class Child(Struct, frozen=True, kw_only=True):
    """What to run, and how one sees that it is ready."""

    name: str
    title: str
    command: tuple[str, ...]
    environment: Mapping[str, str] | None = None
    """Its whole environment; None for that of the supervisor."""
    ready: Question | None = None
    """Asked until it is ready; without a question the program counts as ready when it runs."""
    once: bool = False
    """It does one thing and ends; it is ready when it has ended with exit code 0."""
    within: float = 60.0
    """Seconds that it may take to get ready."""
    shown: bool = True
    """Whether its lines are shown as they come."""


class Program:
    """One child: started, asked whether it is ready, stopped."""

    def __init__(self, child: Child, logs: Path, running: RunningList) -> None:
        self.name, self.title = child.name, child.title
        self.log = LogFile(logs / f"{child.name}.log")
        self.child = child
        self._running = running
        self._process: Process | None = None

    @property
    def process(self) -> Process | None:
        """The process that was started last."""
        return self._process

    async def start(self) -> None:
        """Start it and wait until it is ready; raises ChildFault."""
        environment = self.child.environment if self.child.environment is not None else os.environ
        self._process = Process(self.child.command, self.log, gently=signal.SIGTERM, environment=environment)
        self._running.add(self.name, self._process.pid)
        try:
            async with asyncio.timeout(self.child.within):
                await self._until_ready(self._process)
        except BaseException as error:
            self.kill()
            await self._process.ended(1.0)
            if isinstance(error, TimeoutError):
                raise ChildFault(f"{self.title} took longer than {self.child.within:g} s{self.last_lines()}") from None
            raise

    async def stop(self, seconds: float = 2.0) -> None:
        """Ask it to stop; kill it if it hasn't after so many seconds."""
        if self._process is not None:
            await self._process.stop(((signal.SIGTERM, seconds),))

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()

    def last_lines(self) -> str:
        """The last lines it wrote, to be put after a sentence about its end."""
        return last_lines(self.log)

    async def _until_ready(self, process: Process) -> None:
        if self.child.once:
            await process.ended()
            if process.code != 0:
                raise ChildFault(f"{self.title} failed {describe_exit(process.code)}{self.last_lines()}")
        while self.child.ready is not None:
            refusal = await self.child.ready()
            if process.code is not None:
                raise ChildFault(f"{self.title} ended {describe_exit(process.code)}{self.last_lines()}")
            if refusal is None:
                return
            await asyncio.sleep(0.05)


def describe_exit(code: int | None) -> str:
    """How a process ended, in words."""
    if code is None or code >= 0:
        return f"with exit code {code}"
    try:
        return f"by {signal.Signals(-code).name}"
    except ValueError:
        return f"by signal {-code}"


def last_lines(log: LogFile, most: int = 12) -> str:
    """The last lines of a log, indented under a colon; a full stop if there are none."""
    lines = [line for line in log.tail().splitlines() if line.strip()][-most:]
    return ":\n" + "\n".join(f"    {line}" for line in lines) if lines else "."
