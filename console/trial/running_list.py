"""The list of running programs, in a file, by which the next start finds those that a killed one left behind."""

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

import msgspec
import psutil
from msgspec import Struct


class RunningProcess(Struct, frozen=True):
    """A process, named by its number and by when it began, for numbers are used again."""

    name: str
    pid: int
    began: str


class RunningList:
    """The running processes of one data folder; its writer holds the folder's lock."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._processes: list[RunningProcess] = []

    def add(self, name: str, pid: int) -> None:
        """Add a process that was just started; it replaces the one of the same name."""
        self._processes = [process for process in self._processes if process.name != name]
        if (began := _began(pid)) is not None:
            self._processes.append(RunningProcess(name, pid, began))
        self._write()

    def clear(self) -> None:
        """Nothing runs any more."""
        self._processes = []
        self._write()

    async def reap(self, seconds: float = 3.0) -> list[str]:
        """End the processes that an earlier run left behind, by SIGTERM and then SIGKILL. Returns their names."""
        try:
            left = msgspec.json.decode(self._path.read_bytes(), type=list[RunningProcess])
        except (OSError, msgspec.MsgspecError):
            left = []
        left = [process for process in left if _lives(process)]
        for signal_ in (signal.SIGTERM, signal.SIGKILL):
            for process in filter(_lives, left):
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal_)
            for _ in range(int(seconds / 0.05)):
                if not any(map(_lives, left)):
                    break
                await asyncio.sleep(0.05)
        self.clear()
        return [process.name for process in left]

    def _write(self) -> None:
        aside = self._path.with_name(f".{self._path.name}.new")
        with suppress(OSError):  # a full disk must not stop what runs; the list is only needed after a kill
            aside.write_bytes(msgspec.json.encode(self._processes))
            aside.replace(self._path)


def _lives(process: RunningProcess) -> bool:
    return _began(process.pid) == process.began


def _began(pid: int) -> str | None:
    """When a process began, in seconds since the machine did, whatever its clock says; None if it has ended."""
    try:
        process = psutil.Process(pid)
        if process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
            return None
        return f"{process.create_time() - psutil.boot_time():.2f}"
    except psutil.Error:
        return None
