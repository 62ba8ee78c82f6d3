"""Connections that receive the same bytes: one organization's, with the same encoding and topics.

What they receive is queued once and handed to all as the very same bytes. A member that can't take it now (it is
behind, or the past is still being sent to it) is detached: it has a queue of its own until it has caught up.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from console.live.encoding import Encoding
from console.live.pieces import Piece
from console.live.received import ReceivedFact
from console.live.send_queue import SendQueue
from console.live.transport import Writer
from console.live.view import View

AT_ONCE_BYTES = 64 * 1024  # written in one go, unless a single message is longer


class Member(Protocol):
    """One connection of a group."""

    view: View | None
    writer: Writer

    def put(self, piece: Piece) -> None:
        """Queue a piece for this one alone."""

    def end(self, code: int) -> None:
        """Let the connection end with this code."""


class Group:
    """Its members, and what waits for all of them."""

    __slots__ = ("_attached", "_detached", "_due", "_fallen_behind", "encoding", "endpoint", "queue", "topics")

    def __init__(
        self, endpoint: str, encoding: Encoding, topics: frozenset[str], due: Callable[["Group"], None]
    ) -> None:
        """`due` is called when something begins to wait here."""
        self.endpoint = endpoint
        self.encoding = encoding
        self.topics = topics
        self.queue = SendQueue()
        self._due = due
        self._attached: dict[Member, Callable[[bytes], None]] = {}
        self._detached: set[Member] = set()
        self._fallen_behind: list[Member] = []  # since the last flush

    def __len__(self) -> int:
        """How many members it has."""
        return len(self._attached) + len(self._detached)

    def members(self) -> list[Member]:
        """All members."""
        return [*self._attached, *self._detached]

    def receive(self, fact: ReceivedFact, epoch: str) -> None:
        """Queue a fact for all."""
        for piece in self.encoding.encode(fact, epoch):
            self.put(piece)

    def put(self, piece: Piece) -> None:
        """Queue a piece for all."""
        if not self.queue:
            self._due(self)
        self.queue.put(piece)

    def attach(self, member: Member) -> None:
        """Nothing waits for it alone: from now on it gets what all get, as long as it can take it."""
        if not member.writer.behind:
            self._detached.discard(member)
            self._attached[member] = member.writer.write

    def fell_behind(self, member: Member) -> None:
        """It can't take more for now. Its writer may say so in the middle of a flush."""
        self._fallen_behind.append(member)

    def detach(self, member: Member) -> None:
        """From now on what all get goes through its own queue."""
        self._attached.pop(member, None)
        self._detached.add(member)

    def leave(self, member: Member) -> None:
        """It is no longer a member."""
        self._attached.pop(member, None)
        self._detached.discard(member)

    def flush(self, reached: int) -> int:
        """Hand what waits to all; how many frames that were. `reached` is the fact that it brings them up to."""
        if not self.queue:
            return 0
        fallen, self._fallen_behind = self._fallen_behind, []
        if self.queue.size > AT_ONCE_BYTES:
            fallen = list(self._attached)
        for member in fallen:
            if member in self._attached:
                self.detach(member)
        pieces = self.queue.take(self.queue.size)
        frames = self.encoding.frames(pieces, reached)
        self._write(frames)
        for member in self._detached:
            for piece in pieces:
                member.put(piece)
        return len(frames) * len(self._attached)

    def _write(self, frames: Sequence[bytes]) -> None:
        """Write the same bytes to all that are attached: nothing of a connection is looked at but its `write`."""
        data = frames[0] if len(frames) == 1 else b"".join(frames)
        for write in self._attached.values():
            try:
                write(data)
            except RuntimeError:  # this connection has just gone, and will leave
                continue
