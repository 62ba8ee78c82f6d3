"""Who hears what: takes facts from the feed and puts them in line for the connections that may hear them."""

from collections.abc import Sequence

import msgspec

from console import metrics
from console.facts import topics
from console.live.feed import Feed, Heard
from console.live.subscriber import Subscriber

MOST_OF_ONE = 100  # connections of one user or key

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

    def join(self, subscriber: Subscriber) -> bool:
        """From now on it hears what comes after the feed's present number; False if its caller has too many already."""
        handle = subscriber.caller.handle
        if self._handles.get(handle, 0) >= MOST_OF_ONE:
            return False
        self._handles[handle] = self._handles.get(handle, 0) + 1
        subscriber.seq = subscriber.joined = self.feed.seq
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
            if topic.startswith("sim:"):
                found.setdefault(organization_id, set()).add(topic.removeprefix("sim:"))
        return found

    def hear(self, facts: Sequence[Heard], told_at: float) -> None:
        """Put each fact in line for those who may hear it. Who listens to several of its topics gets it once."""
        for heard in facts:
            hearers: set[Subscriber] = set()
            for topic in topics(heard.kind, heard.subject):
                hearers |= self._by_topic.get((heard.organization_id, topic), set())
            for subscriber in hearers:
                subscriber.hear(heard, self.feed.epoch)

    def lost(self) -> None:
        """Say on every screen that it stands still."""
        self._say_all({"type": "stream.stale", "reason": "redis"})

    def found(self) -> None:
        """Say on every screen that it moves again."""
        self._say_all({"type": "stream.live"})

    def reset(self, reason: str) -> None:
        """Say that the past is gone: fetch a snapshot. Numbers begin anew, for everybody."""
        for subscriber in self.subscribers():
            subscriber.seq = self.feed.seq
        self._say_all({"type": "stream.reset", "epoch": self.feed.epoch, "seq": self.feed.seq, "reason": reason})

    def end_all(self, code: int) -> None:
        """The process ends."""
        for subscriber in self.subscribers():
            subscriber.end(code)

    def _say_all(self, message: dict[str, object]) -> None:
        text = msgspec.json.encode(message).decode()
        for subscriber in self.subscribers():
            subscriber.put(text)
