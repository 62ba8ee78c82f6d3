"""A 1NCE that is out of order is left alone by all workers together, looked at by one, and trusted again at once."""

import asyncio
import time
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from console.once.client import OnceClient
from console.once.commands import Payment
from console.once.errors import CircuitOpen, NotFound, OnceError, SignInRefused, Throttled, Unavailable
from console.once.http.circuit import Patience
from console.once.http.notices import BreakerMoved, LineState, Notice
from console.once.http.retry import Retries
from console.once.models import Sim

from .conftest import ACCOUNT, ClientMaker, valkey
from .odd_server import TOKEN_PATH, Answer, OddServer

ICCID = "8988228066605682328"
SIM = f"/v2/sims/{ICCID}"
GOOD = Answer(body=b'{"iccid": "8988228066605682328"}')
DOWN = Answer(503, b"")
PAGE = Answer(200, b"<!DOCTYPE html><h1>Sorry</h1>", {"Content-Type": "text/html"})
ONE_TRY = Retries(tries=1)
SHORT = Patience(failures=3, first_seconds=0.1, longest_seconds=0.4, try_seconds=5)
LONG = Patience(failures=3, first_seconds=60, longest_seconds=60)


class Heard:
    """Takes in notices, as the house does."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []

    async def __call__(self, notice: Notice) -> None:
        self.notices.append(notice)

    @property
    def moves(self) -> list[LineState]:
        return [notice.state for notice in self.notices if isinstance(notice, BreakerMoved)]


async def failing(client: OnceClient, times: int) -> None:
    for _ in range(times):
        with pytest.raises(Unavailable):
            await client.sim(ICCID)


async def test_after_eight_failures_1nce_is_left_alone(make_client: ClientMaker, odd: OddServer) -> None:
    odd.will(SIM, DOWN)
    client = make_client(retries=ONE_TRY)
    await failing(client, 8)
    with pytest.raises(CircuitOpen) as told:
        await client.status(ICCID)
    assert told.value.retry_after is not None
    assert 4 < told.value.retry_after <= 5
    assert not told.value.maybe_done
    assert (len(odd.seen(SIM)), odd.seen(f"{SIM}/status")) == (8, [])


@pytest.mark.parametrize(
    "fault", [PAGE, Answer(502, PAGE.body, PAGE.headers), Answer(403, PAGE.body, PAGE.headers), Answer(cut=True)]
)
async def test_a_web_page_and_a_cut_line_are_failures(make_client: ClientMaker, odd: OddServer, fault: Answer) -> None:
    odd.will(SIM, fault)
    client = make_client(retries=ONE_TRY, patience=LONG)
    await failing(client, 3)
    with pytest.raises(CircuitOpen):
        await client.sim(ICCID)


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "0"}])
async def test_being_throttled_does_not_open_the_line(
    make_client: ClientMaker, odd: OddServer, headers: dict[str, str]
) -> None:
    odd.will(SIM, *[Answer(429, b"", headers)] * 6, GOOD)
    client = make_client(retries=ONE_TRY, patience=LONG)
    for _ in range(6):
        with pytest.raises(Throttled):
            await client.sim(ICCID)
    assert (await client.sim(ICCID)).iccid == ICCID
    assert (await client.standing()).line is LineState.CLOSED


async def test_a_refusal_between_failures_shows_that_1nce_answers(make_client: ClientMaker, odd: OddServer) -> None:
    odd.will(SIM, DOWN, DOWN, Answer(404, b"{}"), DOWN, DOWN, GOOD)
    client = make_client(retries=ONE_TRY, patience=LONG)
    await failing(client, 2)
    with pytest.raises(NotFound):
        await client.sim(ICCID)
    await failing(client, 2)
    assert (await client.sim(ICCID)).iccid == ICCID


async def test_one_call_of_all_workers_tries_and_its_failure_doubles_the_wait(
    make_client: ClientMaker, odd: OddServer
) -> None:
    heard = Heard()
    odd.will(SIM, DOWN)
    workers = [make_client(retries=ONE_TRY, patience=SHORT, noticed=heard) for _ in range(2)]
    await failing(workers[0], 3)
    odd.will(SIM, Answer(503, b"", delay=0.1))
    for turn in range(1, 4):
        await asyncio.sleep(0.45)
        asked = (workers[number % 2].sim(ICCID) for number in range(20))
        told = await asyncio.gather(*asked, return_exceptions=True)
        assert sum(isinstance(error, CircuitOpen) for error in told) == 19
        assert len(odd.seen(SIM)) == 3 + turn
    opened = [move for move in heard.notices if isinstance(move, BreakerMoved) and move.state is LineState.OPEN]
    waits = [round((move.until - move.at).total_seconds(), 3) for move in opened if move.until is not None]
    assert waits == [0.1, 0.2, 0.4, 0.4]
    assert heard.moves == [LineState.OPEN] + [LineState.HALF_OPEN, LineState.OPEN] * 3


@pytest.mark.parametrize("answer", [GOOD, Answer(404, b"{}"), Answer(429, b"", {"Retry-After": "0"})])
async def test_any_answer_to_the_one_that_tries_closes_the_line(
    make_client: ClientMaker, odd: OddServer, answer: Answer
) -> None:
    heard = Heard()
    odd.will(SIM, DOWN, DOWN, DOWN, answer, GOOD)
    workers = [make_client(retries=ONE_TRY, patience=SHORT, noticed=heard) for _ in range(2)]
    await failing(workers[0], 3)
    await asyncio.sleep(0.15)
    await asyncio.gather(workers[1].sim(ICCID), return_exceptions=True)
    assert (await workers[0].sim(ICCID)).iccid == ICCID
    assert heard.moves == [LineState.OPEN, LineState.HALF_OPEN, LineState.CLOSED]


async def test_an_hour_without_1nce_costs_few_requests_and_no_flood_follows(
    make_client: ClientMaker, odd: OddServer
) -> None:
    """The hour is three seconds long here, and the waits are as much shorter."""
    odd.will(SIM, DOWN)
    workers = [make_client(retries=ONE_TRY, patience=SHORT) for _ in range(2)]
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
    told = await asyncio.gather(*(workers[turn % 2].sim(ICCID) for turn in range(50)), return_exceptions=True)
    assert len(odd.seen(SIM)) == before + 1
    assert sum(isinstance(one, CircuitOpen) for one in told) == 49
    assert (await workers[0].sim(ICCID)).iccid == ICCID


async def test_who_waited_for_a_slot_does_not_ask_once_the_line_is_open(
    make_client: ClientMaker, odd: OddServer
) -> None:
    odd.will(SIM, DOWN)
    client = make_client(retries=ONE_TRY, patience=LONG, requests_per_second=20)
    told = await asyncio.gather(*(client.sim(ICCID) for _ in range(30)), return_exceptions=True)
    assert sum(isinstance(error, CircuitOpen) for error in told) >= 26
    assert len(odd.seen(SIM)) <= 4


async def test_a_check_goes_through_and_closes_the_line_for_all(make_client: ClientMaker, odd: OddServer) -> None:
    odd.will(SIM, DOWN, DOWN, DOWN, GOOD)
    odd.will("/v2/sims", Answer(headers={"X-Total-Count": "7"}))
    worker = make_client(retries=ONE_TRY, patience=LONG)
    await failing(worker, 3)
    with pytest.raises(CircuitOpen):
        await worker.sim(ICCID)
    assert await make_client(patience=LONG).check() == 7
    assert (await worker.sim(ICCID)).iccid == ICCID


async def test_sign_ins_that_fail_open_the_line_too(make_client: ClientMaker, odd: OddServer) -> None:
    odd.answers[TOKEN_PATH][0] = DOWN
    client = make_client(patience=LONG)
    told = [await asyncio.gather(client.sim(ICCID), return_exceptions=True) for _ in range(6)]
    assert isinstance(told[-1][0], CircuitOpen)
    assert odd.sign_ins == 3


async def test_credentials_that_are_refused_are_an_answer_and_close_the_line(
    make_client: ClientMaker, odd: OddServer, redis: Redis
) -> None:
    odd.will(SIM, DOWN)
    client = make_client(retries=ONE_TRY, patience=SHORT)
    await failing(client, 3)
    await redis.delete(*await redis.keys("once:token:*"))
    odd.answers[TOKEN_PATH][0] = Answer(400, b'{"message": "User does not exist."}')
    await asyncio.sleep(0.15)
    with pytest.raises(SignInRefused):
        await client.sim(ICCID)
    assert (await client.standing()).line is LineState.CLOSED


async def test_a_change_that_may_be_done_says_so_when_the_line_is_opened_before_it_is_repeated(
    make_client: ClientMaker, odd: OddServer
) -> None:
    odd.will(SIM, Answer(cut=True))
    odd.will(f"{SIM}/status", DOWN)
    patience = Patience(failures=2, first_seconds=60)
    slow = make_client(patience=patience, retries=Retries(first_pause_seconds=0.6, longest_pause_seconds=0.6))
    changing = asyncio.create_task(slow.commands.configure(Sim(iccid=ICCID, status="enabled"), label="pump"))
    await asyncio.sleep(0.15)
    with pytest.raises(Unavailable):
        await make_client(patience=patience, retries=ONE_TRY).status(ICCID)
    with pytest.raises(Unavailable) as told:
        await changing
    assert told.value.maybe_done
    assert not isinstance(told.value, CircuitOpen)
    assert len(odd.seen(SIM)) == 1


async def test_a_change_that_is_refused_after_a_lost_answer_may_have_been_done(
    client: OnceClient, odd: OddServer
) -> None:
    odd.will(SIM, Answer(cut=True), Answer(409, b'{"message": "It is so already."}'))
    with pytest.raises(OnceError, match="so already") as told:
        await client.commands.configure(Sim(iccid=ICCID, status="enabled"), label="pump")
    assert told.value.maybe_done


async def test_a_house_that_stumbles_over_the_news_gets_its_answer_all_the_same(
    make_client: ClientMaker, odd: OddServer
) -> None:
    async def stumbles(_: Notice) -> None:
        raise RuntimeError("the database is away")

    odd.will(SIM, DOWN, DOWN, DOWN, GOOD)
    client = make_client(retries=ONE_TRY, patience=SHORT, noticed=stumbles)
    await failing(client, 3)
    await asyncio.sleep(0.15)
    assert (await client.sim(ICCID)).iccid == ICCID


async def test_one_organizations_line_is_not_anothers(make_client: ClientMaker, odd: OddServer) -> None:
    odd.will(SIM, DOWN, DOWN, DOWN, GOOD)
    await failing(make_client(retries=ONE_TRY, patience=LONG), 3)
    assert (await make_client(organization="other", patience=LONG).sim(ICCID)).iccid == ICCID


async def test_a_top_up_that_went_through_is_told_though_redis_died_meanwhile(odd: OddServer, tmp_path: Path) -> None:
    odd.will(f"{SIM}/topup", Answer(201, b"", {"Location": "https://1nce/v2/orders/1234"}, delay=1.0))
    with valkey(tmp_path) as (url, process):
        async with (
            Redis.from_url(url, retry=Retry(NoBackoff(), 0)) as redis,
            OnceClient(odd.url, *ACCOUNT, redis=redis, organization="acme") as client,
        ):
            await redis.hset("once:acme:line", "failures", "1")  # type: ignore[misc]
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


async def test_the_standing_is_the_same_to_a_redis_client_that_reads_text(
    make_client: ClientMaker, odd: OddServer, valkey_url: str
) -> None:
    odd.will(SIM, DOWN)
    odd.will("/v1/products", Answer(410, b"{}"))
    async with Redis.from_url(valkey_url, decode_responses=True) as redis:
        client = make_client(redis=redis, retries=ONE_TRY, patience=LONG)
        with pytest.raises(OnceError):
            await client.account.products()
        await failing(client, 3)
        with pytest.raises(CircuitOpen, match="503"):
            await client.sim(ICCID)
        stands = await client.standing()
    assert (stands.line, list(stands.off)) == (LineState.OPEN, ["products.list"])
