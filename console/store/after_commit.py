"""What follows a commit: its facts are published, its job requests are handed over to the queue."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from console.log import logger
from console.store.job_requests import RequestRelay
from console.store.outbox import FactRelay


class AfterCommit:
    """Publishes and hands over what has been committed. What a crash keeps from that, others do: it is in rows."""

    def __init__(self, relay: FactRelay, requests: RequestRelay, *, answers_first: bool) -> None:
        """`answers_first`: who made the changes does not wait for it, as whoever clicks in a browser."""
        self._relay, self._requests, self._answers_first = relay, requests, answers_first
        self._running: set[asyncio.Task[None]] = set()

    async def follow(self, *, publishes: bool, hands_over: bool, waits: bool = False) -> None:
        """Publish what waits, and hand over what is asked for, or begin to. `waits`: until both are done."""
        if not (publishes or hands_over):
            return
        work = self._follow(publishes=publishes, hands_over=hands_over)
        if waits or not self._answers_first:
            await work
            return
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)

    async def ended(self) -> None:
        """Wait for what was begun."""
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _follow(self, *, publishes: bool, hands_over: bool) -> None:
        after: list[Coroutine[Any, Any, Any]] = []
        if publishes:
            after.append(self._relay.publish_waiting())
        if hands_over:
            after.append(self._requests.hand_over())
        await asyncio.gather(*after)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger(__name__).error("what was committed could not be published at once", exc_info=error)
