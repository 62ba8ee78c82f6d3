"""Large pages are drawn beside the event loop, which twenty milliseconds of drawing would hold.

One at a time, for two threads that draw gain nothing from each other and keep the loop waiting twice as often; and of
each client one, so that whoever asks for many keeps others waiting for one of them alone. Of those that wait, short
pages come first, as if each row had come later by DELAY_SECONDS: a client with many names that asks for long pages does
not keep those waiting who ask for short ones, and a long one waits two seconds more at most.
"""

import asyncio
import heapq
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from itertools import count

DELAY_SECONDS = 0.01

_thread = ThreadPoolExecutor(1, thread_name_prefix="pages")


class Turn:
    """The pages of one client that wait or are drawn."""

    __slots__ = ("drawing", "pages")

    def __init__(self) -> None:
        self.drawing = asyncio.Lock()
        self.pages = 0


class Queue:
    """Who waits for the thread, by when it is to be their turn."""

    def __init__(self) -> None:
        self._taken = False
        self._numbers = count()
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []

    async def take(self, rows: int) -> None:
        """Wait for the thread; it must be given back."""
        if not self._taken:
            self._taken = True
            return
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (time.monotonic() + rows * DELAY_SECONDS, next(self._numbers), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it was this one's turn already
                self.give_back()
            raise

    def give_back(self) -> None:
        """Let the next one have it."""
        while self._waiting:
            turn = heapq.heappop(self._waiting)[2]
            if not turn.done():
                turn.set_result(None)
                return
        self._taken = False


_turns: dict[str, Turn] = {}
_queue = Queue()


async def drawn(client: str, draw: Callable[[], str], rows: int = 0) -> str:
    """What `draw` returns, when it is this client's turn; it is called in a thread of its own. `rows`: its length."""
    turn = _turns.setdefault(client, Turn())
    turn.pages += 1
    try:
        async with turn.drawing:
            await _queue.take(rows)
            try:
                return await asyncio.get_running_loop().run_in_executor(_thread, copy_context().run, draw)
            finally:
                _queue.give_back()
    finally:
        turn.pages -= 1
        if not turn.pages:
            del _turns[client]
