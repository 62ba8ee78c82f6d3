"""Long work gives way to short: files are made part by part, one part at a time in a process, with rests."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from typing import TypeVar

Part = TypeVar("Part", bytes, str)
Item = TypeVar("Item")

AT_ONCE = 1_000  # of many things that each take some microseconds: others wait a few milliseconds

LONGEST_REST = 0.25  # seconds: after a part that waited for a busy database


async def giving_way(parts: AsyncIterator[Part], turn: asyncio.Lock) -> AsyncIterator[Part]:
    """These parts, each made in `turn`, which all long answers of a process share, and followed by as long a rest.

    So all of them together take half of the loop at most, however many are asked for. Nothing is held while a part is
    sent.
    """
    made = True
    while made:
        async with turn:
            began = time.monotonic()
            part = await anext(parts, None)
            await asyncio.sleep(min(LONGEST_REST, time.monotonic() - began))
        made = part is not None
        if part is not None:
            yield part


async def by_parts(items: Sequence[Item], most: int = AT_ONCE) -> AsyncIterator[Sequence[Item]]:
    """These items, some at a time; between them the loop looks after others."""
    for start in range(0, len(items), most):
        yield items[start : start + most]
        await asyncio.sleep(0)
