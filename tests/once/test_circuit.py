"""The circuit breaker of all workers together: opens after failures, makes one trial call, closes after a success."""

import asyncio
import time

import pytest
from redis.asyncio import Redis

from console.once.client import OnceClient
from console.once.errors import CircuitOpen, NotFound, OnceError, SignInRefused, Throttled, Unavailable
from console.once.http.changes import CarrierChange, CircuitChanged, CircuitState
from console.once.http.circuit import CircuitPolicy
from console.once.http.retry import RetryPolicy

from .conftest import ClientMaker
from .odd_server import TOKEN_PATH, Answer, OddServer

ICCID = "8988228066605682328"
SIM = f"/v2/sims/{ICCID}"
GOOD = Answer(body=b'{"iccid": "8988228066605682328"}')
DOWN = Answer(503, b"")
PAGE = Answer(200, b"<!DOCTYPE html><h1>Sorry</h1>", {"Content-Type": "text/html"})
ONE_TRY = RetryPolicy(attempts=1)
SHORT = CircuitPolicy(failures=3, first_seconds=0.1, longest_seconds=0.4, trial_seconds=5)
LONG = CircuitPolicy(failures=3, first_seconds=60, longest_seconds=60)


class Changes:
    """Receives changes of the carrier."""

    def __init__(self) -> None:
        self.changes: list[CarrierChange] = []

    async def __call__(self, change: CarrierChange) -> None:
        self.changes.append(change)

    @property
    def states(self) -> list[CircuitState]:
        return [change.state for change in self.changes if isinstance(change, CircuitChanged)]


async def failing(client: OnceClient, times: int) -> None:
    for _ in range(times):
        with pytest.raises(Unavailable):
            await client.sim(ICCID)


async def test_after_eight_failures_1nce_is_left_alone(make_client: ClientMaker, odd: OddServer) -> None:
    odd.will(SIM, DOWN)
    client = make_client(retries=ONE_TRY)
    await failing(client, 8)
    with pytest.raises(CircuitOpen) as raised:
        await client.status(ICCID)
    assert raised.value.retry_after is not None
    assert 4 < raised.value.retry_after <= 5
    assert not raised.value.maybe_done
    assert (len(odd.seen(SIM)), odd.seen(f"{SIM}/status")) == (8, [])


@pytest.mark.parametrize(
    "fault", [PAGE, Answer(502, PAGE.body, PAGE.headers), Answer(403, PAGE.body, PAGE.headers), Answer(cut=True)]
)
async def test_a_web_page_and_a_cut_are_failures(make_client: ClientMaker, odd: OddServer, fault: Answer) -> None:
    odd.will(SIM, fault)
    client = make_client(retries=ONE_TRY, circuit_policy=LONG)
    await failing(client, 3)
    with pytest.raises(CircuitOpen):
        await client.sim(ICCID)


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "0"}])
async def test_being_throttled_does_not_open_the_circuit(
    make_client: ClientMaker, odd: OddServer, headers: dict[str, str]
) -> None:
    odd.will(SIM, *[Answer(429, b"", headers)] * 6, GOOD)
    client = make_client(retries=ONE_TRY, circuit_policy=LONG)
    for _ in range(6):
        with pytest.raises(Throttled):
            await client.sim(ICCID)
    assert (await client.sim(ICCID)).iccid == ICCID
    assert (await client.carrier()).circuit is CircuitState.CLOSED


async def test_a_refusal_between_failures_shows_that_1nce_answers(make_client: ClientMaker, odd: OddServer) -> None:
    odd.will(SIM, DOWN, DOWN, Answer(404, b"{}"), DOWN, DOWN, GOOD)
    client = make_client(retries=ONE_TRY, circuit_policy=LONG)
    await failing(client, 2)
    with pytest.raises(NotFound):
        await client.sim(ICCID)
    await failing(client, 2)
    assert (await client.sim(ICCID)).iccid == ICCID


async def test_one_call_of_all_workers_tries_and_its_failure_doubles_the_wait(
    make_client: ClientMaker, odd: OddServer
) -> None:
    received = Changes()
    odd.will(SIM, DOWN)
    workers = [make_client(retries=ONE_TRY, circuit_policy=SHORT, on_change=received) for _ in range(2)]
    await failing(workers[0], 3)
    odd.will(SIM, Answer(503, b"", delay=0.1))
    for number in range(1, 4):
        await asyncio.sleep(0.45)
        asked = (workers[number % 2].sim(ICCID) for number in range(20))
        results = await asyncio.gather(*asked, return_exceptions=True)
        assert sum(isinstance(error, CircuitOpen) for error in results) == 19
        assert len(odd.seen(SIM)) == 3 + number
    opened = [
        change
        for change in received.changes
        if isinstance(change, CircuitChanged) and change.state is CircuitState.OPEN
    ]
    waits = [round((change.until - change.at).total_seconds(), 3) for change in opened if change.until is not None]
    assert waits == [0.1, 0.2, 0.4, 0.4]
    assert received.states == [CircuitState.OPEN] + [CircuitState.HALF_OPEN, CircuitState.OPEN] * 3


