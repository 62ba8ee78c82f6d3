"""What a client has missed: chosen before it is drawn, drawn in slices, a few replays at a time in a process.

A client may name a position thousands of facts back, and ask again at once. So of each state only the latest is drawn,
what is drawn is kept with its fact for others that missed the same, and the event loop gets its turn every few
milliseconds.
"""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

from console import metrics
from console.live.encoding import Encoding
from console.live.feed import Feed
from console.live.pieces import Piece
from console.live.received import ReceivedFact
from console.log import logger

AT_ONCE = 2  # replays in a process
SLICE_SECONDS = 0.004  # of work between two turns of the event loop

Item = TypeVar("Item")


class Gone(Exception):
    """The past can't be replayed. `reason` is that of `stream.reset`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Replays:
    """The replays of a process: AT_ONCE at a time, and one of each client."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._places = asyncio.Semaphore(AT_ONCE)
        self._clients: dict[str, tuple[asyncio.Lock, list[None]]] = {}

    @asynccontextmanager
    async def place(self, client: str) -> AsyncIterator[None]:
        """Wait for the client's other replays, then for a place."""
        lock, waiting = self._clients.setdefault(client, (asyncio.Lock(), []))
        waiting.append(None)
        try:
            async with lock, self._places:
                yield
        finally:
            waiting.pop()
            if not waiting:
                del self._clients[client]

    async def pieces(self, facts: Sequence[ReceivedFact], encoding: Encoding) -> list[Piece]:
        """The facts as pieces. Raises Gone if one can't be drawn."""
        latest: dict[object, Piece] = {}
        numbers = itertools.count()
        async for fact in in_slices(facts):
            new = not fact.drawn
            try:
                drawn = encoding.encode(fact, self._feed.epoch)
            except Exception as error:  # a newer worker's, perhaps: a client that comes back must not fail again
                metrics.loop_errors.labels("replay").inc()
                logger("live").exception("a fact of the past could not be encoded", kind=fact.kind, seq=fact.seq)
                raise Gone("unreadable") from error
            if new:
                self._feed.memory.keep_drawn([fact])
            for piece in drawn:
                name = next(numbers) if piece.key is None else piece.key
                latest.pop(name, None)
                latest[name] = piece
        return list(latest.values())


async def chosen(
    facts: Iterable[ReceivedFact], encoding: Encoding, wanted: Callable[[ReceivedFact], bool]
) -> list[ReceivedFact]:
    """Those that `wanted` takes and the encoding shows; of each state that it coalesces, the latest alone.

    Raises Gone if more are left than the encoding replays.
    """
    latest: dict[object, ReceivedFact] = {}
    async for fact in in_slices(facts):
        if encoding.shows(fact.kind) and wanted(fact):
            name: object = (fact.kind, fact.subject) if encoding.coalesces(fact.kind) else fact.seq
            latest.pop(name, None)
            latest[name] = fact
    if encoding.most_replayed is not None and len(latest) > encoding.most_replayed:
        raise Gone("too_old")
    return list(latest.values())


async def in_slices(items: Iterable[Item]) -> AsyncIterator[Item]:
    """The items; the event loop goes on after each SLICE_SECONDS of work on them."""
    until = time.perf_counter() + SLICE_SECONDS
    for item in items:
        yield item
        if time.perf_counter() > until:
            await asyncio.sleep(0)
            until = time.perf_counter() + SLICE_SECONDS
