"""Those who hear the same: one organization's, at one kind of door, with the same topics.

What they hear is put in line once and handed to all of them as the very same bytes. A member who can't take it now
(who is behind, or is still being told the past) is set apart: it has a line of its own, until it is in step again.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from console.live.feed import Heard
from console.live.line import Line

if TYPE_CHECKING:
    from console.live.subscriber import Phrasing, Subscriber

AT_ONCE_BYTES = 64 * 1024  # handed over in one go, unless a single message is longer


class Audience:
    """Its members, and what waits for all of them."""

    __slots__ = ("_apart", "_due", "_fallen", "_in_step", "door", "heard_before", "line", "phrasing", "topics")

    def __init__(
        self,
        door: str,
        phrasing: "Phrasing",
        topics: frozenset[str],
        heard_before: int,
        due: Callable[["Audience"], None],
    ) -> None:
        """Nobody is in it. Facts up to `heard_before` its members have heard elsewhere. `due`: something waits here."""
        self.door = door
        self.phrasing = phrasing
        self.topics = topics
        self.heard_before = heard_before
        self.line = Line()
        self._due = due
        self._in_step: dict[Subscriber, Callable[[bytes], None]] = {}
        self._apart: set[Subscriber] = set()
        self._fallen: list[Subscriber] = []  # behind the others since the last flush

    def __len__(self) -> int:
        """How many are in it."""
        return len(self._in_step) + len(self._apart)

    def members(self) -> "list[Subscriber]":
        """Everybody in it."""
        return [*self._in_step, *self._apart]

    def hear(self, heard: Heard, epoch: str) -> None:
        """Put a fact in line for all."""
        if heard.seq > self.heard_before:
            for key, piece in self.phrasing.phrase(heard, epoch):
                self.put(piece, key)

    def put(self, piece: bytes, key: str | None = None) -> None:
        """Put a piece in line for all."""
        if not self.line:
            self._due(self)
        self.line.put(piece, key)

    def keep_in_step(self, subscriber: "Subscriber") -> None:
        """It has nothing of its own waiting: from now on it gets what all get, as long as it can take it."""
        if not subscriber.writer.behind:
            self._apart.discard(subscriber)
            self._in_step[subscriber] = subscriber.writer.write

    def fell_behind(self, subscriber: "Subscriber") -> None:
        """It can't take more for now. Its writer may say so in the middle of a flush."""
        self._fallen.append(subscriber)

    def set_apart(self, subscriber: "Subscriber") -> None:
        """From now on what all get goes through its own line."""
        self._in_step.pop(subscriber, None)
        self._apart.add(subscriber)

    def leave(self, subscriber: "Subscriber") -> None:
        """It is no longer here."""
        self._in_step.pop(subscriber, None)
        self._apart.discard(subscriber)

    def flush(self, reached: int) -> int:
        """Hand what waits to all; how many frames that were. `reached` is the fact that it brings them up to."""
        if not self.line:
            return 0
        fallen, self._fallen = self._fallen, []
        if self.line.size > AT_ONCE_BYTES:
            fallen = list(self._in_step)
        for subscriber in fallen:
            if subscriber in self._in_step:
                self.set_apart(subscriber)
        pieces = self.line.take(self.line.size)
        frames = self.phrasing.wrap([piece for _, piece in pieces], max(reached, self.heard_before))
        self._hand_out(frames)
        for subscriber in self._apart:
            for name, piece in pieces:
                subscriber.put(piece, name)
        return len(frames) * len(self._in_step)

    def _hand_out(self, frames: Sequence[bytes]) -> None:
        """Write the same bytes to everybody in step: nothing of a connection is looked at but its `write`."""
        data = frames[0] if len(frames) == 1 else b"".join(frames)
        for write in self._in_step.values():
            try:
                write(data)
            except RuntimeError:  # this connection has just gone, and will leave
                continue