@pytest.mark.parametrize("answer", [GOOD, Answer(404, b"{}"), Answer(429, b"", {"Retry-After": "0"})])
async def test_any_answer_to_the_one_that_tries_closes_the_circuit(
    make_client: ClientMaker, odd: OddServer, answer: Answer
) -> None:
    received = Changes()
    odd.will(SIM, DOWN, DOWN, DOWN, answer, GOOD)
    workers = [make_client(retries=ONE_TRY, circuit_policy=SHORT, on_change=received) for _ in range(2)]
    await failing(workers[0], 3)
    await asyncio.sleep(0.15)
    await asyncio.gather(workers[1].sim(ICCID), return_exceptions=True)
    assert (await workers[0].sim(ICCID)).iccid == ICCID
    assert received.states == [CircuitState.OPEN, CircuitState.HALF_OPEN, CircuitState.CLOSED]


async def test_an_hour_without_1nce_costs_few_requests_and_no_flood_follows(
    make_client: ClientMaker, odd: OddServer
) -> None:
    """The hour is three seconds long here, and the waits are as much shorter."""
    odd.will(SIM, DOWN)
    workers = [make_client(retries=ONE_TRY, circuit_policy=SHORT) for _ in range(2)]
    end = time.monotonic() + 3
    turns = 0
    while time.monotonic() < end:
        await asyncio.gather(*(worker.sim(ICCID) for worker in workers), return_exceptions=True)
        await asyncio.sleep(0.01)
        turns += 1
    assert turns > 50
    assert len(odd.seen(SIM)) <= 3 + 1 + 2 + 3 / 0.4
    odd.will(SIM, Answer(200, GOOD.body, delay=0.05))
    await asyncio.sleep(0.45)
    before = len(odd.seen(SIM))
    results = await asyncio.gather(*(workers[number % 2].sim(ICCID) for number in range(50)), return_exceptions=True)
    assert len(odd.seen(SIM)) == before + 1
    assert sum(isinstance(one, CircuitOpen) for one in results) == 49
    assert (await workers[0].sim(ICCID)).iccid == ICCID


async def test_who_waited_for_a_slot_does_not_ask_once_the_circuit_is_open(
    make_client: ClientMaker, odd: OddServer
) -> None:
    odd.will(SIM, DOWN)
    client = make_client(retries=ONE_TRY, circuit_policy=LONG, requests_per_second=20)
    results = await asyncio.gather(*(client.sim(ICCID) for _ in range(30)), return_exceptions=True)
    assert sum(isinstance(error, CircuitOpen) for error in results) >= 26
    assert len(odd.seen(SIM)) <= 4


async def test_a_check_goes_through_and_closes_the_circuit_for_all(make_client: ClientMaker, odd: OddServer) -> None:
    odd.will(SIM, DOWN, DOWN, DOWN, GOOD)
    odd.will("/v2/sims", Answer(headers={"X-Total-Count": "7"}))
    worker = make_client(retries=ONE_TRY, circuit_policy=LONG)
    await failing(worker, 3)
    with pytest.raises(CircuitOpen):
        await worker.sim(ICCID)
    assert await make_client(circuit_policy=LONG).check() == 7
    assert (await worker.sim(ICCID)).iccid == ICCID


async def test_sign_ins_that_fail_open_the_circuit_too(make_client: ClientMaker, odd: OddServer) -> None:
    odd.answers[TOKEN_PATH][0] = DOWN
    client = make_client(circuit_policy=LONG)
    results = [await asyncio.gather(client.sim(ICCID), return_exceptions=True) for _ in range(6)]
    assert isinstance(results[-1][0], CircuitOpen)
    assert odd.sign_ins == 3


async def test_credentials_that_are_refused_are_an_answer_and_close_the_circuit(
    make_client: ClientMaker, odd: OddServer, redis: Redis
) -> None:
    odd.will(SIM, DOWN)
    client = make_client(retries=ONE_TRY, circuit_policy=SHORT)
    await failing(client, 3)
    await redis.delete(*await redis.keys("once:token:*"))
    odd.answers[TOKEN_PATH][0] = Answer(400, b'{"message": "User does not exist."}')
    await asyncio.sleep(0.15)
    with pytest.raises(SignInRefused):
        await client.sim(ICCID)
    assert (await client.carrier()).circuit is CircuitState.CLOSED


async def test_one_organizations_circuit_is_not_anothers(make_client: ClientMaker, odd: OddServer) -> None:
    odd.will(SIM, DOWN, DOWN, DOWN, GOOD)
    await failing(make_client(retries=ONE_TRY, circuit_policy=LONG), 3)
    assert (await make_client(organization="other", circuit_policy=LONG).sim(ICCID)).iccid == ICCID


async def test_the_standing_is_the_same_to_a_redis_client_that_reads_text(
    make_client: ClientMaker, odd: OddServer, valkey_url: str
) -> None:
    odd.will(SIM, DOWN)
    odd.will("/v1/products", Answer(410, b"{}"))
    async with Redis.from_url(valkey_url, decode_responses=True) as redis:
        client = make_client(redis=redis, retries=ONE_TRY, circuit_policy=LONG)
        with pytest.raises(OnceError):
            await client.orders.products()
        await failing(client, 3)
        with pytest.raises(CircuitOpen, match="503"):
            await client.sim(ICCID)
        snapshot = await client.carrier()
    assert (snapshot.circuit, list(snapshot.unavailable)) == (CircuitState.OPEN, ["products.list"])
