"""Notices when something keeps the event loop for too long: then no other client of the process is served meanwhile.

What counts is the processor time of the loop's thread, so that a busy machine is no fault. Each time that the loop has
used EVERY_SECONDS of it, a thread wakes, asks the loop for a call, and measures what the loop does before that call:
a loop that waits costs nothing. So up to EVERY_SECONDS of a turn, and one tick of the kernel, are not counted, nor is
a single call in C that keeps the interpreter's lock.
"""

import asyncio
import faulthandler
import gc
import os
import re
import tempfile
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from litestar import Litestar
from msgspec import Struct

from console import metrics
from console.log import logger
from console.telemetry.thread_timer import OFFERED, thread_timer

DESIGN_SECONDS = 0.02  # that a turn of the loop may take
EVERY_SECONDS = 0.01  # of processor time
STOPPED_SECONDS = 1.0  # after which the thread has noticed that it is to end
LOGGED_EVERY_SECONDS = 1.0
HUNG_SECONDS = 60.0  # of processor time in one turn: it never ends
HUNG_CODE = 70  # EX_SOFTWARE of sysexits.h
DEEPEST = 60  # frames of a stack
INNERMOST = 4  # of these, that are logged whosever they are
ROOT = str(Path(__file__).parents[1])
KEPT = 100  # turns
MOST_STACKS = 8  # of a turn: each costs a millisecond

FRAME = re.compile(r'^  File "(.+)", line (\d+) in (.+)$', re.MULTILINE)

Stack = tuple[tuple[str, int, str], ...]  # file, line, function; the innermost last


class LongTurn(Struct, frozen=True, kw_only=True):
    """A turn of the event loop that took longer than DESIGN_SECONDS."""

    seconds: float  # of processor time
    collecting_seconds: float  # of these, spent by the garbage collector
    stacks: tuple[Stack, ...]  # samples of where it was, in order, some 10 ms apart; the first MOST_STACKS of them

    @property
    def stack(self) -> Stack:
        """Where it was in the middle; empty if it was too short to be seen."""
        return self.stacks[len(self.stacks) // 2] if self.stacks else ()


class _Probe:
    """A call that the loop has been asked for."""

    __slots__ = ("began", "collected", "stacks", "void")

    def __init__(self, began: float, collected: float) -> None:
        self.began, self.collected = began, collected
        self.stacks: list[Stack] = []
        self.void = False  # the loop was stopped meanwhile


class Watchdog:
    """Watches the loop that runs in the thread that makes it.

    `hung_seconds`: of processor time in one turn, after which the process ends, so that its supervisor starts it again.
    Until then its open transactions keep their locks: PostgreSQL waits for ever for the rest of a statement.
    """

    def __init__(self, *, hung_seconds: float | None = None) -> None:
        self._hung_seconds = hung_seconds
        self.long_turns: deque[LongTurn] = deque(maxlen=KEPT)
        self._thread_id = threading.get_ident()
        self._stopped = threading.Event()
        self._probe: _Probe | None = None
        self._collected = 0.0
        self._collecting_since = 0.0
        self._logged_at = 0.0

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch the running loop until the block ends. Where no timer follows a thread (macOS), do nothing."""
        if not OFFERED:
            yield
            return
        loop, clock = asyncio.get_running_loop(), time.pthread_getcpuclockid(self._thread_id)
        thread = threading.Thread(target=self._watch, args=(loop, clock), name="watchdog", daemon=True)
        gc.callbacks.append(self._on_collection)
        thread.start()
        try:
            yield
        finally:
            self._stopped.set()
            gc.callbacks.remove(self._on_collection)

    def _watch(self, loop: asyncio.AbstractEventLoop, clock: int) -> None:
        with thread_timer(clock, EVERY_SECONDS) as timer:
            while not self._stopped.is_set():
                if timer.wait(STOPPED_SECONDS) and not self._stopped.is_set():
                    self._look(loop, time.clock_gettime(clock))

    def _look(self, loop: asyncio.AbstractEventLoop, used: float) -> None:
        """The loop has used some time again, `used` seconds in all."""
        probe = self._probe
        if not loop.is_running():
            if probe:
                probe.void = True
        elif probe is None:
            self._probe = probe = _Probe(used, self._collected)
            loop.call_soon_threadsafe(self._reached, probe)
        elif self._hung_seconds is not None and used - probe.began > self._hung_seconds:
            frames = culprit(stack_of(self._thread_id))
            logger("loop").critical("the event loop hangs: the process ends", frames=frames)
            os._exit(HUNG_CODE)
        elif len(probe.stacks) < MOST_STACKS:
            probe.stacks.append(stack_of(self._thread_id))

    def _reached(self, probe: _Probe) -> None:
        """In the loop: the turn is over in which it was asked for this call."""
        self._probe = None
        seconds = time.thread_time() - probe.began
        if probe.void or seconds < DESIGN_SECONDS:
            return
        collecting = self._collected - probe.collected
        turn = LongTurn(seconds=seconds, collecting_seconds=collecting, stacks=tuple(probe.stacks))
        self.long_turns.append(turn)
        metrics.loop_long_turns.observe(seconds)
        if (now := time.monotonic()) - self._logged_at > LOGGED_EVERY_SECONDS:
            self._logged_at = now
            logger("loop").warning(
                "the event loop was held",
                ms=round(seconds * 1000),
                collecting_ms=round(turn.collecting_seconds * 1000),
                frames=culprit(turn.stack),
            )

    def _on_collection(self, phase: str, info: dict[str, Any]) -> None:
        if threading.get_ident() == self._thread_id:
            now = time.thread_time()
            if phase == "start":
                self._collecting_since = now
            elif self._collecting_since:
                self._collected += now - self._collecting_since


@asynccontextmanager
async def watched(app: Litestar) -> AsyncIterator[None]:
    """Watch the loop of a web application while that runs; the watchdog is in its state."""
    app.state.watchdog = watchdog = Watchdog()
    with watchdog.watching():
        yield


def stack_of(thread_id: int) -> Stack:
    """Where a thread is, outermost call first; empty if it has ended.

    Read by faulthandler, in one call: the frames of a thread that runs on meanwhile can't be walked from Python.
    """
    with tempfile.TemporaryFile("w+", errors="replace") as dump:
        faulthandler.dump_traceback(dump)
        dump.seek(0)
        text = dump.read()
    for section in text.split("\n\n"):
        head, _, frames = section.partition("\n")
        if f"{thread_id:016x}" in head:
            found = [(file, int(line), function) for file, line, function in FRAME.findall(frames)]
            return tuple(reversed(found[:DEEPEST]))
    return ()


def culprit(stack: Stack) -> list[str]:
    """The frames that show whose work it is: those of this program, and the innermost."""
    ours = [frame for frame in stack[:-INNERMOST] if is_ours(frame[0])]
    return [f"{file.removeprefix(ROOT)}:{line} {function}" for file, line, function in (*ours, *stack[-INNERMOST:])]


def is_ours(file: str) -> bool:
    """Whether a source file belongs to the console or its jobs."""
    return file.startswith(ROOT) and file.removeprefix(ROOT).lstrip("/").split("/")[0] in {"console", "jobs"}
