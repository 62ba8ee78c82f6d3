"""The one subscription of a web process to what is published: in order, without gaps, for ever retried.

What was missed comes from Redis' history. If that is gone, or Redis has restarted (a new epoch), receivers are reset.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import Sequence
from typing import Protocol

from redis.asyncio import Redis
from redis.exceptions import RedisError

from console import metrics
from console.live.memory import FactMemory
from console.live.received import ReceivedFact, read_entries, read_message
from console.log import logger
from console.store.outbox import CHANNEL, EPOCH, STREAM, position

AT_ONCE = 50  # facts that are passed on between two turns of the event loop
BLOCK = 500  # facts that are read from the history at a time
SILENCE_SECONDS = 5.0  # after which the connection is tried with a ping
AWAY = (RedisError, OSError, TimeoutError)


class Receiver(Protocol):
    """What the feed calls; never waits."""

    def receive(self, facts: Sequence[ReceivedFact]) -> None:
        """New facts, in order, each once."""

    def disconnected(self) -> None:
        """Redis does not answer: nothing will come for a while."""

    def connected(self) -> None:
        """Redis is back, and what was missed has been received."""

    def reset(self, reason: str) -> None:
        """What was missed can't be had: read the database afresh."""


class Feed:
    """Follows Redis, and remembers the latest facts."""

    def __init__(self, redis: Redis, *, silence: float = SILENCE_SECONDS) -> None:
        """The client must not reconnect by itself: a gap would stay unnoticed."""
        self._redis = redis
        self._silence = silence
        self.receiver: Receiver | None = None
        self.epoch = ""
        self.seq = 0
        self.up = False
        self.memory = FactMemory()
        self._known = asyncio.Event()  # the number of the last fact published before this process began
        self._advanced = asyncio.Event()  # set at each new fact or epoch
        self._in_hand = False  # facts are being read or passed on: if that fails, receivers are reset

    async def ready(self, within: float) -> None:
        """Return when it follows Redis for the first time, or after so many seconds without."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._known.wait()

    async def run(self) -> None:
        """Follow until cancelled, whatever happens to Redis."""
        delay = 0.1
        while True:
            began = time.monotonic()
            try:
                await self._follow()
            except AWAY as error:
                metrics.loop_errors.labels("feed").inc()
                logger("live").warning("Redis does not answer, pages are not updated", reason=str(error))
            except Exception:  # the feed must not end, nor try for ever what it can't read: it is passed over
                metrics.loop_errors.labels("feed").inc()
                logger("live").exception("the feed has failed, and begins again")
            self._went_down()
            delay = 0.1 if time.monotonic() - began > 10 else min(delay * 2, 5.0)
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))
            metrics.feed_reconnects.inc()

    def _went_down(self) -> None:
        if self.up:
            self.up = False
            metrics.feed_up.set(0)
            if self.receiver:
                self.receiver.disconnected()

    async def _follow(self) -> None:
        async with self._redis.pubsub() as subscription:
            await subscription.subscribe(CHANNEL)
            if await subscription.get_message(timeout=self._silence) is None:
                raise TimeoutError("Redis does not answer")
            await self._catch_up()
            quiet = 0
            while True:
                message = await subscription.get_message(timeout=self._silence)
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
        """The subscription has begun: take what was published before it."""
        epoch, seq = await position(self._redis)
        if epoch != self.epoch or self._in_hand:  # who came before the first epoch was known has missed facts
            self._begin_again(epoch, seq, "unreadable" if epoch == self.epoch else "restarted")
        elif seq > self.seq:
            await self._fill(seq)
        self.up = True
        self._known.set()
        metrics.feed_up.set(1)
        if self.receiver:
            self.receiver.connected()

    def _begin_again(self, epoch: str, seq: int, reason: str) -> None:
        self.epoch, self.seq, self._in_hand = epoch, seq, False
        self.memory.clear()
        self._advanced.set()
        if self.receiver:
            self.receiver.reset(reason)

    async def _fill(self, upto: int) -> None:
        """Take the facts after ours up to this number from the stream."""
        metrics.feed_gaps.inc()
        missed = await self._from_stream(self.epoch, self.seq + 1, upto)
        if missed is None:
            self._begin_again(self.epoch, upto, "too_old")
        else:
            await self._pass_on(missed, time.time())

    async def _take(self, message: bytes) -> None:
        self._in_hand = True
        epoch, published_at, facts = read_message(message)
        self._in_hand = False
        first = facts[0].seq
        if epoch != self.epoch:
            self._begin_again(epoch, first - 1, "restarted")
        if first > self.seq + 1:
            await self._fill(first - 1)
        await self._pass_on([fact for fact in facts if fact.seq > self.seq], published_at)

    async def _pass_on(self, facts: Sequence[ReceivedFact], published_at: float) -> None:
        """A few at a time: pages are drawn meanwhile, and the event loop must go on."""
        for first in range(0, len(facts), AT_ONCE):
            if first:
                await asyncio.sleep(0)
            part = facts[first : first + AT_ONCE]
            self._in_hand = True
            self.memory.add(part)
            self.seq = part[-1].seq
            self._advanced.set()
            if self.receiver:
                self.receiver.receive(part)
            self._in_hand = False
        if facts:
            metrics.fanout.observe(max(0.0, time.time() - published_at))

    async def reach(self, epoch: str, seq: int, within: float) -> bool:
        """Wait for this position, at most so many seconds; False if it has not come, or is of another epoch."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                while epoch == self.epoch and self.seq < seq:
                    self._advanced.clear()
                    await self._advanced.wait()
        return epoch == self.epoch and self.seq >= seq

    async def since(self, epoch: str, seq: int) -> list[ReceivedFact] | None:
        """The facts after this number up to now; None if they are gone, or the number is of another epoch."""
        now = self.seq
        if epoch != self.epoch or seq > now:
            return None
        if (remembered := self.memory.after(seq)) is not None:
            return remembered
        for pause in (0.1, 0.5, 0.0):
            with contextlib.suppress(*AWAY):  # often an idle connection that was cut: the next try makes a new one
                return await self._from_stream(epoch, seq + 1, now)
            await asyncio.sleep(pause)
        return None

    async def _from_stream(self, epoch: str, first: int, last: int) -> list[ReceivedFact] | None:
        facts = list[ReceivedFact]()
        for begin in range(first, last + 1, BLOCK):  # a part at a time: the event loop goes on meanwhile
            end = min(begin + BLOCK - 1, last)
            async with self._redis.pipeline() as pipe:  # in one step: the numbers mean something else in another epoch
                pipe.get(EPOCH)
                pipe.xrange(STREAM, f"{begin}-0", f"{end}-0")
                current, entries = await pipe.execute()
            whole = current == epoch.encode() and epoch == self.epoch and len(entries) == end - begin + 1
            if not whole or (some := read_entries(entries)) is None:
                return None
            facts += some
        return facts
