"""The Data Streamer: sends all records to the customer's address, repeated until the answer is 200."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import httpx
import msgspec

from simulator.fleet.records import event, usage
from simulator.streamer import messages
from simulator.streamer.format_1 import as_first

if TYPE_CHECKING:
    from simulator.fleet.card import Card
    from simulator.fleet.events import NetworkEvent, Usage
    from simulator.fleet.identity import Series
    from simulator.fleet.messages import Message
    from simulator.streamer.irregularities import Irregularities

BATCH = 3000  # records in a post, at most
EVERY = 1.0  # seconds between two posts, when there is something to send, unless chosen otherwise
BACK_OFF = 60.0  # of those, between two tries, at most
KEPT = 200_000  # records that wait, at most
PATIENCE = 3600.0  # seconds without a 200 until the stream is given up


class StreamState(StrEnum):
    OFF = "off"  # no address
    RUNNING = "running"
    FAILED = "failed"  # until it is started by hand; what happens meanwhile is not sent later
    PAUSED = "paused"  # the same, by hand


class Stream:
    """One stream to one address, for all kinds of records in one queue. Start `run` as a task."""

    def __init__(
        self,
        series: Series,
        irregularities: Irregularities,
        every: float = EVERY,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._series = series
        self.irregularities = irregularities
        self.generation = 2
        self._every = every
        self._clock = clock
        self._waiting: deque[bytes] = deque()
        self._posts: deque[list[bytes]] = deque()  # ready to be sent
        self._encoder = msgspec.json.Encoder()
        self._wake = asyncio.Event()
        self._failing_since: float | None = None
        self._failures = 0
        self.address = ""
        self._credentials = ("", "")
        self.state = StreamState.OFF
        self.sent = 0
        self.posts = 0
        self.last_answer = ""

    def send_to(self, address: str, user: str, password: str) -> None:
        """Send to this address from now on."""
        self.address = address
        self._credentials = (user, password)
        self.start()

    def start(self) -> None:
        """Begin, or begin again after a failure, with what happens from now on."""
        self._forget()
        self._settled()
        self.state = StreamState.RUNNING if self.address else StreamState.OFF
        self._wake.set()

    def stop(self, state: StreamState) -> None:
        self._forget()
        self.state = state

    def _forget(self) -> None:
        self._waiting.clear()
        self._posts.clear()

    def on_event(self, card: Card, network_event: NetworkEvent) -> None:
        if self.state is StreamState.RUNNING:
            self._put(event(self._series, card, network_event))

    def on_usage(self, card: Card, reported: Usage) -> None:
        if self.state is StreamState.RUNNING:
            self._put(usage(self._series, card, reported))

    def on_message(self, card: Card, message: Message) -> None:
        if self.state is StreamState.RUNNING:
            self._put(messages.from_device(self._series, card, message))

    def on_delivery_report(self, card: Card, message: Message) -> None:
        if self.state is StreamState.RUNNING:
            self._put(messages.report(message))

    def _put(self, record: dict[str, Any]) -> None:
        for one in self.irregularities.with_irregularities(record):
            self._waiting.append(self._encoder.encode(as_first(one) if self.generation == 1 else one))
        if len(self._waiting) > KEPT:
            self.stop(StreamState.FAILED)

    def as_json(self) -> dict[str, Any]:
        """How the stream is, for the control API."""
        return {
            "state": self.state,
            "address": self.address,
            "generation": self.generation,
            **msgspec.to_builtins(self.irregularities.shares),
            "waiting": len(self._waiting) + sum(map(len, self._posts)),
            "sent": self.sent,
            "posts": self.posts,
            "failures_in_a_row": self._failures,
            "last_answer": self.last_answer,
        }

    async def run(self) -> None:
        """Send until the process ends."""
        async with httpx.AsyncClient(timeout=10, follow_redirects=False, trust_env=False) as client:
            while True:
                pause = self._every
                if self.state is StreamState.RUNNING and (self._waiting or self._posts):
                    pause = await self._post(client)
                self._wake.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._wake.wait()

    async def _post(self, client: httpx.AsyncClient) -> float:
        """Send one batch; answers how many seconds to wait before the next."""
        posts = self._posts
        if not posts:
            self._pack()
        batch = posts[0]
        acknowledged = await self._acknowledged(client, b"[" + b",".join(batch) + b"]")
        self.posts += 1
        if self.state is not StreamState.RUNNING or not posts or posts[0] is not batch:
            return self._every  # it was stopped or started anew meanwhile
        if acknowledged:
            posts.popleft()
            self.sent += len(batch)
            self._settled()
            return 0.0 if posts or len(self._waiting) >= BATCH else self._every
        self._failures += 1
        self._failing_since = self._failing_since if self._failing_since is not None else self._clock()
        if self._clock() - self._failing_since > PATIENCE:
            self.stop(StreamState.FAILED)
        return self._every * min(BACK_OFF, 2.0 ** min(self._failures - 1, 10))

    def _pack(self) -> None:
        """Make what waits into the next post; a disordered one goes out shuffled, in two, the later half first."""
        waiting = self._waiting
        batch = [waiting.popleft() for _ in range(min(BATCH, len(waiting)))]
        parts = [batch]
        if len(batch) > 1 and self.irregularities.is_disordered():
            half = len(batch) // 2
            parts = [batch[half:], batch[:half]]
            for part in parts:
                self.irregularities.random.shuffle(part)
        for part in parts:
            self._posts.append(part)
            if self.irregularities.is_duplicated():
                self._posts.append(part.copy())

    async def _acknowledged(self, client: httpx.AsyncClient, body: bytes) -> bool:
        """Only a 200 counts; a redirect is not followed."""
        try:
            response = await client.post(
                self.address, content=body, headers={"content-type": "application/json"}, auth=self._credentials
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            self.last_answer = type(error).__name__
            return False
        self.last_answer = str(response.status_code)
        return response.status_code == httpx.codes.OK

    def _settled(self) -> None:
        self._failures = 0
        self._failing_since = None
