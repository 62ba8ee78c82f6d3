"""No request keeps the database busy for long, and the message says so."""

import asyncpg  # type: ignore[import-untyped]
import pytest
import sqlalchemy as sa
from litestar import Litestar, get
from litestar.testing import AsyncTestClient
from sqlalchemy.exc import DBAPIError

from console.errors import NotReady
from console.http.exceptions import error_response
from console.http.known_errors import known_error
from console.http.route_options import FOR_PROGRAMS
from console.settings import Settings
from console.store.database import open_database


@pytest.mark.one_edition
async def test_a_statement_that_takes_too_long_is_ended(settings: Settings) -> None:
    db = open_database(settings.database_url, settings.redis_url, connections=1, statement_seconds=0.2)
    try:
        async with db.reading() as reading:
            with pytest.raises(DBAPIError) as raised:
                await reading.execute(sa.select(sa.func.pg_sleep(5)))
    finally:
        await db.close()

    @get("/api/slow")
    async def slow() -> None:
        raise raised.value

    async with AsyncTestClient(
        Litestar([slow], exception_handlers={Exception: error_response}, opt={FOR_PROGRAMS: True})
    ) as client:
        answer = await client.get("/api/slow")
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "NOT_READY"


@pytest.mark.one_edition
async def test_a_process_that_stands_still_holds_no_locks_for_long(settings: Settings) -> None:
    db = open_database(settings.database_url, settings.redis_url, connections=1)
    try:
        async with db.reading() as reading:
            shown = (await reading.execute(sa.text("SHOW idle_in_transaction_session_timeout"))).scalar_one()
    finally:
        await db.close()
    assert shown == "1min"


def test_a_connection_that_the_database_has_closed_is_no_fault_of_ours() -> None:
    assert isinstance(known_error(asyncpg.InterfaceError("connection is closed")), NotReady)
