"""How often a page asks the database: each time it waits, and others take their turn meanwhile."""

import asyncio
from functools import partial
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import httpx
import pytest
import sqlalchemy as sa

from console import metrics
from console.app import create_app
from console.pages.sims import LIST
from console.settings import Settings
from console.store.database import Database
from console.store.direct_reads import Question
from tests.cast import ADAS_SIM, PASSWORD, Cast
from tests.http.test_connections import client
from tests.whose_rows import unsaid

GIVEN = {"organization_id": 1, "user_id": 1}
pytestmark = pytest.mark.one_edition
PAGES = {  # statements, with the one that finds out who asks
    "/sims": 3,
    "/sims?connection=online": 3,
    "/sims?connection=online&sort=-label": 5,
    "/sims?q=pump": 5,
    f"/sims?q={ADAS_SIM}": 5,
    "/": 27,
    f"/sims/{ADAS_SIM}": 25,
    "/quotas": 7,
    "/jobs": 11,
}


async def entered(browser: httpx.AsyncClient) -> None:
    answer = await browser.post("/sign-in", data={"name": "ada", "password": PASSWORD})
    assert answer.status_code == 303


async def test_statements_of_a_page(settings: Settings, cast: Cast) -> None:
    asked: dict[str, float] = {}
    async with client(create_app(settings)) as browser:
        await entered(browser)
        for path in PAGES:
            await browser.get(path)  # what is kept of flags and the like
            before = metrics.statements._value.get()
            answer = await browser.get(path)
            assert answer.status_code == 200
            asked[path] = metrics.statements._value.get() - before
    assert asked == PAGES


def test_each_part_of_what_every_page_reads_says_whose_rows_it_asks_for() -> None:
    asked = {name: Question(partial(getattr, one, "query")).asked(GIVEN)[0] for name, one in LIST.parts().items()}
    assert {name for name, text in asked.items() if unsaid(text)} == {"memberships"}, "a user's own, wherever they are"


async def test_a_page_asks_no_connection_that_was_just_used_whether_it_works(settings: Settings, cast: Cast) -> None:
    used: set[asyncpg.Connection] = set()

    def note(connection: Any, *_: Any) -> None:
        used.add(connection.driver_connection)

    sa.event.listen(sa.pool.Pool, "checkout", note)
    try:
        async with client(create_app(settings)) as browser:
            await entered(browser)
            await browser.get("/sims")
            before = sum(one._protocol.queries_count for one in used)
            await browser.get("/sims")
            assert sum(one._protocol.queries_count for one in used) - before == 4, "BEGIN, two questions, ROLLBACK"
    finally:
        sa.event.remove(sa.pool.Pool, "checkout", note)


async def test_a_connection_that_was_cut_is_replaced(settings: Settings, db: Database, cast: Cast) -> None:
    cut = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() "
    async with client(create_app(settings)) as browser:
        await entered(browser)
        for idle_seconds in (0.0, 1.2):
            assert (await browser.get("/sims")).status_code == 200
            async with db.reading() as reading:
                await reading.execute(sa.text(cut + "AND pid <> pg_backend_pid()"))
            await asyncio.sleep(idle_seconds)
            assert (await browser.get("/sims")).status_code == 200
