"""How a text gets to a server: through a pipe, by Redis' publish, or by the outbox's own step in Redis."""

import time
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable, Sequence

from installation import Installation

from console.facts.network import NetworkEventReported
from console.store.outbox import EPOCH, KEPT, PUBLISH_SCRIPT, PUBLISHED, SEQUENCE, STREAM

KIND = NetworkEventReported.__struct_config__.tag
Send = Callable[[Sequence[str]], Awaitable[None]]  # some texts in one step


def through_pipe(process: Process) -> Send:
    """Send a process that reads lines."""

    async def send(texts: Sequence[str]) -> None:
        assert process.stdin is not None
        process.stdin.write("".join(f"{text}\n" for text in texts).encode())
        await process.stdin.drain()

    return send


def through_redis(installation: Installation, channel: str) -> Send:
    """Send who has subscribed to a channel."""

    async def send(texts: Sequence[str]) -> None:
        for text in texts:
            await installation.db.redis.publish(channel, text)

    return send


def through_outbox(installation: Installation) -> Send:
    """Send the console. It puts the epoch and a number in front, so the text's own are taken off."""
    script, number = installation.db.redis.register_script(PUBLISH_SCRIPT), installation.organization_id
    row = time.time_ns()

    async def send(texts: Sequence[str]) -> None:
        nonlocal row
        row += 1
        items = [f"{number}\t{KIND}\t\t{{{text.split(',', 2)[2]}" for text in texts]
        arguments: list[str | int] = [KEPT, repr(time.time()), 1, row, "\n".join(items)]
        await script(keys=[EPOCH, SEQUENCE, STREAM, PUBLISHED], args=arguments)

    return send
