"""What a client has sent and the application has not yet read."""

import asyncio
from typing import Any


class ReceiveQueue:
    """Messages in the order in which they came, for one reader. `asyncio.Queue` holds 3 KB even while it is empty."""

    __slots__ = ("_messages", "_reader")

    def __init__(self) -> None:
        self._messages: list[Any] = []
        self._reader: asyncio.Future[None] | None = None

    def empty(self) -> bool:
        """Whether nothing waits to be read."""
        return not self._messages

    def put_nowait(self, message: Any) -> None:
        """Add one at the end, and wake the reader."""
        self._messages.append(message)
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    async def get(self) -> Any:
        """The oldest, once there is one."""
        while not self._messages:
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        return self._messages.pop(0)
