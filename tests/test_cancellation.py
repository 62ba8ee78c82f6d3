"""A task that is cancelled ends, at whichever step of its work it is cancelled."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from console.settings import Settings
from console.store.redis_clients import open_redis

pytestmark = pytest.mark.one_edition
STEPS = range(1, 40)


async def ends(work: Callable[[], Any], steps: int) -> bool:
    """Whether a loop ends that is cancelled after so many turns of the event loop."""

    async def go_on() -> None:
        while True:
            await work()

    task = asyncio.create_task(go_on())
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    ended, _ = await asyncio.wait([task], timeout=2)
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=0.001)
    return bool(ended)


async def test_a_loop_of_commands_to_redis_ends(settings: Settings) -> None:
    async with open_redis(settings.redis_url) as redis:
        await redis.get("a")
        assert [steps for steps in STEPS if not await ends(lambda: redis.get("a"), steps)] == []


async def test_a_loop_that_waits_for_what_happens_just_then_ends() -> None:
    async def work() -> None:
        await asyncio.wait_for(asyncio.sleep(0), 5)

    assert [steps for steps in STEPS if not await ends(work, steps)] == []


@pytest.mark.parametrize("seconds", [0.01, 0, -1])
async def test_what_takes_too_long_is_cancelled(seconds: float) -> None:
    cancelled = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(task, seconds)
    assert cancelled.is_set()


@pytest.mark.parametrize("seconds", [None, 5])
async def test_what_comes_in_time_is_returned_or_raised(seconds: float | None) -> None:
    async def fail() -> None:
        await asyncio.sleep(0)
        raise ZeroDivisionError

    assert await asyncio.wait_for(asyncio.sleep(0, "found"), seconds) == "found"
    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(fail(), seconds)
    done = asyncio.get_running_loop().create_future()
    done.set_result("was there")
    assert await asyncio.wait_for(done, 0) == "was there"
