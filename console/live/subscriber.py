"""One open connection, seen from inside: what it listens to, and what waits to be sent to it. Always bounded."""

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from console.auth.rules import Caller, Pass
from console.live.feed import Heard
from console.live.messages import TOO_SLOW
from console.live.writing import Writer

MOST_BYTES = 4 * 1024 * 1024  # that may wait here for one connection
SLOW_SECONDS = 10.0  # that it may be behind
BUFFERED_BYTES = 64 * 1024  # handed over and not yet taken: while it is more, nothing is added
AT_ONCE_BYTES = 64 * 1024  # handed over in one go, unless a single message is longer

_numbers = itertools.count()


class Phrasing(Protocol):
    """How a door puts facts into pieces, and pieces into frames."""

    def phrase(self, heard: Heard, epoch: str) -> "Sequence[tuple[str | None, bytes]]":
        """Pieces for a fact, each with the key of the state it shows, so that a newer one can take its place."""

    def wrap(self, pieces: Sequence[bytes], reached: int | None) -> Sequence[bytes]:
        """Frames for what is to be sent now; `reached` is the fact that brings the client up to, None for not all."""


class Subscriber:
    """Gathers pieces for one connection. A state that is overtaken before it is sent is not sent."""

    __slots__ = (
        "_bytes", "_late_since", "_waiting", "caller", "closing", "door", "due", "ended", "heard_before", "holding",
        "joined", "number", "pass_", "phrasing", "topics", "view", "writer",
    )  # fmt: skip

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
        self.number = next(_numbers)
        self.due: Callable[[Subscriber], None] = lambda _: None  # the hub's: something waits here
        self.heard_before = 0  # facts up to this number it has heard elsewhere
        self.joined = 0  # the feed's number when it began to hear: the past ends there
        self.closing: int | None = None  # the close code, once it is to end
        self.holding = True  # until the past is out
        self._waiting: dict[object, bytes] = {}
        self._bytes = 0
        self._late_since: float | None = None

    def hear(self, heard: Heard, epoch: str) -> None:
        """Put a fact in line."""
        if heard.seq > self.heard_before:
            for key, piece in self.phrasing.phrase(heard, epoch):
                self.put(piece, key)

    def put(self, piece: bytes, key: str | None = None) -> None:
        """Put a piece in line; in the place of an older one with the same key, but at the end."""
        if self.closing is not None:
            return
        waiting = self._waiting
        if not waiting:
            self.due(self)
        if key is None:
            waiting[next(_numbers)] = piece
        else:
            old = waiting.get(key)
            if old is not None:
                del waiting[key]
                self._bytes -= len(old)
            waiting[key] = piece
        self._bytes += len(piece)
        if self._bytes > MOST_BYTES:
            self.end(TOO_SLOW)

    def put_before(self, pieces: Iterable[tuple[str | None, bytes]]) -> None:
        """Put what is older than all that waits in front of it. A state that waits already is the newer one."""
        later, self._waiting, self._bytes = self._waiting, {}, 0
        for key, piece in pieces:
            if key not in later:
                self.put(piece, key)
        self._waiting.update(later)
        self._bytes += sum(map(len, later.values()))

    def flush(self, now: float, reached: int) -> int:
        """Hand over what waits, as far as the client keeps up; how many frames. `now` is monotonic, in seconds."""
        if not self._waiting or self.holding:
            return 0
        if self.writer.waiting() > BUFFERED_BYTES:
            self._late_since = self._late_since or now
            if now - self._late_since > SLOW_SECONDS:
                self.end(TOO_SLOW)
            return 0
        pieces = self._some()
        if not self._waiting:
            self._late_since = None
        frames = self.phrasing.wrap(pieces, None if self._waiting else max(reached, self.heard_before))
        self.writer.write(frames)
        return len(frames)

    def _some(self) -> list[bytes]:
        """All that waits, or as much of it as may be handed over at once."""
        if self._bytes <= AT_ONCE_BYTES:
            pieces = list(self._waiting.values())
            self._waiting.clear()
            self._bytes = 0
            return pieces
        left = iter(self._waiting.items())
        pieces, taken = [], 0
        for _, piece in left:
            pieces.append(piece)
            taken += len(piece)
            if taken >= AT_ONCE_BYTES:
                break
        self._waiting = dict(left)  # a dictionary is slow to read again after its first items have gone
        self._bytes -= taken
        return pieces

    @property
    def is_waiting(self) -> bool:
        """Whether anything is in line."""
        return bool(self._waiting)

    def hold(self) -> None:
        """Send nothing until `release`: something older must go first."""
        self.holding = True

    def release(self) -> None:
        """The past is out: what has come meanwhile may follow."""
        self.holding = False
        if self._waiting:
            self.due(self)

    def end(self, code: int) -> None:
        """Let the connection end with this code."""
        if self.closing is None:
            self.closing = code
            self._waiting.clear()
            self._bytes = 0
            self.ended(code)
