"""Routes facts from the feed to the groups that listen to their topics."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import msgspec

from console import metrics
from console.facts import topics
from console.live.encoding import Encoding
from console.live.feed import Feed
from console.live.flushing import Flushing
from console.live.frames import frame_of
from console.live.group import Group, Member
from console.live.messages import StreamHeartbeat, StreamLive, StreamReset, StreamStale
from console.live.places import Places
from console.live.received import ReceivedFact
from console.live.replay import Replays
from console.live.subscriber import Subscriber
from console.log import logger

Topic = tuple[int, str]
GroupKey = tuple[int, Encoding, frozenset[str]]  # what the members of a group have in common


class Hub:
    """One for each web process. Routing is by organization first: what is another's can't be named."""

    def __init__(self, feed: Feed, places: Places | None = None) -> None:
        self.feed = feed
        feed.receiver = self
        self._by_topic: dict[Topic, set[Group]] = {}
        self._groups: dict[GroupKey, Group] = {}
        self._all: dict[Subscriber, GroupKey] = {}
        self._places = places or Places()
        self._latest: dict[tuple[int, str], int] = {}  # the number of the last fact, by organization and kind
        self._reset_at = 0  # the feed's number when the past was last lost
        self._flushing = Flushing(feed, self._all)
        self.replays = Replays(feed)

    def join(self, subscriber: Subscriber) -> str | None:
        """From now on it receives what comes after the feed's number; or why not: there are too many already."""
        if refusal := self._places.take(subscriber.client):
            return refusal
        subscriber.due = self._flushing.plan
        subscriber.joined = self.feed.seq
        self._enter_group(subscriber)
        metrics.sockets.labels(subscriber.endpoint).inc()
        return None

    def leave(self, subscriber: Subscriber) -> None:
        """It receives nothing more."""
        self._leave_group(subscriber)
        self._places.give_back(subscriber.client)
        metrics.sockets.labels(subscriber.endpoint).dec()

    def listen(self, subscriber: Subscriber, wanted: frozenset[str]) -> None:
        """It listens to these topics instead."""
        if wanted != subscriber.topics:
            self._leave_group(subscriber)
            subscriber.topics = wanted
            self._enter_group(subscriber)
            if not subscriber.holding:
                subscriber.release()

    def _enter_group(self, subscriber: Subscriber) -> None:
        """Make it a member of its group, once the others have got what waits for them."""
        organization_id = subscriber.client.organization_id
        key = (organization_id, subscriber.encoding, subscriber.topics)
        group = self._groups.get(key)
        if group is None:
            group = Group(subscriber.endpoint, subscriber.encoding, subscriber.topics, self._flushing.plan_for_all)
            self._groups[key] = group
            for topic in subscriber.topics:
                self._by_topic.setdefault((organization_id, topic), set()).add(group)
        group.flush(self.feed.seq)
        group.detach(subscriber)
        subscriber.group, subscriber.topics = group, group.topics  # one set for all of them
        self._all[subscriber] = key

    def _leave_group(self, subscriber: Subscriber) -> None:
        """Take it out of its group, with what waits for all of them."""
        key, group = self._all.pop(subscriber), subscriber.group
        group.flush(self.feed.seq)
        group.leave(subscriber)
        if not len(group):
            del self._groups[key]
            for topic in group.topics:
                listening = self._by_topic[key[0], topic]
                listening.discard(group)
                if not listening:
                    del self._by_topic[key[0], topic]

    def subscribers(self) -> list[Subscriber]:
        """Every open connection."""
        return list(self._all)

    def listening(self, organization_id: int, topic: str) -> list[Member]:
        """The connections that listen to this topic."""
        groups = self._by_topic.get((organization_id, topic), ())
        return [member for group in groups for member in group.members()]

    def topics(self) -> dict[int, set[str]]:
        """The topics that somebody listens to, by organization."""
        found: dict[int, set[str]] = {}
        for organization_id, topic in self._by_topic:
            found.setdefault(organization_id, set()).add(topic)
        return found

    def last(self, organization_id: int, kind: str) -> int:
        """The number of the organization's last fact of this kind; what was lost with the past may have been one."""
        return self._latest.get((organization_id, kind), self._reset_at)

    def receive(self, facts: Sequence[ReceivedFact]) -> None:
        """Queue each fact for those who may receive it. Who listens to several of its topics gets it once."""
        epoch = self.feed.epoch
        for fact in facts:
            self._latest[fact.organization_id, fact.kind] = fact.seq
            groups = self._groups_of(fact)
            try:
                for group in groups:
                    group.receive(fact, epoch)
            except Exception:  # one fact that can't be encoded must not keep the others from being sent
                metrics.loop_errors.labels("encoding").inc()
                logger("live").exception("a fact could not be encoded", kind=fact.kind, seq=fact.seq)
                self._send_to(groups, self.reset_message("unreadable"))

    def _groups_of(self, fact: ReceivedFact) -> Iterable[Group]:
        listening = [
            found
            for topic in topics(fact.kind, fact.subject)
            if (found := self._by_topic.get((fact.organization_id, topic)))
        ]
        return listening[0] if len(listening) == 1 else set[Group]().union(*listening)

    def heartbeat(self) -> None:
        """Send everybody a heartbeat, with the number of the fact that they are up to."""
        frame = frame_of(StreamHeartbeat(seq=self.feed.seq, time=datetime.now(UTC)), "heartbeat")
        for group in self._groups.values():
            group.put(frame)

    def disconnected(self) -> None:
        """Say on every connection that nothing will come for a while."""
        self._send_to(self._groups.values(), StreamStale(reason="redis"))

    def connected(self) -> None:
        """Say on every connection that what was missed has been sent."""
        self._send_to(self._groups.values(), StreamLive())

    def reset(self, reason: str) -> None:
        """Say that the past is gone: fetch a snapshot. Numbers begin anew, for everybody."""
        self._latest.clear()
        self._reset_at = self.feed.seq
        self._send_to(self._groups.values(), self.reset_message(reason))

    def reset_message(self, reason: str) -> StreamReset:
        """The message that the past is gone, as of now."""
        return StreamReset(epoch=self.feed.epoch, seq=self.feed.seq, reason=reason)

    def end_all(self, code: int) -> None:
        """The process ends."""
        for subscriber in self.subscribers():
            subscriber.end(code)

    def _send_to(self, groups: Iterable[Group], message: msgspec.Struct) -> None:
        frame = frame_of(message)
        for group in groups:
            group.put(frame)
