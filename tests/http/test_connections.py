"""A request uses one database connection, from its authentication to its last question, and holds it no longer."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from litestar import Litestar, Request, get, post
from litestar.di import NamedDependency, Provide
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send
from sqlalchemy.ext.asyncio import AsyncConnection

from console.app import create_app
from console.http.authentication import Access, allowed
from console.http.database import ConnectionPerRequest, connection_of, let_go, reading_of, snapshot_of
from console.http.exceptions import error_response
from console.http.fair_share import AT_ONCE, FairShare
from console.http.route_options import FOR_PROGRAMS
from console.settings import Settings
from console.store.database import Database, open_database
from tests.cast import ADAS_SIM, PASSWORD, Cast, add_sim
from tests.http.test_access import unnoticed

pytestmark = pytest.mark.one_edition
PAGES = {  # status and connections
    "/sign-in": (303, 0),
    "/": (200, 1),
    "/sims": (200, 1),
    "/sims?q=pump": (200, 1),
    f"/sims/{ADAS_SIM}": (200, 1),
    f"/sims/{ADAS_SIM}/usage.json": (200, 1),
    "/sims/8988228066600000099": (404, 1),
    "/jobs": (200, 1),
    "/carrier": (200, 1),
    "/health/live": (200, 0),
}
OF_A_SIM = (f"/sims/{ADAS_SIM}", f"/sims/{ADAS_SIM}/usage", f"/sims/{ADAS_SIM}/events")
OPERATIONS = {  # connections beside those of prepared statements
    "/sims": 0,
    "/sims?q=pump": 1,
    f"/sims/{ADAS_SIM}": 0,
    f"/sims/{ADAS_SIM}/usage": 0,
    f"/sims/{ADAS_SIM}/events": 0,
    "/carrier": 1,
    "/jobs": 1,
}


@contextmanager
def counted(event: str) -> Iterator[list[int]]:
    """One item for each `checkout` from any pool of this process, or `checkin`, until the block ends."""
    seen: list[int] = []

    def note(*_: Any) -> None:
        seen.append(len(seen) + 1)

    sa.event.listen(sa.pool.Pool, event, note)
    try:
        yield seen
    finally:
        sa.event.remove(sa.pool.Pool, event, note)


@asynccontextmanager
async def client(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """Without the application's background tasks, which read too."""
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    headers = {"Origin": "http://test"}
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as found:
        yield found


async def test_a_page_takes_one_connection(settings: Settings, cast: Cast) -> None:
    taken_by: dict[str, tuple[int, int]] = {}
    async with client(create_app(settings)) as browser:
        with counted("checkout") as taken:
            assert (await browser.get("/sign-in")).status_code == 200
        assert taken == [], "the form of the sign-in asks nothing"
        assert (await browser.post("/sign-in", data={"name": "ada", "password": PASSWORD})).status_code == 303
        for path in PAGES:
            with counted("checkout") as taken:
                answer = await browser.get(path)
            taken_by[path] = answer.status_code, len(taken)
    assert taken_by == PAGES


async def test_an_operation_of_the_api_takes_one_connection_at_most(settings: Settings, cast: Cast) -> None:
    taken_by: dict[str, int] = {}
    async with client(create_app(settings)) as program:
        headers = {"X-API-Key": cast.acme_key}
        await program.get("/api/v1/sims", headers=headers)  # the first use of a key is noted
        await asyncio.sleep(0.2)
        for path in OPERATIONS:
            with counted("checkout") as taken:
                answer = await program.get("/api/v1" + path, headers=headers)
            assert answer.status_code == 200
            taken_by[path] = len(taken)
    assert taken_by == OPERATIONS


@get("/api/twice", opt={"access": Access.PUBLIC})
async def twice(reading: NamedDependency[AsyncConnection], db: NamedDependency[Database]) -> list[int]:
    """Counts SIMs, adds one on another connection, and counts again."""
    count = sa.text("SELECT count(*) FROM sims")
    first = (await reading.execute(count)).scalar_one()
    organization = (await reading.execute(sa.text("SELECT min(id) FROM organizations"))).scalar_one()
    async with db.transaction() as transaction:
        await add_sim(transaction, organization, "8988228066600000077")
    return [first, (await reading.execute(count)).scalar_one()]


@post("/api/changes", status_code=200, opt={"access": Access.PUBLIC})
async def changes(request: Request[Any, Any, Any], db: NamedDependency[Database]) -> int:
    """Reads by a dependency's way, then changes rows."""
    async with snapshot_of(request.scope) as reading:
        await reading.execute(sa.text("SELECT 1"))
    async with db.transaction() as transaction:
        return int((await transaction.connection.execute(sa.text("SELECT 2"))).scalar_one())


