"""A program on the JSON stream that comes back after each cut with `since`, and keeps what it has received."""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
import websockets
from msgspec import Struct, field

from console.store.database import Database
from tests.cutting.proxy import reset
from tests.cutting.truth import Mark, Place, committed_by_now, short

AGAIN_SECONDS = (0.02, 0.2)


class Stay(Struct):
    """A client's time in one epoch: after which number it came in, and what it received, in order."""

    epoch: str
    after: int
    received: list[tuple[int, Mark]] = field(default_factory=list)


class Program:
    """Listens to `always`, and on and off to `sometimes`, whatever is cut."""

    def __init__(
        self,
        name: str,
        port: int,
        key: str,
        organization_id: int,
        db: Database,
        *,
        always: Iterable[str],
        sometimes: Iterable[str] = (),
        chance: random.Random,
        redis_died_lately: Callable[[], bool],
    ) -> None:
        """Only the death of Redis excuses a reset."""
        self.name = name
        self.organization_id = organization_id
        self.always = frozenset(always)
        self.sometimes = sorted(sometimes)
        self.stays: list[Stay] = []
        self.covered: set[int] = set()  # transactions seen by looking at the database after a reset
        self.resets: Counter[str] = Counter()
        self.faults: list[str] = []
        self.connections = 0
        self.ending = "it never was"  # why the connection before the present one has ended
        self._address = f"ws://127.0.0.1:{port}/api/v1/stream"
        self._key = key
        self._db = db
        self._chance = chance
        self._redis_died_lately = redis_died_lately
        self._now = set(self.always)
        self._since = 0
        self._socket: Any = None

    async def run(self) -> None:
        """Listen until cancelled."""
        while True:
            try:
                query = f"?topics={','.join(sorted(self._now))}"
                if self.stays:
                    query += f"&since={self.stays[-1].epoch}:{self._since}"
                headers = {"X-API-Key": self._key}
                async with websockets.connect(
                    self._address + query, additional_headers=headers, proxy=None, open_timeout=6, close_timeout=0.2
                ) as self._socket:
                    self.connections += 1
                    async for text in self._socket:
                        await self._receive(str(text))
                self.ending = "it was closed"
            except (OSError, EOFError, TimeoutError, websockets.WebSocketException) as error:
                self.ending = repr(error)
            self._socket = None
            await asyncio.sleep(self._chance.uniform(*AGAIN_SECONDS))

    async def close(self) -> None:
        """Hang up as one should."""
        if self._socket is not None:
            with contextlib.suppress(OSError, websockets.WebSocketException):
                await self._socket.close()

    def vanish(self) -> None:
        """Be gone without a word."""
        if self._socket is not None:
            reset(self._socket.transport)

    async def choose_anew(self) -> None:
        """Take up or leave one of the topics that are received only sometimes."""
        if self.sometimes and self._socket is not None:
            topic = self._chance.choice(self.sometimes)
            word = "unsubscribe" if topic in self._now else "subscribe"
            self._now ^= {topic}
            with contextlib.suppress(OSError, websockets.WebSocketException):
                await self._socket.send(msgspec.json.encode({"type": word, "topics": [topic]}).decode())

    async def _receive(self, text: str) -> None:
        message = msgspec.json.decode(text)
        match message["type"]:
            case "stream.hello":
                if not self.stays:
                    self._enter(message)
                elif message["epoch"] == self.stays[-1].epoch and not message["resumed"]:
                    self._since = message["seq"]
            case "stream.reset":
                same = bool(self.stays) and message["epoch"] == self.stays[-1].epoch
                self.resets["in the same epoch" if same else "for a new epoch"] += 1
                if same and not self._redis_died_lately():
                    self.faults.append(f"a needless reset at {self._since}: {text}")
                self._enter(message)
                self.covered |= await committed_by_now(self._db)
            case "stream.heartbeat":
                self._since = message["seq"]
            case "stream.stale" | "stream.live":
                pass
            case "stream.error":
                self.faults.append(text)
            case kind:
                fact = Mark(self.organization_id, kind, message["subject"], "{" + text.split(",", 2)[2])
                if message["epoch"] != self.stays[-1].epoch:
                    self.faults.append(f"a fact of another epoch: {text[:90]}")
                self.stays[-1].received.append((message["seq"], fact))
                self._since = message["seq"]

    def _enter(self, message: Mapping[str, Any]) -> None:
        self.stays.append(Stay(message["epoch"], message["seq"]))
        self._since = message["seq"]

    @property
    def places(self) -> list[tuple[Place, Mark]]:
        """Every fact received, with its epoch and number."""
        return [((stay.epoch, seq), fact) for stay in self.stays for seq, fact in stay.received]

    def missing(self, committed: Mapping[Mark, int]) -> list[Mark]:
        """What it has neither received nor seen when it looked at the database."""
        received = {fact for _, fact in self.places}
        return [
            fact
            for fact, transaction in committed.items()
            if self._may_receive(fact, self.always) and fact not in received and transaction not in self.covered
        ]

    def judged(self, committed: Mapping[Mark, int], published: Mapping[Place, Mark]) -> list[str]:
        """Everything that is wrong with what it received."""
        faults = [*self.faults]
        if lost := self.missing(committed):
            faults.append(f"{len(lost)} lost: {short(lost)}")
        everything = self.always | set(self.sometimes)
        if foreign := [
            fact for _, fact in self.places if fact not in committed or not self._may_receive(fact, everything)
        ]:
            faults.append(f"{len(foreign)} received that must not come: {short(foreign)}")
        for stay in self.stays:
            faults += self._judged_stay(stay, published)
        return [f"{self.name}: {fault}" for fault in faults]

    def _judged_stay(self, stay: Stay, published: Mapping[Place, Mark]) -> list[str]:
        """In order, each once, and none left out between the first and the last that it received."""
        faults = []
        numbers = [seq for seq, _ in stay.received]
        if disorder := [(a, b) for a, b in zip([stay.after, *numbers], numbers, strict=False) if b <= a]:
            faults.append(f"received twice or out of order in {stay.epoch}: {disorder[:5]}")
        last = max(numbers, default=stay.after)
        due = {
            seq: fact
            for (epoch, seq), fact in published.items()
            if epoch == stay.epoch and stay.after < seq <= last and self._may_receive(fact, self.always)
        }
        if left_out := sorted(set(due) - set(numbers)):
            faults.append(f"{len(left_out)} left out in {stay.epoch} after {stay.after}: {left_out[:5]}")
        return faults

    def _may_receive(self, fact: Mark, topics: frozenset[str]) -> bool:
        return fact.organization_id == self.organization_id and not fact.topics.isdisjoint(topics)
