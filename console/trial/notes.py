"""The list of programs that run, kept in a file, so that the next start finds those which a killed one left behind."""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct


class Note(Struct, frozen=True):
    """A process, named by its number and by when it began, for numbers are used again."""

    name: str
    pid: int
    began: str


class Notes:
    """The notes of one data folder; whoever writes them holds the folder's lock."""

    def __init__(self, path: Path) -> None:
        """Read nothing yet."""
        self._path = path
        self._notes: list[Note] = []

    def add(self, name: str, pid: int) -> None:
        """Note a process that was just started; it replaces the one of the same name."""
        self._notes = [note for note in self._notes if note.name != name]
        if (began := _began(pid)) is not None:
            self._notes.append(Note(name, pid, began))
        self._write()

    def clear(self) -> None:
        """Nothing runs any more."""
        self._notes = []
        self._write()

    async def reap(self, seconds: float = 3.0) -> list[str]:
        """End what an earlier run left running, gently first, and give its names."""
        try:
            left = msgspec.json.decode(self._path.read_bytes(), type=list[Note])
        except (OSError, msgspec.MsgspecError):
            left = []
        left = [note for note in left if _lives(note)]
        for word in (signal.SIGTERM, signal.SIGKILL):
            for note in filter(_lives, left):
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(note.pid, word)
            for _ in range(int(seconds / 0.05)):
                if not any(map(_lives, left)):
                    break
                await asyncio.sleep(0.05)
        self.clear()
        return [note.name for note in left]

    def _write(self) -> None:
        aside = self._path.with_name(f".{self._path.name}.new")
        with suppress(OSError):  # a full disk must not stop what runs; the notes are only needed after a kill
            aside.write_bytes(msgspec.json.encode(self._notes))
            aside.replace(self._path)


def _lives(note: Note) -> bool:
    return _began(note.pid) == note.began


def _began(pid: int) -> str | None:
    """When a process began, in whatever form the system tells it; None if it has ended."""
    if sys.platform != "linux":
        told = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S603, S607
        return told.stdout.strip() or None
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]
