"""Long answers give way to short ones: files are made part by part, one part at a time in a process, with rests."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import TypeVar

Part = TypeVar("Part", bytes, str)

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
