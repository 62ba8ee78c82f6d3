"""The application: everything that answers a browser or a program.

Python 3.11 waits in its processes as Python 3.12 does: its own `asyncio.wait_for`, by which redis-py sends each
command, loses a cancellation that comes when what it waits for has just ended (cpython issue gh-86296). A task that was
asked to end went on for ever then, and with it the process that waited for the task.
"""

import asyncio
import sys
from collections.abc import Awaitable
from typing import TypeVar

Found = TypeVar("Found")


async def wait_for(awaitable: Awaitable[Found], timeout: float | None) -> Found:
    """What `awaitable` returns; TimeoutError if that takes more than so many seconds, and then it is cancelled."""
    if timeout is not None and timeout <= 0:
        task = asyncio.ensure_future(awaitable)
        if not task.done():
            task.cancel()
            await asyncio.wait([task])
        try:
            return task.result()
        except asyncio.CancelledError as error:
            raise TimeoutError from error
    async with asyncio.timeout(timeout):
        return await awaitable


if sys.version_info < (3, 12):
    asyncio.wait_for = asyncio.tasks.wait_for = wait_for  # type: ignore[assignment]  # noqa: TID251
