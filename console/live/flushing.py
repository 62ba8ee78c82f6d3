"""Sends what waits: all that has come within FLUSH_SECONDS leaves in one write for each connection.

The first of a quiet time leaves at once.
"""

import asyncio
import time
from collections.abc import Container, Sequence

from console import metrics
from console.live.feed import Feed
from console.live.group import Group
from console.live.subscriber import Subscriber
from console.log import logger

FLUSH_SECONDS = 0.025


class Flushing:
    """Plans the next flush when something begins to wait, and carries it out."""

    def __init__(self, feed: Feed, joined: Container[Subscriber]) -> None:
        """`joined`: the subscribers that are still connected."""
        self._feed = feed
        self._joined = joined
        self._groups: list[Group] = []
        self._subscribers: list[Subscriber] = []
        self._at = 0.0  # the loop's time of the last flush, or of the one that is planned
        self._planned = False

    def plan_for_all(self, group: Group) -> None:
        """Something waits for all members of a group: send it with the next flush."""
        self._groups.append(group)
        self._plan()

    def plan(self, subscriber: Subscriber) -> None:
        """Something waits for this one alone: send it with the next flush."""
        self._subscribers.append(subscriber)
        self._plan()

    def _plan(self) -> None:
        if not self._planned:
            self._planned = True
            loop = asyncio.get_running_loop()
            self._at = max(loop.time(), self._at + FLUSH_SECONDS)
            loop.call_at(self._at, self._flush)

    def _flush(self) -> None:
        """First what is for all, then what is for one. A client that is behind is tried again with the next flush."""
        self._planned = False
        groups, self._groups = self._groups, []
        for group in groups:
            try:
                frames = group.flush(self._feed.seq)
            except Exception:  # one group must not keep the others waiting; its members come back for what they missed
                metrics.loop_errors.labels("flush").inc()
                logger("live").exception("connections could not be written to", number=len(group))
                for member in group.members():
                    member.end(1011)
                continue
            metrics.frames.labels(group.endpoint).inc(frames)
        subscribers, self._subscribers = self._subscribers, []
        self._send(subscribers)

    def _send(self, subscribers: Sequence[Subscriber]) -> None:
        now, reached = time.monotonic(), self._feed.seq
        for subscriber in subscribers:
            if subscriber not in self._joined:
                continue
            try:
                frames = subscriber.flush(now, reached)
            except Exception:  # one broken connection must not keep the others waiting
                metrics.loop_errors.labels("flush").inc()
                logger("live").exception("a connection could not be written to")
                subscriber.end(1011)
                continue
            metrics.frames.labels(subscriber.endpoint).inc(frames)
            if subscriber.is_waiting and not subscriber.holding:
                (self._go_on if frames else self.plan)(subscriber)

    def _go_on(self, subscriber: Subscriber) -> None:
        """It keeps up, but there was too much for one write: send on as soon as the others have had theirs."""
        asyncio.get_running_loop().call_soon(self._send, [subscriber])
