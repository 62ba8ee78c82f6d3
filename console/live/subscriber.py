"""One open connection, seen from inside: its topics, and what waits for it alone. Always bounded."""

import itertools
from collections.abc import Callable, Iterable

from console.live.access import Client
from console.live.encoding import Encoding
from console.live.group import AT_ONCE_BYTES, Group
from console.live.messages import TOO_SLOW
from console.live.pieces import Piece
from console.live.send_queue import SendQueue
from console.live.transport import Writer
from console.live.view import View

MOST_BYTES = 4 * 1024 * 1024  # that may wait here for one connection
SLOW_SECONDS = 10.0  # that it may be behind

_numbers = itertools.count()


class Subscriber:
    """A member of a group. What is for it alone, and what it could not take with the others, waits here."""

    __slots__ = (
        "_late_since", "_queue", "client", "closing", "due", "encoding", "ended", "endpoint", "group", "holding",
        "joined", "number", "topics", "view", "writer",
    )  # fmt: skip

    group: Group  # set by the hub

    def __init__(
        self,
        client: Client,
        endpoint: str,
        encoding: Encoding,
        topics: frozenset[str],
        writer: Writer,
        *,
        view: View | None = None,
        ended: Callable[[int], None],
    ) -> None:
        """`view` is the kind of page, for browsers. `ended` is called once, with the code to close with."""
        self.client = client
        self.endpoint = endpoint
        self.encoding = encoding
        self.topics = topics
        self.writer = writer
        self.view = view
        self.ended = ended
        writer.when_behind = self._fell_behind
        self.number = next(_numbers)
        self.due: Callable[[Subscriber], None] = lambda _: None  # set by the hub: something waits here
        self.joined = 0  # the feed's number when it joined: the past ends there
        self.closing: int | None = None  # the close code, once it is to end
        self.holding = True  # until the past has been sent
        self._queue = SendQueue()
        self._late_since: float | None = None

    def put(self, piece: Piece) -> None:
        """Queue a piece; in the place of an older one with the same key, but at the end."""
        if self.closing is None:
            if not self._queue:
                self.due(self)
            self._queue.put(piece)
            self._bound()

    def put_before(self, pieces: Iterable[Piece]) -> None:
        """Queue what is older than all that waits in front of it. A state that waits already is the newer one."""
        if self.closing is None:
            self._queue.put_before(pieces)
            self._bound()

    def _bound(self) -> None:
        if self._queue.size > MOST_BYTES:
            self.end(TOO_SLOW)

    def _fell_behind(self) -> None:
        self.group.fell_behind(self)

    def flush(self, now: float, reached: int) -> int:
        """Hand over what waits, as far as the client keeps up; how many frames. `now` is monotonic, in seconds."""
        if not self._queue or self.holding:
            return 0
        if self.writer.behind:
            self.group.detach(self)
            self._late_since = self._late_since or now
            if now - self._late_since > SLOW_SECONDS:
                self.end(TOO_SLOW)
            return 0
        pieces = self._queue.take(AT_ONCE_BYTES)
        if self._queue:
            self.group.detach(self)
        else:
            self._late_since = None
            self.group.attach(self)
        up_to_date = not self._queue and not self.group.queue
        frames = self.encoding.frames(pieces, reached if up_to_date else None)
        self.writer.write(b"".join(frames))
        return len(frames)

    @property
    def is_waiting(self) -> bool:
        """Whether anything waits."""
        return bool(self._queue)

    def hold(self) -> None:
        """Send nothing until `release`: something older must be sent first."""
        self.holding = True
        self.group.detach(self)

    def release(self) -> None:
        """The past has been sent: what has come meanwhile may follow."""
        self.holding = False
        if self.closing is not None:
            return
        if self._queue:
            self.due(self)
        else:
            self.group.attach(self)

    def end(self, code: int) -> None:
        """Let the connection end with this code."""
        if self.closing is None:
            self.closing = code
            self.group.detach(self)
            self._queue.clear()
            self.ended(code)
