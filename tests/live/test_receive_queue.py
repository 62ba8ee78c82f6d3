"""What a client has sent and the application has not yet read."""

import asyncio

import pytest

from console.live.receive_queue import ReceiveQueue

pytestmark = pytest.mark.one_edition


async def test_messages_are_read_in_the_order_in_which_they_came() -> None:
    queue = ReceiveQueue()
    for number in range(3):
        queue.put_nowait(number)
    assert [await queue.get() for _ in range(3)] == [0, 1, 2]
    assert queue.empty()


async def test_who_waits_is_woken_by_the_next() -> None:
    queue = ReceiveQueue()
    reading = asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    queue.put_nowait("first")
    queue.put_nowait("second")
    assert await reading == "first"
    assert await queue.get() == "second"


async def test_a_reader_that_gives_up_takes_nothing_with_it() -> None:
    queue = ReceiveQueue()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(queue.get(), 0.01)
    queue.put_nowait("kept")
    assert not queue.empty()
    assert await queue.get() == "kept"
