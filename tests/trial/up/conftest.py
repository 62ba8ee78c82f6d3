"""A supervisor that runs in a process of its own, and what a test wants to know of it."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.machine_speed import process_slowness
from tests.processes import until

Begun = Callable[..., "Supervisor"]


class Supervisor:
    """A supervisor process, all it has said so far, and the processes it noted."""

    def __init__(self, command: list[str], folder: Path, environment: dict[str, str] | None = None) -> None:
        """Start it."""
        self.folder = folder
        self.said = ""
        # Under nohup the tests ignore SIGHUP, and a child would inherit that.
        hangup = signal.signal(signal.SIGHUP, signal.SIG_DFL)
        try:
            self.process = subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                env={**os.environ, **(environment or {})},
            )
        finally:
            signal.signal(signal.SIGHUP, hangup)
        threading.Thread(target=self._listen, daemon=True).start()

    async def says(self, pattern: str, seconds: float = 60.0) -> str:
        """Wait until it has said this; gives the first group, if there is one."""
        try:
            await until(lambda: re.search(pattern, self.said) or self.process.poll() is not None, seconds)
        finally:
            found = re.search(pattern, self.said)
            assert found, f"it hasn't said {pattern!r}:\n{self.said}"
        return found.group(found.lastindex or 0)

    def pid(self, name: str) -> int:
        """The process of this program."""
        running = json.loads(self.folder.joinpath("running.json").read_bytes())
        return next(int(note["pid"]) for note in running if note["name"] == name)

    async def ends(self, seconds: float = 60.0) -> int:
        """Wait until it has ended; gives its exit code."""
        await until(lambda: self.process.poll() is not None, seconds)
        return self.process.wait()

    async def stops(self, *words: signal.Signals, apart: float = 1.0) -> float:
        """Ask it to stop; gives the seconds it took, of a machine on which processes come and go as fast as usual."""
        slow, began = process_slowness(), time.monotonic()
        for number, word in enumerate(words):
            if number:
                time.sleep(apart)  # noqa: ASYNC251 - a person's second thoughts
            self.process.send_signal(word)
        await self.ends()
        took = time.monotonic() - began
        return took / max(slow, process_slowness())

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line


@pytest.fixture
def begun(tmp_path: Path) -> Iterator[Begun]:
    """Starts a supervisor over stand-in programs."""
    supervisors: list[Supervisor] = []

    def begin(*children: dict[str, Any]) -> Supervisor:
        command = [sys.executable, "-m", "tests.trial.up.stand_in", str(tmp_path), json.dumps(children)]
        supervisors.append(Supervisor(command, tmp_path))
        return supervisors[-1]

    yield begin
    for supervisor in supervisors:
        supervisor.process.kill()
        supervisor.process.wait()
