"""Files that are made part by part take turns, and leave half of the time to others."""

import asyncio
import time
from collections.abc import AsyncIterator

from console.store.giving_way import giving_way

WORK = 0.02


async def test_parts_of_all_files_are_made_one_at_a_time_with_rests() -> None:
    turn, at_work, others = asyncio.Lock(), 0, 0

    async def parts(name: str) -> AsyncIterator[str]:
        nonlocal at_work
        for number in range(5):
            at_work += 1
            assert at_work == 1, "another file's part is being made"
            time.sleep(WORK)  # noqa: ASYNC251
            await asyncio.sleep(0)
            at_work -= 1
            yield f"{name}{number}"

    async def read(name: str) -> list[str]:
        return [part async for part in giving_way(parts(name), turn)]

    async def wait_on() -> None:
        nonlocal others
        while True:
            await asyncio.sleep(WORK / 4)
            others += 1

    waiting = asyncio.create_task(wait_on())
    read_by_all = await asyncio.gather(*(read(name) for name in "abcd"))
    waiting.cancel()
    assert read_by_all == [[f"{name}{number}" for number in range(5)] for name in "abcd"]
    assert others >= 20, "each part but for the last leaves others as long as it took"


async def test_whoever_reads_slowly_keeps_no_other_file_waiting() -> None:
    turn = asyncio.Lock()

    async def parts() -> AsyncIterator[str]:
        for number in range(3):
            yield str(number)

    slow = giving_way(parts(), turn)
    assert await anext(slow) == "0"
    async with asyncio.timeout(5):
        assert [part async for part in giving_way(parts(), turn)] == ["0", "1", "2"]
    assert [part async for part in slow] == ["1", "2"]
