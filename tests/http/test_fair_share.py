"""However many requests one client has in progress, another one's are worked on."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from litestar import Litestar, get

from console.http.exceptions import error_response
from console.http.fair_share import AT_ONCE, MOST_WAITING, FairShare
from console.http.route_options import FOR_PROGRAMS
from tests.cast import Cast
from tests.serving import Served


class Slow:
    """A route that takes until it is let go, and how many requests of each client are in it."""

    def __init__(self) -> None:
        self.free, self.inside, self.most = asyncio.Event(), 0, 0
        self.entered = asyncio.Event()

    async def work(self) -> str:
        self.inside += 1
        self.most = max(self.most, self.inside)
        self.entered.set()
        await self.free.wait()
        self.inside -= 1
        return "done"


@pytest_asyncio.fixture
async def slow() -> Slow:
    return Slow()


@pytest_asyncio.fixture
async def program(slow: Slow) -> AsyncIterator[httpx.AsyncClient]:
    """Speaks to an application with that route; the header `client` says who it is."""

    @get("/api/work")
    async def work() -> str:
        return await slow.work()

    shares = FairShare(lambda connection: connection.headers["client"])
    app = Litestar(
        [work],
        middleware=[shares],
        exception_handlers={Exception: error_response},
        opt={FOR_PROGRAMS: True},
        openapi_config=None,
    )
    transport: Any = httpx.ASGITransport(app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


def asked(program: httpx.AsyncClient, client: str, times: int) -> list[asyncio.Task[httpx.Response]]:
    return [asyncio.create_task(program.get("/api/work", headers={"client": client})) for _ in range(times)]


async def settled() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


async def test_a_client_has_a_few_requests_in_progress_and_another_client_its_own(
    slow: Slow, program: httpx.AsyncClient
) -> None:
    greedy = asked(program, "greedy", 40)
    await settled()
    assert slow.inside == AT_ONCE
    other = asked(program, "other", 1)
    await settled()
    assert slow.inside == AT_ONCE + 1
    slow.free.set()
    answers = await asyncio.gather(*greedy, *other)
    assert [answer.status_code for answer in answers] == [200] * 41
    assert slow.most == AT_ONCE + 1


async def test_who_has_too_many_waiting_is_refused_and_served_again_later(
    slow: Slow, program: httpx.AsyncClient
) -> None:
    waiting = asked(program, "greedy", AT_ONCE + MOST_WAITING)
    await settled()
    refused = await program.get("/api/work", headers={"client": "greedy"})
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) >= 1
    slow.free.set()
    assert {answer.status_code for answer in await asyncio.gather(*waiting)} == {200}
    assert (await program.get("/api/work", headers={"client": "greedy"})).status_code == 200


@pytest.mark.one_edition
async def test_bodies_that_never_come_keep_nobody_waiting(web: Served, cast: Cast) -> None:
    host, port = web.address.removeprefix("http://").split(":")
    head = f"POST /sign-in HTTP/1.1\r\nHost: {host}:{port}\r\nOrigin: {web.address}\r\nContent-Length: 100\r\n"
    head += "Content-Type: application/x-www-form-urlencoded\r\n\r\nname=a"
    writers: list[Any] = []
    for _ in range(AT_ONCE * 3):
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(head.encode())
        await writer.drain()
        writers.append(writer)
    await asyncio.sleep(0.2)
    async with web.stranger() as stranger:
        assert (await stranger.get("/sign-in", timeout=5)).status_code == 200
    for writer in writers:
        writer.close()
