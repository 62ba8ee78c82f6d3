"""A part of the live pages that fails begins again: its pages would stand still under LIVE."""

import asyncio

from console.live.endpoints import kept_running


async def test_what_fails_or_ends_begins_again_until_it_is_cancelled() -> None:
    begun, fourth = 0, asyncio.Event()

    async def work() -> None:
        nonlocal begun
        begun += 1
        if begun < 3:
            raise LookupError("once more")
        if begun == 4:
            fourth.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(kept_running("work", work))
    await asyncio.wait_for(fourth.wait(), 10)
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    assert begun == 4
