"""The SMS Forwarder: posts each message and delivery report to the customer, repeated until the answer is 200."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
from msgspec import Struct

from simulator.fleet.messages import WAITING, MessageState
from simulator.streamer.messages import forwarded, report
from simulator.times import DAY

if TYPE_CHECKING:
    from simulator.fleet.card import Card
    from simulator.fleet.fleet import Fleet
    from simulator.fleet.messages import Message

PATIENCE = 1.0 * DAY  # real seconds that one of them is tried
BACK_OFF = 600.0  # times `every` between two tries, at most
KEPT = 20_000  # that wait, at most: the rest is lost


class QueuedMessage(Struct, order=True, gc=False):
    """One request to be made: when next, and since when it was tried in vain."""

    due: float
    number: int
    method: str
    body: bytes
    since: float
    message: Any
    tries: int = 0


class Forwarder:
    """POST for what devices send, PATCH for what became of messages to them. Start `run` as a task."""

    def __init__(self, fleet: Fleet, every: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._fleet = fleet
        self._every = every
        self._clock = clock
        self._letters: list[QueuedMessage] = []
        self._numbers = 0
        self._wake = asyncio.Event()
        self.address = ""
        self.taken = 0
        self.given_up = 0
        self.last_answer = ""

    def send_to(self, address: str) -> None:
        """Send there from now on, beginning with all messages that nobody has taken; an empty address ends it."""
        self.address = address
        self._letters.clear()
        if not address:
            return
        for card, message in self._fleet.message_store.all:
            if message.from_device and message.state in WAITING:
                self.on_message(card, message)

    def on_message(self, card: Card, message: Message) -> None:
        self._put("POST", forwarded(self._fleet.series, card, message), message)

    def on_delivery_report(self, card: Card, message: Message) -> None:
        self._put("PATCH", report(message), message)

    def as_json(self) -> dict[str, Any]:
        """How it is, for the control API."""
        return {
            "address": self.address,
            "waiting": len(self._letters),
            "taken": self.taken,
            "given_up": self.given_up,
            "last_answer": self.last_answer,
        }

    def _put(self, method: str, record: dict[str, Any], message: Message) -> None:
        if not self.address:
            return
        if len(self._letters) >= KEPT:
            self.given_up += 1
            return
        self._numbers += 1
        now = self._clock()
        heapq.heappush(
            self._letters, QueuedMessage(now, self._numbers, method, msgspec.json.encode(record), now, message)
        )
        self._wake.set()

    async def run(self) -> None:
        """Send until the process ends."""
        async with httpx.AsyncClient(timeout=10, follow_redirects=False, trust_env=False) as client:
            while True:
                while self._letters and self._letters[0].due <= self._clock():
                    await self._send(client, heapq.heappop(self._letters))
                self._wake.clear()
                pause = self._letters[0].due - self._clock() if self._letters else None
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._wake.wait()

    async def _send(self, client: httpx.AsyncClient, queued: QueuedMessage) -> None:
        address = self.address
        try:
            headers = {"content-type": "application/json"}
            response = await client.request(queued.method, address, content=queued.body, headers=headers)
            self.last_answer = str(response.status_code)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            self.last_answer = type(error).__name__
        if self.address != address:
            return  # it was aimed elsewhere meanwhile
        if self.last_answer == "200":
            self._done(queued)
            return
        queued.tries += 1
        if self._clock() - queued.since > PATIENCE:
            self.given_up += 1
            return
        queued.due = self._clock() + self._every * min(BACK_OFF, 2.0 ** min(queued.tries - 1, 10))
        heapq.heappush(self._letters, queued)

    def _done(self, queued: QueuedMessage) -> None:
        """IntakeResult: a message of a device is no longer pending."""
        self.taken += 1
        message = queued.message
        if queued.method == "POST" and message.state in WAITING:
            message.state, message.ended = MessageState.DELIVERED, self._fleet.wall()
