"""What a server writes about itself: kept in a file of bounded size, so that a server never waits for a reader."""

import os
from pathlib import Path

_MOST_BYTES = 4_000_000
_LONGEST_READ = 262_144


class LogFile:
    """A file that one server appends to and one program follows."""

    def __init__(self, path: Path) -> None:
        """Lines that are in the file already count as read."""
        self.path = path
        self._start = 0
        self._read: int | None = None
        self._rest = b""

    def open(self) -> int:
        """A descriptor for the server to write to; the caller closes it. What an earlier run wrote counts as read."""
        if self._read is None and self.path.exists() and self.path.stat().st_size > _MOST_BYTES:
            self.path.replace(self.path.with_suffix(".old"))
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._start = os.fstat(descriptor).st_size
        if self._read is None:
            self._read = self._start
        return descriptor

    def new_lines(self) -> list[str]:
        """The lines written since the last call. Empties the file when it has grown too long."""
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(0 if self._read is None or self._read > size else self._read)
                fresh = file.read(_LONGEST_READ)
                self._read = file.tell()
        except OSError:
            return []
        if self._read > _MOST_BYTES:  # the server opened it for appending, so it goes on at the new end
            os.truncate(self.path, 0)
            self._start = self._read = 0
        *lines, self._rest = (self._rest + fresh).split(b"\n")
        return [line.decode(errors="replace") for line in lines]

    def tail(self, most: int = 4000) -> str:
        """The last characters written since the file was opened."""
        try:
            with self.path.open("rb") as file:
                file.seek(max(self._start, file.seek(0, os.SEEK_END) - most))
                return file.read().decode(errors="replace")
        except OSError:
            return ""
