"""One open connection, seen from inside: what it listens to, and what waits for it alone. Always bounded."""

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from console.auth.rules import Caller, Pass
from console.live.audience import AT_ONCE_BYTES, Audience
from console.live.feed import Heard
from console.live.line import Line
from console.live.messages import TOO_SLOW
from console.live.writing import Writer

MOST_BYTES = 4 * 1024 * 1024  # that may wait here for one connection
SLOW_SECONDS = 10.0  # that it may be behind

_numbers = itertools.count()


class Phrasing(Protocol):
    """How a door puts facts into pieces, and pieces into frames."""

    def phrase(self, heard: Heard, epoch: str) -> "Sequence[tuple[str | None, bytes]]":
        """Pieces for a fact, each with the key of the state it shows, so that a newer one can take its place."""

    def wrap(self, pieces: Sequence[bytes], reached: int | None) -> Sequence[bytes]:
        """Frames for what is to be sent now; `reached` is the fact that brings the client up to, None for not all."""


class Subscriber:
    """One of an audience. What is meant for it alone, and what it could not take with the others, waits here."""

    __slots__ = (
        "_late_since", "_line", "audience", "caller", "closing", "door", "due", "ended", "heard_before", "holding",
        "joined", "number", "pass_", "phrasing", "topics", "view", "writer",
    )  # fmt: skip

    audience: Audience  # the hub's to set

    def __init__(
        self,
        caller: Caller,
        door: str,
        phrasing: Phrasing,
        topics: frozenset[str],
        writer: Writer,
        *,
        pass_: Pass,
        view: str | None = None,
        ended: Callable[[int], None],
    ) -> None:
        """It hears nothing before the hub knows it.

        `view` is the kind of page, at the browser door. `ended` is called, once, with the code to close with.
        """
        self.caller = caller
        self.door = door
        self.phrasing = phrasing
        self.topics = topics
        self.writer = writer
        self.pass_ = pass_
        self.view = view
        self.ended = ended
        writer.when_behind = self._fell_behind
        self.number = next(_numbers)
        self.due: Callable[[Subscriber], None] = lambda _: None  # the hub's: something waits here
        self.heard_before = 0  # facts up to this number it has heard elsewhere, or are its past
        self.joined = 0  # the feed's number when it began to hear: the past ends there
        self.closing: int | None = None  # the close code, once it is to end
        self.holding = True  # until the past is out
        self._line = Line()
        self._late_since: float | None = None

    def put(self, piece: bytes, key: object = None) -> None:
        """Put a piece in line; in the place of an older one with the same key, but at the end."""
        if self.closing is None:
            if not self._line:
                self.due(self)
            self._line.put(piece, key)
            self._bound()

    def put_before(self, pieces: Iterable[tuple[str | None, bytes]]) -> None:
        """Put what is older than all that waits in front of it. A state that waits already is the newer one."""
        if self.closing is None:
            self._line.put_before(pieces)
            self._bound()

    def _bound(self) -> None:
        if self._line.size > MOST_BYTES:
            self.end(TOO_SLOW)

    def _fell_behind(self) -> None:
        self.audience.fell_behind(self)

    def flush(self, now: float, reached: int) -> int:
        """Hand over what waits, as far as the client keeps up; how many frames. `now` is monotonic, in seconds."""
        if not self._line or self.holding:
            return 0
        if self.writer.behind:
            self.audience.set_apart(self)
            self._late_since = self._late_since or now
            if now - self._late_since > SLOW_SECONDS:
                self.end(TOO_SLOW)
            return 0
        pieces = [piece for _, piece in self._line.take(AT_ONCE_BYTES)]
        if self._line:
            self.audience.set_apart(self)
        else:
            self._late_since = None
            self.audience.keep_in_step(self)
        up_to_date = not self._line and not self.audience.line
        frames = self.phrasing.wrap(pieces, max(reached, self.heard_before) if up_to_date else None)
        self.writer.write(b"".join(frames))
        return len(frames)

    @property
    def is_waiting(self) -> bool:
        """Whether anything is in line."""
        return bool(self._line)

    def hold(self) -> None:
        """Send nothing until `release`: something older must go first."""
        self.holding = True
        self.audience.set_apart(self)

    def release(self) -> None:
        """The past is out: what has come meanwhile may follow."""
        self.holding = False
        if self.closing is not None:
            return
        if self._line:
            self.due(self)
        else:
            self.audience.keep_in_step(self)

    def end(self, code: int) -> None:
        """Let the connection end with this code."""
        if self.closing is None:
            self.closing = code
            self.audience.set_apart(self)
            self._line.clear()
            self.ended(code)
