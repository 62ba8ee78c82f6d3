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
from console.live.audience import Audience
from console.live.feed import AHEAD, Feed, Heard
from console.live.frames import said
from console.live.messages import StreamHeartbeat, StreamLive, StreamReset, StreamStale
from console.live.subscriber import Phrasing, Subscriber
from console.live.topics import sims_in
from console.log import logger

MOST_OF_ONE = 100  # connections of one user or key
FLUSH_SECONDS = 0.025

Topic = tuple[int, str]
Seat = tuple[int, Phrasing, frozenset[str], int]  # what those of an audience have in common


class Hub:
    """One for each web process. Routing is by organization first: what is another's can't be named."""

    def __init__(self, feed: Feed) -> None:
        """Listen to the feed."""
        self.feed = feed
        feed.listener = self
        self._by_topic: dict[Topic, set[Audience]] = {}
        self._audiences: dict[Seat, Audience] = {}
        self._all: dict[Subscriber, Seat] = {}
        self._handles: dict[str, int] = {}
        self._due_audiences: list[Audience] = []
        self._due: list[Subscriber] = []
        self._flush_at = 0.0  # the loop's time of the last flush, or of the one that is planned
        self._planned = False

    def join(self, subscriber: Subscriber, since: tuple[str, int] | None = None) -> bool:
        """From now on it hears what comes after the feed's present number; False if its caller has too many already.

        `since` is how far it is: it may have heard more, from another process, than this process yet has.
        """
        handle = subscriber.caller.handle
        if self._handles.get(handle, 0) >= MOST_OF_ONE:
            return False
        self._handles[handle] = self._handles.get(handle, 0) + 1
        subscriber.due = self._plan
        subscriber.joined = self.feed.seq
        ahead = since is not None and since[0] == self.feed.epoch and since[1] <= self.feed.seq + AHEAD
        subscriber.heard_before = max(self.feed.seq, since[1] if since and ahead else 0)
        self._sit_down(subscriber)
        metrics.sockets.labels(subscriber.door).inc()
        return True

    def leave(self, subscriber: Subscriber) -> None:
        """It hears no more."""
        self._stand_up(subscriber)
        handle = subscriber.caller.handle
        self._handles[handle] -= 1
        if not self._handles[handle]:
            del self._handles[handle]
        metrics.sockets.labels(subscriber.door).dec()

    def listen(self, subscriber: Subscriber, wanted: frozenset[str]) -> None:
        """It listens to these topics instead."""
        if wanted != subscriber.topics:
            self._stand_up(subscriber)
            subscriber.topics = wanted
            self._sit_down(subscriber)
            if not subscriber.holding:
                subscriber.release()

    def _sit_down(self, subscriber: Subscriber) -> None:
        """Put it among those who hear the same, once they have got what waits for them."""
        organization_id = subscriber.caller.organization_id
        ahead = subscriber.heard_before if subscriber.heard_before > self.feed.seq else 0
        seat = (organization_id, subscriber.phrasing, subscriber.topics, ahead)
        audience = self._audiences.get(seat)
        if audience is None:
            audience = Audience(subscriber.door, subscriber.phrasing, subscriber.topics, ahead, self._plan_for_all)
            self._audiences[seat] = audience
            for topic in subscriber.topics:
                self._by_topic.setdefault((organization_id, topic), set()).add(audience)
        audience.flush(self.feed.seq)
        audience.set_apart(subscriber)
        subscriber.audience = audience
        self._all[subscriber] = seat

    def _stand_up(self, subscriber: Subscriber) -> None:
        """Take it from those who hear the same, with what waits for all of them."""
        seat, audience = self._all.pop(subscriber), subscriber.audience
        audience.flush(self.feed.seq)
        audience.leave(subscriber)
        if not len(audience):
            del self._audiences[seat]
            for topic in audience.topics:
                listening = self._by_topic[seat[0], topic]
                listening.discard(audience)
                if not listening:
                    del self._by_topic[seat[0], topic]

    def subscribers(self) -> list[Subscriber]:
        """Everybody who listens."""
        return list(self._all)

    def listening(self, organization_id: int, topic: str) -> list[Subscriber]:
        """Who listens to this topic."""
        audiences = self._by_topic.get((organization_id, topic), ())
        return [subscriber for audience in audiences for subscriber in audience.members()]

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
            audiences = self._audiences_of(heard)
            try:
                for audience in audiences:
                    audience.hear(heard, epoch)
            except Exception:  # one fact that can't be put into words must not keep the others from being told
                logger("live").exception("a fact could not be told", kind=heard.kind, seq=heard.seq)
                self._say(audiences, self.resetting("unreadable"))

    def _audiences_of(self, heard: Heard) -> Iterable[Audience]:
        listening = [
            found
            for topic in topics(heard.kind, heard.subject)
            if (found := self._by_topic.get((heard.organization_id, topic)))
        ]
        return listening[0] if len(listening) == 1 else set[Audience]().union(*listening)

    def _plan_for_all(self, audience: Audience) -> None:
        """Something waits for all of these: see that it is sent with the next flush."""
        self._due_audiences.append(audience)
        self._plan_flush()

    def _plan(self, subscriber: Subscriber) -> None:
        """Something waits for this one alone: see that it is sent with the next flush."""
        self._due.append(subscriber)
        self._plan_flush()

    def _plan_flush(self) -> None:
        if not self._planned:
            self._planned = True
            loop = asyncio.get_running_loop()
            self._flush_at = max(loop.time(), self._flush_at + FLUSH_SECONDS)
            loop.call_at(self._flush_at, self._flush)

    def _go_on(self, subscriber: Subscriber) -> None:
        """It keeps up, but there was too much for one write: send on as soon as the others have had theirs."""
        asyncio.get_running_loop().call_soon(self._send, [subscriber])

    def _flush(self) -> None:
        """Send what waits: first what is for all, then what is for one. Who is behind is looked at again next time."""
        self._planned = False
        audiences, self._due_audiences = self._due_audiences, []
        for audience in audiences:
            metrics.frames.labels(audience.door).inc(audience.flush(self.feed.seq))
        due, self._due = self._due, []
        self._send(due)

    def _send(self, due: Sequence[Subscriber]) -> None:
        now, reached = time.monotonic(), self.feed.seq
        for subscriber in due:
            if subscriber not in self._all:
                continue
            try:
                frames = subscriber.flush(now, reached)
            except Exception:  # one broken connection must not keep the others waiting
                logger("live").exception("a connection could not be written to")
                subscriber.end(1011)
                continue
            metrics.frames.labels(subscriber.door).inc(frames)
            if subscriber.is_waiting and not subscriber.holding:
                (self._go_on if frames else self._plan)(subscriber)

    def beat(self) -> None:
        """A sign of life for all: how far they are. Who has heard more elsewhere is not taken back."""
        reached = self.feed.seq
        frame = said(StreamHeartbeat(seq=reached))
        for audience in self._audiences.values():
            if audience.heard_before <= reached:
                audience.put(frame, "heartbeat")

    def lost(self) -> None:
        """Say on every screen that it stands still."""
        self._say(self._audiences.values(), StreamStale(reason="redis"))

    def found(self) -> None:
        """Say on every screen that it moves again."""
        self._say(self._audiences.values(), StreamLive())

    def reset(self, reason: str) -> None:
        """Say that the past is gone: fetch a snapshot. Numbers begin anew, for everybody."""
        for audience in self._audiences.values():
            audience.heard_before = 0
        for subscriber in self._all:
            subscriber.heard_before = 0
        self._say(self._audiences.values(), self.resetting(reason))

    def resetting(self, reason: str) -> StreamReset:
        """The word for a past that is gone, as of now."""
        return StreamReset(epoch=self.feed.epoch, seq=self.feed.seq, reason=reason)

    def end_all(self, code: int) -> None:
        """The process ends."""
        for subscriber in self.subscribers():
            subscriber.end(code)

    def _say(self, audiences: Iterable[Audience], message: msgspec.Struct) -> None:
        frame = said(message)
        for audience in audiences:
            audience.put(frame)
