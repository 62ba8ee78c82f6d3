"""The rate limit: never exceeded, by however many workers, and people before background work."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from redis.asyncio import Redis

from console.once.errors import Throttled, Unavailable
from console.once.http.rate_limit import CallPriority, RateLimit

from .conftest import ClientMaker
from .odd_server import Answer, OddServer

pytestmark = pytest.mark.xdist_group("time")

RateLimitMaker = Callable[..., RateLimit]


def most_in_one_second(times: list[float]) -> int:
    """The fullest second, wherever it begins."""
    return max(sum(begin <= other < begin + 1 for other in times) for begin in times)


@pytest.fixture
async def make_limit(valkey_url: str, redis: Redis) -> AsyncIterator[RateLimitMaker]:
    """A rate limit with a connection of its own, as each worker has one."""
    async with AsyncExitStack() as stack:

        def make(organization: str = "acme", **choices: Any) -> RateLimit:
            own = Redis.from_url(valkey_url)
            stack.push_async_callback(own.aclose)
            return RateLimit(own, organization, **({"requests_per_second": 10} | choices))

        yield make


async def test_two_workers_together_never_pass_the_rate_in_any_second(make_client: ClientMaker, odd: OddServer) -> None:
    odd.will("/v2/sims/8988228066605682328", Answer(body=b'{"iccid": "8988228066605682328"}'))
    workers = [make_client(requests_per_second=10) for _ in range(2)]
    await asyncio.gather(*(workers[number % 2].sim("8988228066605682328") for number in range(26)))
    times = sorted(asked.at for asked in odd.asked if "sims" in asked.path)
    assert len(times) == 26
    assert most_in_one_second(times) <= 10
    assert times[-1] - times[0] < 3.2  # and not much slower than it may


async def test_a_busy_process_loses_no_slot_and_passes_no_rate(make_limit: RateLimitMaker) -> None:
    limits, times = [make_limit(requests_per_second=20) for _ in range(2)], []

    async def ask(limit: RateLimit) -> None:
        for _ in range(12):
            await limit.slot(CallPriority.COMMAND)
            times.append(time.monotonic())

    async def held() -> None:
        while len(times) < 48:
            await asyncio.sleep(0.11)
            time.sleep(0.04)  # noqa: ASYNC251 - longer than a request may be late, after less than three slots

    await asyncio.gather(held(), *(ask(limits[number % 2]) for number in range(4)))
    assert most_in_one_second(times) <= 20
    assert max(times) - min(times) < 2.65  # 47 / 20, and 3.5 % more; where a late one lost its slot, 2.7


async def test_a_command_goes_before_the_polls_that_wait(make_limit: RateLimitMaker) -> None:
    workers = [make_limit() for _ in range(2)]
    polls = [asyncio.create_task(workers[number % 2].slot(CallPriority.POLL)) for number in range(20)]
    await asyncio.sleep(0.3)
    began = time.monotonic()
    await workers[0].slot(CallPriority.COMMAND)
    assert time.monotonic() - began < 0.45
    assert sum(poll.done() for poll in polls) < 12
    for poll in polls:
        poll.cancel()
    await asyncio.gather(*polls, return_exceptions=True)


async def test_a_pause_holds_back_every_worker_even_one_that_has_its_slot(make_limit: RateLimitMaker) -> None:
    one, other = make_limit(), make_limit()
    await one.slot(CallPriority.POLL)
    reserved = asyncio.create_task(other.slot(CallPriority.POLL))
    await asyncio.sleep(0.03)
    paused = time.monotonic()
    await one.pause(0.5)
    await reserved
    assert time.monotonic() - paused >= 0.5


async def test_a_shorter_pause_does_not_end_a_longer_one(make_limit: RateLimitMaker) -> None:
    one = make_limit(max_wait_seconds=0.2)
    await one.pause(30)
    await one.pause(0.01)
    with pytest.raises(Throttled) as raised:
        await one.slot(CallPriority.COMMAND)
    assert raised.value.retry_after is not None
    assert 25 < raised.value.retry_after <= 30


async def test_organizations_do_not_wait_for_each_other(make_limit: RateLimitMaker) -> None:
    await make_limit("acme").pause(30)
    began = time.monotonic()
    await make_limit("other").slot(CallPriority.POLL)
    assert time.monotonic() - began < 0.2


async def test_who_would_wait_too_long_is_throttled_and_takes_no_slot(make_limit: RateLimitMaker) -> None:
    slow = make_limit(requests_per_second=1, max_wait_seconds=0.3)
    patient = make_limit(requests_per_second=1)
    await patient.slot(CallPriority.COMMAND)
    began = time.monotonic()
    many = await asyncio.gather(*(slow.slot(CallPriority.COMMAND) for _ in range(50)), return_exceptions=True)
    assert all(isinstance(one, Throttled) for one in many)
    await patient.slot(CallPriority.COMMAND)
    assert time.monotonic() - began < 1.2


async def test_without_redis_nobody_asks(nowhere: Redis) -> None:
    with pytest.raises(Unavailable) as raised:
        await RateLimit(nowhere, "acme", requests_per_second=10).slot(CallPriority.COMMAND)
    assert not raised.value.maybe_done
