"""Queries to a 1NCE that is not at its best."""

import gc
import time

import httpx
import pytest
from msgspec import json

from console.iccid import InvalidIccid
from console.once.client import OnceClient
from console.once.errors import NotFound, Refused, Throttled, Unavailable, Unexpected
from console.once.http.retry import RetryPolicy

from .conftest import ClientMaker, reserved_port
from .odd_server import Answer, OddServer

ICCID = "8988228066605682328"
SIM = f"/v2/sims/{ICCID}"
GOOD = Answer(body=json.encode({"iccid": ICCID}))
PAGE = Answer(200, b"<!DOCTYPE html><h1>Sorry</h1>", {"Content-Type": "text/html"})


def numbered(number: int) -> str:
    return f"{8988228066600000000 + number}"


def sims(*numbers: int, pages: int | None = None, total: int | None = None) -> Answer:
    headers = {} if pages is None else {"X-Total-Pages": str(pages), "X-Total-Count": str(total)}
    return Answer(body=json.encode([{"iccid": numbered(number)} for number in numbers]), headers=headers)


@pytest.mark.parametrize("fault", [Answer(500, b"{}"), Answer(503, PAGE.body, PAGE.headers), PAGE, Answer(cut=True)])
async def test_a_passing_fault_is_not_noticed(client: OnceClient, odd: OddServer, fault: Answer) -> None:
    odd.will(SIM, fault, fault, GOOD)
    assert (await client.sim(ICCID)).iccid == ICCID
    assert len(odd.seen(SIM)) == 3


async def test_a_lasting_fault_is_reported_after_four_tries(client: OnceClient, odd: OddServer) -> None:
    odd.will(SIM, Answer(502, b""))
    with pytest.raises(Unavailable) as raised:
        await client.sim(ICCID)
    assert raised.value.status == 502
    assert len(odd.seen(SIM)) == 4


async def test_nobody_at_the_other_end_is_unavailable(make_client: ClientMaker) -> None:
    with reserved_port() as port, pytest.raises(Unavailable) as raised:
        await make_client(f"http://127.0.0.1:{port}").sim(ICCID)
    assert not raised.value.maybe_done


async def test_a_refusal_is_not_asked_again(client: OnceClient, odd: OddServer) -> None:
    odd.will(SIM, Answer(400, b'{"error_code": 1000, "error_token": "BadRequest", "message": "No"}'))
    with pytest.raises(Refused, match="No"):
        await client.sim(ICCID)
    assert len(odd.seen(SIM)) == 1


@pytest.mark.parametrize("wait", ["1", "date"])
async def test_a_429_makes_the_whole_organization_wait(make_client: ClientMaker, odd: OddServer, wait: str) -> None:
    headers = {"Retry-After": "1"}
    if wait == "date":
        headers = {"Retry-After": "Sat, 21 Nov 2026 12:00:01 GMT", "Date": "Sat, 21 Nov 2026 12:00:00 GMT"}
    odd.will(SIM, Answer(429, b"", headers), GOOD)
    with pytest.raises(Throttled):
        await make_client(retries=RetryPolicy(attempts=1)).sim(ICCID)
    await make_client().sim(ICCID)
    throttled, answered = [request.at for request in odd.seen(SIM)]
    assert answered - throttled >= 1.0


async def test_a_429_that_lasts_longer_than_our_patience_is_reported_at_once(
    make_client: ClientMaker, odd: OddServer
) -> None:
    odd.will(SIM, Answer(429, b"", {"Retry-After": "120"}))
    began = time.monotonic()
    with pytest.raises(Throttled) as raised:
        await make_client(retries=RetryPolicy(max_elapsed_seconds=60)).sim(ICCID)
    assert raised.value.retry_after == 120
    assert time.monotonic() - began < 1
    with pytest.raises(Throttled):
        await make_client().status(ICCID)
    assert odd.seen(f"{SIM}/status") == []


@pytest.mark.parametrize("body", [b"", b" \n", b"null"])
async def test_an_empty_answer_for_one_thing_means_not_found(client: OnceClient, odd: OddServer, body: bytes) -> None:
    odd.will(SIM, Answer(body=body))
    odd.will(f"{SIM}/status", Answer(body=body))
    with pytest.raises(NotFound):
        await client.sim(ICCID)
    with pytest.raises(NotFound):
        await client.status(ICCID)


