"""The one subscription of a web process to what is told: in order, without gaps, for ever retried.

States: `up` while the subscription stands. When it is lost, listeners are told; when it stands again, what was missed
comes from Redis' stream first. If that is gone too, or Redis has restarted (a new epoch), listeners hear of a reset.
"""

import asyncio
import contextlib
import itertools
import random
import time
from collections import deque
from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct
from redis.asyncio import Redis
from redis.exceptions import RedisError

from console import metrics
from console.log import logger
from console.store.outbox import CHANNEL, EPOCH, STREAM, position

REMEMBERED = 10_000  # facts kept in memory for clients that come back: some 5 MB
AHEAD = 1_000  # facts that another web process, which drew the page, may have heard before this one
SILENCE_SECONDS = 5.0  # after which the connection is tried with a ping
AWAY = (RedisError, OSError, TimeoutError)


class Heard(Struct, frozen=True):
    """A fact on its way to those who may hear it. `body` is its JSON, without the number."""

    seq: int
    organization_id: int
    kind: str
    subject: str | None
    body: bytes


class Listener(Protocol):
    """Who is called by the feed; never waits."""

    def hear(self, facts: Sequence[Heard], told_at: float) -> None:
        """New facts, in order, each once."""

    def lost(self) -> None:
        """Redis is away: nothing will come for a while."""

    def found(self) -> None:
        """Redis is back, and what was missed has been heard."""

    def reset(self, reason: str) -> None:
        """What was missed can't be had: only a fresh look at the database helps."""


def read_item(seq: int, item: bytes) -> Heard:
    """An item as the outbox writes it: organization, kind, subject, body."""
    organization, kind, subject, body = item.split(b"\t", 3)
    return Heard(seq, int(organization), kind.decode(), subject.decode() or None, body)


class Feed:
    """Follows Redis, and remembers the latest facts."""

    def __init__(self, redis: Redis) -> None:
        """Nothing is followed before `run`. The client must not reconnect by itself: what it missed would go unseen."""
        self._redis = redis
        self.listener: Listener | None = None
        self.epoch = ""
        self.seq = 0
        self.up = False
        self.lost_at: float | None = time.time()
        self._memory: deque[Heard] = deque(maxlen=REMEMBERED)
        self._known = asyncio.Event()  # what was told before this process began

    async def begun(self, within: float) -> None:
        """Return when it follows Redis for the first time, or after so many seconds without."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._known.wait(), within)

    async def run(self) -> None:
        """Follow until cancelled, whatever happens to Redis."""
        delay = 0.1
        while True:
            began = time.monotonic()
            try:
                await self._follow()
            except AWAY as error:
                metrics.loop_errors.labels("feed").inc()
                logger("live").warning("Redis is away, the screens stand still", reason=str(error))
            except Exception:  # the feed must not end: what it could not read is lost to this process alone
                metrics.loop_errors.labels("feed").inc()
                logger("live").exception("the feed stumbled")
            self._went_down()
            delay = 0.1 if time.monotonic() - began > 10 else min(delay * 2, 5.0)
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))
            metrics.feed_reconnects.inc()

    def _went_down(self) -> None:
        if self.up:
            self.up, self.lost_at = False, time.time()
            metrics.feed_up.set(0)
            if self.listener:
                self.listener.lost()

    async def _follow(self) -> None:
        async with self._redis.pubsub() as subscription:
            await subscription.subscribe(CHANNEL)
            while (message := await subscription.get_message(timeout=SILENCE_SECONDS)) is None:
                pass
            await self._catch_up()
            quiet = 0
            while True:
                message = await subscription.get_message(timeout=SILENCE_SECONDS)
                if message is None:
                    quiet += 1
                    if quiet > 2:
                        raise TimeoutError("Redis does not answer")
                    await subscription.ping()
                    continue
                quiet = 0
                if message["type"] == "message":
                    await self._take(message["data"])

    async def _catch_up(self) -> None:
        """The subscription stands: take what was told before it did."""
        epoch, seq = await position(self._redis)
        if epoch != self.epoch:
            self._begin_again(
                epoch, seq, "restarted"
            )  # who came before the first epoch was known has missed things too
        elif seq > self.seq:
            await self._fill(seq)
        self.up, self.lost_at = True, None
        self._known.set()
        metrics.feed_up.set(1)
        if self.listener:
            self.listener.found()

    def _begin_again(self, epoch: str, seq: int, reason: str) -> None:
        self.epoch, self.seq = epoch, seq
        self._memory.clear()
        if self.listener:
            self.listener.reset(reason)

    async def _fill(self, upto: int) -> None:
        """Take the facts after ours up to this number from the stream."""
        metrics.feed_gaps.inc()
        missed = await self._from_stream(self.seq + 1, upto)
        if missed is None:
            self._begin_again(self.epoch, upto, "too_old")
        else:
            self._pass_on(missed, time.time())

    async def _take(self, message: bytes) -> None:
        header, *items = message.split(b"\n")
        epoch_bytes, first_bytes, told_at = header.split(b"\t")
        epoch, first = epoch_bytes.decode(), int(first_bytes)
        if epoch != self.epoch:
            self._begin_again(epoch, first - 1, "restarted")
        if first > self.seq + 1:
            await self._fill(first - 1)
        facts = [read_item(first + index, item) for index, item in enumerate(items) if first + index > self.seq]
        self._pass_on(facts, float(told_at))

    def _pass_on(self, facts: Sequence[Heard], told_at: float) -> None:
        if facts:
            self._memory.extend(facts)
            self.seq = facts[-1].seq
            if self.listener:
                self.listener.hear(facts, told_at)
            metrics.fanout.observe(max(0.0, time.time() - told_at))

    async def since(self, epoch: str, seq: int) -> list[Heard] | None:
        """The facts after this number up to now; None if they are gone, or the number is of another epoch."""
        now = self.seq
        if epoch != self.epoch or seq > now + AHEAD:
            return None
        if seq >= now:
            return []
        if self._memory and self._memory[0].seq <= seq + 1:
            return list(itertools.islice(self._memory, seq + 1 - self._memory[0].seq, None))
        for pause in (0.1, 0.5, None):
            try:
                return await self._from_stream(seq + 1, now)
            except AWAY:  # often an idle connection that was cut: the next try makes a new one
                if pause is None or epoch != self.epoch:
                    break
                await asyncio.sleep(pause)
        return None

    async def _from_stream(self, first: int, last: int) -> list[Heard] | None:
        epoch = self.epoch
        async with self._redis.pipeline() as pipe:  # in one step: the numbers mean something else in another epoch
            pipe.get(EPOCH)
            pipe.xrange(STREAM, f"{first}-0", f"{last}-0")
            standing, entries = await pipe.execute()
        if standing != epoch.encode() or epoch != self.epoch:
            return None
        facts = [read_item(int(name.split(b"-")[0]), fields[b"f"]) for name, fields in entries]
        complete = len(facts) == last - first + 1
        return facts if complete else None