@post("/api/reads", status_code=200, opt={"access": Access.PUBLIC})
async def reads(reading: NamedDependency[AsyncConnection]) -> None:
    """A route that changes rows and asks for the connection of those that do not."""


@get("/api/waits", opt={"access": Access.PUBLIC})
async def waits(request: Request[Any, Any, Any], reading: NamedDependency[AsyncConnection]) -> None:
    """Waits for something else than the database."""
    await reading.execute(sa.text("SELECT 1"))
    await let_go(request.scope)
    await asyncio.sleep(0.3)


@get("/api/fails", opt={"access": Access.PUBLIC})
async def fails(reading: NamedDependency[AsyncConnection]) -> None:
    """Fails in the database."""
    await reading.execute(sa.text("SELECT 1 / 0"))


@pytest.fixture
async def small(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """An application of these routes, with two connections."""
    db = open_database(settings.database_url, settings.redis_url, connections=2)
    app = Litestar(
        [twice, changes, reads, waits, fails],
        middleware=[ConnectionPerRequest(lambda: db.engine)],
        guards=[allowed(lambda _: True, unnoticed)],
        exception_handlers={Exception: error_response},
        opt={FOR_PROGRAMS: True},
        dependencies={
            "db": Provide(lambda: db, sync_to_thread=False),
            "live_since": Provide(lambda: "", sync_to_thread=False),
            "reading": Provide(reading_of),
        },
        openapi_config=None,
    )
    async with client(app) as found:
        yield found
    await db.close()


async def test_all_that_a_request_reads_is_of_one_moment(small: httpx.AsyncClient, cast: Cast) -> None:
    before, after = (await small.get("/api/twice")).json()
    assert before == after > 0
    assert (await small.get("/api/twice")).json()[0] == before + 1, "the next request sees the change"


async def test_requests_that_change_rows_never_wait_for_each_others_connections(small: httpx.AsyncClient) -> None:
    async with asyncio.timeout(10):
        answers = await asyncio.gather(*(small.post("/api/changes") for _ in range(12)))
    assert [answer.json() for answer in answers] == [2] * 12
    assert (await small.post("/api/reads")).status_code == 500


async def test_who_waits_for_something_else_holds_no_connection(small: httpx.AsyncClient) -> None:
    began = datetime.now(UTC)
    answers = await asyncio.gather(*(small.get("/api/waits") for _ in range(12)))
    assert {answer.status_code for answer in answers} == {200}
    assert (datetime.now(UTC) - began).total_seconds() < 1.5, "12 waits of 0.3 s by turns of two would take 1.8 s"


class Reader(ASGIMiddleware):
    """Reads as authentication does, before the request waits for its turn."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        connection = connection_of(scope)
        assert connection is not None
        async with connection.latest() as reading:
            await reading.execute(sa.text("SELECT 1"))
        await next_app(scope, receive, send)


async def test_requests_that_wait_for_others_of_their_client_hold_no_connection(settings: Settings) -> None:
    db, free = open_database(settings.database_url, settings.redis_url, connections=2), asyncio.Event()

    @get("/api/held")
    async def held(request: Request[Any, Any, Any]) -> None:
        await let_go(request.scope)
        await free.wait()

    @get("/api/quick")
    async def quick() -> str:
        return "quick"

    shares = FairShare(lambda connection: connection.headers["client"])
    app = Litestar(
        [held, quick], middleware=[ConnectionPerRequest(lambda: db.engine), Reader(), shares], openapi_config=None
    )
    async with client(app) as found:
        many = [asyncio.create_task(found.get("/api/held", headers={"client": "a"})) for _ in range(AT_ONCE + 4)]
        await asyncio.sleep(0.5)  # all of them have read what they had to
        try:
            async with asyncio.timeout(20):  # less than a pool waits for a connection
                assert (await found.get("/api/quick", headers={"client": "b"})).text == "quick"
        finally:
            free.set()
        assert {answer.status_code for answer in await asyncio.gather(*many)} == {200}
    await db.close()


async def test_a_request_that_fails_leaves_a_connection_that_works(small: httpx.AsyncClient, cast: Cast) -> None:
    for _ in range(5):
        assert (await small.get("/api/fails")).status_code == 500
    assert (await small.get("/api/twice")).status_code == 200