@pytest.mark.parametrize("body", [b"", b"null", b"{}", b"[{"])
async def test_an_empty_or_odd_answer_for_a_list_is_unexpected_and_kept(
    client: OnceClient, odd: OddServer, body: bytes
) -> None:
    odd.will("/v2/sims", Answer(body=body))
    with pytest.raises(Unexpected) as raised:
        await client.sims(1)
    assert raised.value.body == body
    assert raised.value.url.startswith(f"{odd.url}/v2/sims?page=1")
    assert len(odd.seen("/v2/sims")) == 1


async def test_another_sim_than_the_one_asked_for_is_unexpected(client: OnceClient, odd: OddServer) -> None:
    odd.will(SIM, Answer(body=json.encode({"iccid": numbered(1)})))
    with pytest.raises(Unexpected):
        await client.sim(ICCID)


async def test_what_is_no_iccid_is_never_put_into_an_address(client: OnceClient, odd: OddServer) -> None:
    with pytest.raises(InvalidIccid):
        await client.sim("../oauth")
    assert odd.asked == []


async def test_a_page_says_which_it_is_and_of_how_many(client: OnceClient, odd: OddServer) -> None:
    odd.will("/v2/sims", sims(1, 2, pages=2, total=3), sims())
    page, empty = await client.sims(1), await client.sims(2)
    assert [sim.iccid for sim in page.items] == [numbered(1), numbered(2)]
    assert (page.page, page.pages, page.total) == (1, 2, 3)
    assert (empty.items, empty.pages) == ([], None)
    assert [request.path for request in odd.seen("/v2/sims")] == [
        "/api/v2/sims?page=1&pageSize=100",
        "/api/v2/sims?page=2&pageSize=100",
    ]


async def test_an_unreadable_sim_stands_beside_the_readable_ones(client: OnceClient, odd: OddServer) -> None:
    odd.will("/v2/sims", Answer(body=json.encode([{"iccid": numbered(1)}, {"iccid": None}])))
    page = await client.sims(1)
    assert (len(page.items), page.unreadable) == (1, [b'{"iccid":null}'])


async def test_events_and_messages_are_read_page_by_page(client: OnceClient, odd: OddServer) -> None:
    event = {"id": 1, "timestamp": "2024-12-13T12:49:57.000Z", "event_type": {"id": 1}, "sim": {"iccid": ICCID}}
    odd.will(f"{SIM}/events", Answer(body=json.encode([event, {"id": 2}])))
    odd.will(f"{SIM}/sms", Answer(body=json.encode([{"id": 3, "sms_type": {"id": 2}, "payload": "hi"}, {"id": 4}])))
    batch = await client.events(ICCID, 2)
    assert ([event.id for event in batch.events], len(batch.unknown)) == ([1], 1)
    page = await client.sms_list(ICCID)
    assert ([(sms.id, sms.direction) for sms in page.items], page.unreadable) == ([("3", "mo")], [b'{"id":4}'])
    assert odd.asked[1].path.endswith("/events?page=2&pageSize=1000")
    assert odd.asked[2].path.endswith("/sms?page=1&per_page=1000")


async def test_every_exchange_is_observed(make_client: ClientMaker, odd: OddServer) -> None:
    seen: list[tuple[str, str]] = []
    odd.will(SIM, Answer(503, b""), Answer(429, b"", {"Retry-After": "0"}), GOOD)
    odd.will(f"{SIM}/status", Answer(404, b"{}"))
    client = make_client(observe=lambda operation, outcome, seconds: seen.append((operation, outcome)))
    await client.sim(ICCID)
    with pytest.raises(NotFound):
        await client.status(ICCID)
    assert seen == [
        ("sign-in", "ok"),
        ("sim.get", "unavailable"),
        ("sim.get", "throttled"),
        ("sim.get", "ok"),
        ("sim.status", "not_found"),
        ("sim.get", "ok"),  # is the SIM unknown, or the call not offered?
    ]


async def test_we_say_who_we_are(make_client: ClientMaker, odd: OddServer) -> None:
    odd.will(SIM, GOOD)
    await make_client(user_agent="sim-console/1.2").sim(ICCID)
    assert {asked.headers["user-agent"] for asked in odd.asked} == {"sim-console/1.2"}


async def test_an_answer_is_gone_when_it_has_been_read(client: OnceClient, odd: OddServer) -> None:
    odd.will("/v2/sims", sims(1, 2, pages=1, total=2))
    gc.collect()
    gc.disable()  # a page of orders has megabytes, and a worker looks for circles seldom
    try:
        assert len((await client.sims(1)).items) == 2
        assert not [
            one for one in gc.get_objects() if isinstance(one, httpx.Response) and one.url.path.endswith("/sims")
        ]
    finally:
        gc.enable()
