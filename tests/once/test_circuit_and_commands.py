"""Commands and the circuit breaker: what may have been done, and what a Redis that is down changes."""

import asyncio
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from console.once.client import OnceClient
from console.once.commands import Payment
from console.once.errors import CircuitOpen, OnceError, Unavailable
from console.once.http.changes import CarrierChange
from console.once.http.circuit import CircuitPolicy
from console.once.http.retry import RetryPolicy
from console.once.models import Sim
from tests.once.test_circuit import DOWN, GOOD, ICCID, ONE_TRY, SHORT, SIM, failing

from .conftest import ACCOUNT, ClientMaker, valkey
from .odd_server import Answer, OddServer


async def test_a_change_that_may_be_done_says_so_when_the_circuit_is_opened_before_it_is_repeated(
    make_client: ClientMaker, odd: OddServer
) -> None:
    odd.will(SIM, Answer(cut=True))
    odd.will(f"{SIM}/status", DOWN)
    policy = CircuitPolicy(failures=2, first_seconds=60)
    slow = make_client(circuit_policy=policy, retries=RetryPolicy(first_pause_seconds=3.0, longest_pause_seconds=3.0))
    changing = asyncio.create_task(slow.commands.configure(Sim(iccid=ICCID, status="enabled"), label="pump"))
    await asyncio.sleep(1)
    with pytest.raises(Unavailable):
        await make_client(circuit_policy=policy, retries=ONE_TRY).status(ICCID)
    with pytest.raises(Unavailable) as raised:
        await changing
    assert raised.value.maybe_done
    assert not isinstance(raised.value, CircuitOpen)
    assert len(odd.seen(SIM)) == 1


async def test_a_change_that_is_refused_after_a_lost_answer_may_have_been_done(
    client: OnceClient, odd: OddServer
) -> None:
    odd.will(SIM, Answer(cut=True), Answer(409, b'{"message": "It is so already."}'))
    with pytest.raises(OnceError, match="so already") as raised:
        await client.commands.configure(Sim(iccid=ICCID, status="enabled"), label="pump")
    assert raised.value.maybe_done


async def test_a_failing_change_handler_gets_its_answer_all_the_same(make_client: ClientMaker, odd: OddServer) -> None:
    async def fails(_: CarrierChange) -> None:
        raise RuntimeError("the database is away")

    odd.will(SIM, DOWN, DOWN, DOWN, GOOD)
    client = make_client(retries=ONE_TRY, circuit_policy=SHORT, on_change=fails)
    await failing(client, 3)
    await asyncio.sleep(0.15)
    assert (await client.sim(ICCID)).iccid == ICCID


async def test_a_top_up_that_went_through_is_reported_though_redis_died_meanwhile(
    odd: OddServer, tmp_path: Path
) -> None:
    odd.will(f"{SIM}/topup", Answer(201, b"", {"Location": "https://1nce/v2/orders/1234"}, delay=1.0))
    with valkey(tmp_path) as (url, process):
        async with (
            Redis.from_url(url, retry=Retry(NoBackoff(), 0)) as redis,
            OnceClient(odd.url, *ACCOUNT, redis=redis, organization="acme") as client,
        ):
            await redis.hset("once:acme:circuit", "failures", "1")  # type: ignore[misc]
            buying = asyncio.create_task(client.commands.top_up(ICCID, Payment.CREDIT_CARD))
            await asyncio.sleep(0.4)
            assert len(odd.seen(f"{SIM}/topup")) == 1
            process.kill()
            assert await buying == "1234"


async def test_without_redis_nobody_asks(odd: OddServer, nowhere: Redis) -> None:
    async with OnceClient(odd.url, *ACCOUNT, redis=nowhere, organization="acme") as client:
        with pytest.raises(Unavailable, match="Redis"):
            await client.sim(ICCID)
    assert odd.asked == []
