"""Orphaned servers: found by the folder they work in, and ended."""

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

import psutil


async def reap(folder: Path, program: str, *, seconds: float = 8.0) -> int:
    """End every process of this program that works in this folder; gives how many there were.

    They are asked gently first, and have so many seconds to comply. Whoever calls holds the lock of the folder, so that
    these processes have no living owner.
    """
    found = working_in(folder, program)
    for signal_, seconds_each in ((signal.SIGINT, seconds), (signal.SIGQUIT, 1.0), (signal.SIGKILL, 5.0)):
        alive = working_in(folder, program)
        # A server passes the signal on to its own helpers; only helpers without a server are sent it themselves.
        for pid in alive if signal_ is signal.SIGKILL else _without_parents(alive):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal_)
        for _ in range(int(seconds_each / 0.05)):
            if not working_in(folder, program):
                return len(found)
            await asyncio.sleep(0.05)
    return len(found)


def working_in(folder: Path, program: str) -> list[int]:
    """The living processes of a program that work in a folder. A noted number would prove nothing: they are reused."""
    return [process.pid for process in psutil.process_iter() if _is_it(process, folder, program)]


def _is_it(process: psutil.Process, folder: Path, program: str) -> bool:
    try:
        if process.name()[:15] != program[:15]:  # the kernel keeps no more of a name
            return False
        try:
            return process.cwd() == str(folder.resolve())
        except psutil.AccessDenied:  # it runs as another user: go by what it was started with
            return str(folder) in process.cmdline()
    except psutil.Error:  # it has ended meanwhile; what is ending already has no folder
        return False


def _without_parents(pids: list[int]) -> list[int]:
    return [pid for pid in pids if _parent(pid) not in pids]


def _parent(pid: int) -> int:
    try:
        return psutil.Process(pid).ppid()
    except psutil.Error:
        return 0
