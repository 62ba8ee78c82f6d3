"""Questions that thousands ask at once, each about one key: asked of the database together, a few times a second."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Found = TypeVar("Found")

MANY = 5  # callers that one question is for; the next then comes later, so that it is for more
LATER = 1.5  # times as long after the question before


class Lookups(Generic[Key, Found]):
    """The first is asked at once; those that come while it is asked, or within `every_seconds`, are asked together.

    While many come, the questions follow each other more slowly, up to `longest_seconds`: their number grows with the
    duration of a rush and hardly with its size.
    """

    def __init__(
        self,
        ask: Callable[[Collection[Key]], Awaitable[Mapping[Key, Found]]],
        *,
        every_seconds: float,
        longest_seconds: float,
    ) -> None:
        """`ask`: what is known of these keys; unknown ones are left out."""
        self._ask = ask
        self._every_seconds, self._longest_seconds = every_seconds, longest_seconds
        self._pause = every_seconds
        self._callers = 0  # that wait for the next question
        self._waiting: dict[Key, asyncio.Future[Found | None]] = {}
        self._asking: asyncio.Task[None] | None = None
        self._asked_at = float("-inf")

    async def find(self, key: Key) -> Found | None:
        """What is known of this key at some moment after the call; None if nothing is. Raises what asking raises."""
        loop = asyncio.get_running_loop()
        self._callers += 1
        if (waiting := self._waiting.get(key)) is None:
            waiting = self._waiting[key] = loop.create_future()
        if self._asking is None:
            self._asking = loop.create_task(self._run())
        return await asyncio.shield(waiting)  # others may wait for the same

    async def _run(self) -> None:
        clock = asyncio.get_running_loop().time
        try:
            while self._waiting:
                await asyncio.sleep(self._asked_at + self._pause - clock())
                self._asked_at = clock()
                waiting, self._waiting = self._waiting, {}
                is_rush, self._callers = self._callers >= MANY, 0
                self._pause = min(self._pause * LATER, self._longest_seconds) if is_rush else self._every_seconds
                try:
                    found = await self._ask(list(waiting))
                except Exception as error:  # each of them fails as if it had asked alone
                    for one in waiting.values():
                        one.set_exception(error)
                        one.exception()  # its caller may be gone
                else:
                    for key, one in waiting.items():
                        one.set_result(found.get(key))
        finally:
            self._asking = None
