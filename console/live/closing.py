"""How a connection is closed: with a code and words, and without waiting long for a client that reads nothing."""

import asyncio
import contextlib

from console import metrics
from console.live.access import Socket
from console.live.messages import REASONS
from console.live.subscriber import Subscriber

FAILED = 1011
GRACE_SECONDS = 2.0  # for a client that reads nothing to take its close code


async def close(socket: Socket, code: int, endpoint: str, reason: str | None = None) -> None:
    """End the connection with a code that says why, and with words."""
    reason = reason or REASONS.get(code, "")
    metrics.sockets_cut.labels(endpoint, reason or str(code)).inc()
    with contextlib.suppress(Exception):  # it may be gone, and nothing is lost with it
        async with asyncio.timeout(GRACE_SECONDS):
            await socket.close(code=code, reason=reason)


async def end(socket: Socket, subscriber: Subscriber, code: int) -> None:
    """End a connection that stands; what a client does not read is dropped after a moment of grace."""
    await close(socket, code, subscriber.endpoint)
    if subscriber.writer.waiting():
        await asyncio.sleep(GRACE_SECONDS)
        subscriber.writer.abort()
