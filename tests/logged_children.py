"""What child processes of the suite (workers, web servers, commands) write: looked through as its own log is."""

import contextlib
import functools
import os
import re
import stat
import subprocess
import threading
import time
from collections.abc import Callable
from typing import Any

from tests import logged
from tests.processes import lives

OURS = re.compile(r"-m (?:jobs|console|tests\.)|/console(?: |$)|-c [\s\S]*\b(?:console|jobs)\.")
# Commands that print what their caller has asked for: a new key, an address that is a secret, facts.
PRINTED = re.compile(r"console (?:key add|org (?:add|forwarder|list)|user add|demo|tail)\b")
PATIENCE_SECONDS = 1.0
BLOCK = 65_536
DESCRIPTORS = {"stdout": 1, "stderr": 2}
_followed: list[tuple[threading.Thread, int]] = []


class Follower(threading.Thread):
    """Passes on what a child writes, and looks at each line of it."""

    def __init__(self, source: int, onward: int | None, command: str) -> None:
        """From one descriptor to another, both of which it closes; to none: what comes is dropped."""
        super().__init__(daemon=True, name="follower of a child")
        self._source, self._onward, self._command = source, onward, command

    def run(self) -> None:
        """Until the child has closed its end; a reader that has gone is the child's to notice."""
        rest = b""
        with contextlib.suppress(OSError):
            while block := os.read(self._source, BLOCK):
                *lines, rest = (rest + block).split(b"\n")
                self._look(lines)
                self._pass_on(block)
        self._look([rest])
        os.close(self._source)
        if self._onward is not None:
            os.close(self._onward)

    def _look(self, lines: list[bytes]) -> None:
        for line in lines:
            if line:
                logged.look_at(line.decode(errors="replace"), f"of {self._command}")

    def _pass_on(self, block: bytes) -> None:
        while block and self._onward is not None:
            block = block[os.write(self._onward, block) :]


def is_looked_at(command: str, stream: str) -> bool:
    """Whether this stream of a command is a log: of our own programs, unless it is for showing somebody a secret."""
    return bool(OURS.search(command)) and not (stream == "stdout" and PRINTED.search(command))


def settle() -> None:
    """Wait for the last words of children that have ended."""
    until = time.monotonic() + PATIENCE_SECONDS
    for follower, pid in _followed:
        if not lives(pid):
            follower.join(max(0.0, until - time.monotonic()))
    _followed[:] = [one for one in _followed if one[0].is_alive()]


def _following(begin: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(begin)
    def begun(process: Any, args: Any, *positional: Any, **named: Any) -> None:
        command = args if isinstance(args, str) else " ".join(str(os.fspath(one)) for one in args)
        streams = [one for one in DESCRIPTORS if is_looked_at(command, one)]
        ways = {one: way for one in streams if (way := _way(one, named.get(one)))}
        for stream, (_, write, _) in ways.items():
            named[stream] = write
        try:
            begin(process, args, *positional, **named)
        finally:
            for _, write, _ in ways.values():
                os.close(write)
        for source, _, onward in [*ways.values(), *(_tapped(process, one) for one in streams if one not in ways)]:
            if source is not None:
                follower = Follower(source, onward, command)
                _followed.append((follower, process.pid))
                follower.start()

    return begun


def _way(stream: str, wanted: Any) -> tuple[int, int, int | None] | None:
    """A pipe to look at what is meant for this process's own output, a file or nowhere; None where others read it."""
    if wanted == subprocess.DEVNULL:
        return (*os.pipe(), None)
    if wanted is None:
        return (*os.pipe(), os.dup(DESCRIPTORS[stream]))
    if wanted in (subprocess.PIPE, subprocess.STDOUT) or isinstance(wanted, int):
        return None
    number = wanted.fileno()
    return (*os.pipe(), os.dup(number)) if stat.S_ISREG(os.fstat(number).st_mode) else None


def _tapped(process: Any, stream: str) -> tuple[int | None, int, int | None]:
    """What the child writes into the pipe that its parent reads, which gets another one in its place."""
    file = getattr(process, stream)
    if file is None:
        return None, 0, None
    source, (read, write) = os.dup(file.fileno()), os.pipe()
    os.dup2(read, file.fileno(), inheritable=False)
    os.close(read)
    return source, 0, write


def install() -> None:
    """Look at what every child of this process writes from now on."""
    subprocess.Popen.__init__ = _following(subprocess.Popen.__init__)  # type: ignore[method-assign]
