"""The pace: never faster than told, by however many workers, and people before background work."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from redis.asyncio import Redis

from console.once.errors import Throttled, Unavailable
from console.once.http.rate_limit import Lane, Pace

from .conftest import ClientMaker
from .odd_server import Answer, OddServer

pytestmark = pytest.mark.xdist_group("time")

PaceMaker = Callable[..., Pace]


def most_in_one_second(times: list[float]) -> int:
    """The fullest second, wherever it begins."""
    return max(sum(begin <= other < begin + 1 for other in times) for begin in times)


@pytest.fixture
async def make_pace(valkey_url: str, redis: Redis) -> AsyncIterator[PaceMaker]:
    """A pace with a connection of its own, as each worker has one."""
    async with AsyncExitStack() as stack:

        def make(organization: str = "acme", **choices: Any) -> Pace:
            own = Redis.from_url(valkey_url)
            stack.push_async_callback(own.aclose)
            return Pace(own, organization, **({"requests_per_second": 10} | choices))

        yield make


async def test_two_workers_together_never_pass_the_rate_in_any_second(make_client: ClientMaker, odd: OddServer) -> None:
    odd.will("/v2/sims/8988228066605682328", Answer(body=b'{"iccid": "8988228066605682328"}'))
    workers = [make_client(requests_per_second=10) for _ in range(2)]
    await asyncio.gather(*(workers[turn % 2].sim("8988228066605682328") for turn in range(26)))
    times = sorted(asked.at for asked in odd.asked if "sims" in asked.path)
    assert len(times) == 26
    assert most_in_one_second(times) <= 10
    assert times[-1] - times[0] < 3.2  # and not much slower than it may


async def test_a_command_goes_before_the_polls_that_wait(make_pace: PaceMaker) -> None:
    workers = [make_pace() for _ in range(2)]
    polls = [asyncio.create_task(workers[turn % 2].slot(Lane.POLL)) for turn in range(20)]
    await asyncio.sleep(0.3)
    began = time.monotonic()
    await workers[0].slot(Lane.COMMAND)
    assert time.monotonic() - began < 0.45
    assert sum(poll.done() for poll in polls) < 12
    for poll in polls:
        poll.cancel()
    await asyncio.gather(*polls, return_exceptions=True)


async def test_a_pause_holds_back_every_worker_even_one_that_has_its_slot(make_pace: PaceMaker) -> None:
    one, other = make_pace(), make_pace()
    await one.slot(Lane.POLL)
    booked = asyncio.create_task(other.slot(Lane.POLL))
    await asyncio.sleep(0.03)
    paused = time.monotonic()
    await one.pause(0.5)
    await booked
    assert time.monotonic() - paused >= 0.5


async def test_a_shorter_pause_does_not_end_a_longer_one(make_pace: PaceMaker) -> None:
    one = make_pace(max_wait_seconds=0.2)
    await one.pause(30)
    await one.pause(0.01)
    with pytest.raises(Throttled) as told:
        await one.slot(Lane.COMMAND)
    assert told.value.retry_after is not None
    assert 25 < told.value.retry_after <= 30


async def test_organizations_do_not_wait_for_each_other(make_pace: PaceMaker) -> None:
    await make_pace("acme").pause(30)
    began = time.monotonic()
    await make_pace("other").slot(Lane.POLL)
    assert time.monotonic() - began < 0.2


async def test_who_would_wait_too_long_is_told_so_and_takes_no_slot(make_pace: PaceMaker) -> None:
    slow = make_pace(requests_per_second=1, max_wait_seconds=0.3)
    crowd = await asyncio.gather(*(slow.slot(Lane.COMMAND) for _ in range(50)), return_exceptions=True)
    assert sum(one is None for one in crowd) == 1
    assert all(isinstance(one, Throttled) for one in crowd if one is not None)
    began = time.monotonic()
    await make_pace(requests_per_second=1).slot(Lane.COMMAND)
    assert time.monotonic() - began < 1.2


async def test_without_redis_nobody_asks(nowhere: Redis) -> None:
    with pytest.raises(Unavailable) as told:
        await Pace(nowhere, "acme", requests_per_second=10).slot(Lane.COMMAND)
    assert not told.value.maybe_done
