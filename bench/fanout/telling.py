"""How a text gets to a server: through a pipe, by Redis' publish, or by the outbox's own step in Redis."""

import time
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable, Sequence

from house import House

from console.store.outbox import EPOCH, KEPT, PUBLISH_SCRIPT, PUBLISHED, SEQUENCE, STREAM

Tell = Callable[[Sequence[str]], Awaitable[None]]  # some texts in one step


def through(process: Process) -> Tell:
    """Tell a process that reads lines."""

    async def tell(texts: Sequence[str]) -> None:
        assert process.stdin is not None
        process.stdin.write("".join(f"{text}\n" for text in texts).encode())
        await process.stdin.drain()

    return tell


def published(house: House, channel: str) -> Tell:
    """Tell who has subscribed to a channel."""

    async def tell(texts: Sequence[str]) -> None:
        for text in texts:
            await house.db.redis.publish(channel, text)

    return tell


def as_the_outbox(house: House) -> Tell:
    """Tell the console. It puts the epoch and a number in front, so the text's own are taken off."""
    script, number = house.db.redis.register_script(PUBLISH_SCRIPT), house.organization_id
    row = time.time_ns()

    async def tell(texts: Sequence[str]) -> None:
        nonlocal row
        row += 1
        items = [f"{number}\tsim.event\t\t{{{text.split(',', 2)[2]}" for text in texts]
        arguments: list[str | int] = [KEPT, repr(time.time()), 1, row, "\n".join(items)]
        await script(keys=[EPOCH, SEQUENCE, STREAM, PUBLISHED], args=arguments)

    return tell
