"""One open connection, seen from inside: what it listens to, and what waits to be sent to it. Always bounded."""

import asyncio
import time
from collections.abc import Sequence
from typing import Protocol

from console.auth.rules import Caller
from console.live.feed import Heard

MOST_BYTES = 4 * 1024 * 1024  # that may wait for one connection
SLOW_SECONDS = 10.0  # that it may be behind


class Phrasing(Protocol):
    """How a door puts facts into messages."""

    def phrase(self, heard: Heard, epoch: str) -> "Sequence[tuple[str | None, str]]":
        """Messages for a fact, each with the key of the state it shows, so that a newer one can take its place."""


class Subscriber:
    """Gathers messages for one connection. A state that is overtaken before it is sent is not sent."""

    def __init__(
        self, caller: Caller, door: str, phrasing: Phrasing, topics: frozenset[str], view: str | None = None
    ) -> None:
        """It hears nothing before the hub knows it. `view` is the kind of page, at the browser door."""
        self.caller = caller
        self.door = door
        self.view = view
        self.phrasing = phrasing
        self.topics = topics
        self.seq = 0  # the last fact that it has heard, or need not hear
        self.joined = 0  # the feed's number when it began to hear: the past ends there
        self.closing: int | None = None  # the close code, once it is to end
        self.holding = True  # until the past is out
        self._waiting: dict[object, str] = {}
        self._bytes = 0
        self._since: float | None = None
        self._wake = asyncio.Event()
        self.ended = asyncio.Event()

    def hear(self, heard: Heard, epoch: str) -> None:
        """Put a fact in line."""
        if heard.seq > self.seq:
            self.seq = heard.seq
            for key, text in self.phrasing.phrase(heard, epoch):
                self.put(text, key)

    def put(self, text: str, key: str | None = None, *, older: bool = False) -> None:
        """Put a message in line; in the place of an older one with the same key, but at the end.

        With `older` it is itself the older one, and gives way to one that waits already.
        """
        name: object = key if key is not None else object()
        if self.closing is not None or (older and name in self._waiting):
            return
        old = self._waiting.pop(name, None)
        self._bytes += len(text) - (len(old) if old else 0)
        self._waiting[name] = text
        now = time.monotonic()
        self._since = self._since or now
        if self._bytes > MOST_BYTES or now - self._since > SLOW_SECONDS:
            self.end(4408)
        elif not self.holding:
            self._wake.set()

    def end(self, code: int) -> None:
        """Let the connection end with this code."""
        self.closing = code
        self._waiting.clear()
        self._bytes = 0
        self._wake.set()
        self.ended.set()

    def release(self) -> None:
        """The past is out: what has come meanwhile may follow."""
        self.holding = False
        self._wake.set()

    async def next(self, *, gather: float) -> list[str]:
        """What is to be sent now; waits for the first, then a moment for more. Empty: the connection is to end."""
        await self._wake.wait()
        if self.closing is None and gather:
            await asyncio.sleep(gather)
        self._wake.clear()
        found = list(self._waiting.values())
        self._waiting.clear()
        self._bytes = 0
        return found

    def reached(self, seq: int) -> int:
        """How far this connection is when the feed is at `seq`: as far, unless something still waits for it."""
        if not self._waiting:
            self.seq = max(self.seq, seq)
        return self.seq

    def sent(self) -> None:
        """All that was handed out has gone."""
        self._since = None if not self._waiting else time.monotonic()
