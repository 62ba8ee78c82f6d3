"""Orphaned servers: found by the folder they work in, and ended."""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path


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
    if sys.platform != "linux":
        return _found_by_ps(folder, program)
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and _is_it(entry, folder, program):
            found.append(int(entry.name))
    return found


def _is_it(process: Path, folder: Path, program: str) -> bool:
    try:
        if process.joinpath("comm").read_text().strip() != program[:15]:
            return False
        try:
            return process.joinpath("cwd").readlink() == folder.resolve()
        except PermissionError:  # it runs as another user: go by what it was started with
            return str(folder).encode() in process.joinpath("cmdline").read_bytes().split(b"\0")
    except (OSError, UnicodeDecodeError):  # it ended while we looked; what is ending already has no folder
        return False


def _without_parents(pids: list[int]) -> list[int]:
    return [pid for pid in pids if _parent(pid) not in pids]


def _parent(pid: int) -> int:
    if sys.platform != "linux":
        return 0
    try:
        # The name, in brackets, may itself have blanks and brackets in it.
        return int(Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _found_by_ps(folder: Path, program: str) -> list[int]:
    command = ["ps", "-axo", "pid=,command="]
    table = subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603
    rows = (line.strip().partition(" ") for line in table.splitlines())
    return [int(pid) for pid, _, command in rows if program in command and str(folder) in command]
