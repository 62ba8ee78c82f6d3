"""Who hears what: takes facts from the feed, puts them in line for those who may hear them, and sends what is in line.

All that has come within one beat of `FLUSH_SECONDS` leaves in one write for each connection; the first of a quiet time
leaves at once.
"""

import asyncio
import time
from collections.abc import Iterable, Sequence

import msgspec

from console import metrics
from console.facts import topics
from console.live.feed import Feed, Heard
from console.live.frames import said
from console.live.messages import StreamLive, StreamReset, StreamStale
from console.live.subscriber import Subscriber
from console.live.topics import sims_in
from console.log import logger

MOST_OF_ONE = 100  # connections of one user or key
FLUSH_SECONDS = 0.025

Topic = tuple[int, str]


class Hub:
    """One for each web process. Routing is by organization first: what is another's can't be named."""

    def __init__(self, feed: Feed) -> None:
        """Listen to the feed."""
        self.feed = feed
        feed.listener = self
        self._by_topic: dict[Topic, set[Subscriber]] = {}
        self._all: set[Subscriber] = set()
        self._handles: dict[str, int] = {}
        self._due: list[Subscriber] = []
        self._flush_at = 0.0  # the loop's time of the last flush, or of the one that is planned
        self._planned = False

    def join(self, subscriber: Subscriber) -> bool:
        """From now on it hears what comes after the feed's present number; False if its caller has too many already."""
        handle = subscriber.caller.handle
        if self._handles.get(handle, 0) >= MOST_OF_ONE:
            return False
        self._handles[handle] = self._handles.get(handle, 0) + 1
        subscriber.due = self._plan
        subscriber.heard_before = subscriber.joined = self.feed.seq
        self._all.add(subscriber)
        self._index(subscriber, subscriber.topics)
        metrics.sockets.labels(subscriber.door).inc()
        return True

    def leave(self, subscriber: Subscriber) -> None:
        """It hears no more."""
        self._all.discard(subscriber)
        self._unindex(subscriber, subscriber.topics)
        handle = subscriber.caller.handle
        self._handles[handle] -= 1
        if not self._handles[handle]:
            del self._handles[handle]
        metrics.sockets.labels(subscriber.door).dec()

    def listen(self, subscriber: Subscriber, wanted: frozenset[str]) -> None:
        """It listens to these topics instead."""
        self._unindex(subscriber, subscriber.topics - wanted)
        self._index(subscriber, wanted - subscriber.topics)
        subscriber.topics = wanted

    def _index(self, subscriber: Subscriber, wanted: frozenset[str]) -> None:
        for topic in wanted:
            self._by_topic.setdefault((subscriber.caller.organization_id, topic), set()).add(subscriber)

    def _unindex(self, subscriber: Subscriber, unwanted: frozenset[str]) -> None:
        for topic in unwanted:
            key = (subscriber.caller.organization_id, topic)
            if listening := self._by_topic.get(key):
                listening.discard(subscriber)
                if not listening:
                    del self._by_topic[key]

    def subscribers(self) -> list[Subscriber]:
        """Everybody who listens."""
        return list(self._all)

    def listening(self, organization_id: int, topic: str) -> list[Subscriber]:
        """Who listens to this topic."""
        return list(self._by_topic.get((organization_id, topic), ()))

    def on_screen(self) -> dict[int, set[str]]:
        """The SIMs that somebody looks at, by organization."""
        found: dict[int, set[str]] = {}
        for organization_id, topic in self._by_topic:
            for iccid in sims_in([topic]):
                found.setdefault(organization_id, set()).add(iccid)
        return found

    def hear(self, facts: Sequence[Heard], told_at: float) -> None:
        """Put each fact in line for those who may hear it. Who listens to several of its topics gets it once."""
        epoch = self.feed.epoch
        for heard in facts:
            hearers = self._hearers(heard)
            try:
                for subscriber in hearers:
                    subscriber.hear(heard, epoch)
            except Exception:  # one fact that can't be put into words must not keep the others from being told
                logger("live").exception("a fact could not be told", kind=heard.kind, seq=heard.seq)
                self._say(hearers, self.resetting("unreadable"))

    def _hearers(self, heard: Heard) -> Iterable[Subscriber]:
        listening = [
            found
            for topic in topics(heard.kind, heard.subject)
            if (found := self._by_topic.get((heard.organization_id, topic)))
        ]
        return listening[0] if len(listening) == 1 else set[Subscriber]().union(*listening)

    def _plan(self, subscriber: Subscriber) -> None:
        """Something waits for it: see that it is sent with the next flush."""
        self._due.append(subscriber)
        if not self._planned:
            self._planned = True
            loop = asyncio.get_running_loop()
            self._flush_at = max(loop.time(), self._flush_at + FLUSH_SECONDS)
            loop.call_at(self._flush_at, self._flush)

    def _go_on(self, subscriber: Subscriber) -> None:
        """It keeps up, but there was too much for one write: send on as soon as the others have had theirs."""
        asyncio.get_running_loop().call_soon(self._send, [subscriber])

    def _flush(self) -> None:
        """Send what waits. Who is behind keeps it, and is looked at again with the next flush."""
        self._planned = False
        due, self._due = self._due, []
        self._send(due)

    def _send(self, due: Sequence[Subscriber]) -> None:
        now, reached = time.monotonic(), self.feed.seq
        sent: dict[str, int] = {}
        for subscriber in due:
            try:
                frames = subscriber.flush(now, reached)
            except Exception:  # one broken connection must not keep the others waiting
                logger("live").exception("a connection could not be written to")
                subscriber.end(1011)
                continue
            sent[subscriber.door] = sent.get(subscriber.door, 0) + frames
            if subscriber.is_waiting and not subscriber.holding:
                (self._go_on if frames else self._plan)(subscriber)
        for door, frames in sent.items():
            metrics.frames.labels(door).inc(frames)

    def lost(self) -> None:
        """Say on every screen that it stands still."""
        self._say(self._all, StreamStale(reason="redis"))

    def found(self) -> None:
        """Say on every screen that it moves again."""
        self._say(self._all, StreamLive())

    def reset(self, reason: str) -> None:
        """Say that the past is gone: fetch a snapshot. Numbers begin anew, for everybody."""
        for subscriber in self._all:
            subscriber.heard_before = self.feed.seq
        self._say(self._all, self.resetting(reason))

    def resetting(self, reason: str) -> StreamReset:
        """The word for a past that is gone, as of now."""
        return StreamReset(epoch=self.feed.epoch, seq=self.feed.seq, reason=reason)

    def end_all(self, code: int) -> None:
        """The process ends."""
        for subscriber in self.subscribers():
            subscriber.end(code)

    def _say(self, hearers: Iterable[Subscriber], message: msgspec.Struct) -> None:
        frame = said(message)
        for subscriber in hearers:
            subscriber.put(frame)
