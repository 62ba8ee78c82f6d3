"""An open connection holds little: what opened it is let go, and a failure after that still closes it with a code."""

import asyncio
from collections.abc import Iterator
from types import CodeType
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from prometheus_client import REGISTRY

from console.live.frame_protocol import Writable
from console.store.database import Database
from tests.cast import Cast
from tests.live.test_program_stream import receive
from tests.serving import Served, close_code

pytestmark = pytest.mark.one_edition


def waits_in(coroutine: Any) -> Iterator[CodeType]:
    """What a suspended coroutine waits in, outermost first."""
    while (code := getattr(coroutine, "cr_code", None)) is not None:
        yield code
        coroutine = coroutine.cr_await


def of_open_sockets() -> list[list[CodeType]]:
    chains = [list(waits_in(task.get_coro())) for task in asyncio.all_tasks()]
    return [chain for chain in chains if chain[0].co_qualname.endswith(".run_asgi")]


async def renamed(db: Database, table: str, name: str) -> None:
    async with db.engine.begin() as connection:
        await connection.execute(sa.text(f"ALTER TABLE {table} RENAME TO {name}"))


async def test_an_open_connection_holds_nothing_of_what_opened_it(web: Served, cast: Cast) -> None:
    async with web.stream(cast.acme_key) as stream:
        await receive(stream)
        [chain] = of_open_sockets()
        names = [code.co_qualname for code in chain]
        assert "serve" in names, "it is served by the task that waits for its messages"
        assert not [code for code in chain if "middleware" in code.co_filename or "routes" in code.co_filename], names


async def test_a_failure_closes_an_open_connection_with_a_code_and_is_counted(
    web: Served, db: Database, cast: Cast
) -> None:
    def failed() -> float:
        return REGISTRY.get_sample_value("console_loop_errors_total", {"loop": "socket"}) or 0

    before = failed()
    async with web.stream(cast.acme_key, "?topics=alerts") as stream:
        await receive(stream)
        await renamed(db, "audit_lines", "audit_lines_away")
        try:
            await stream.send(msgspec.json.encode({"type": "subscribe", "topics": ["fleet"]}).decode())
            assert await close_code(stream, 5) == 1011
        finally:
            await renamed(db, "audit_lines_away", "audit_lines")
    assert failed() == before + 1


async def test_who_waits_for_a_full_buffer_goes_on_when_it_has_room() -> None:
    writable = Writable()
    await writable.wait()
    writable.clear()
    writable.clear()
    waiting = asyncio.create_task(writable.wait())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    writable.set()
    await asyncio.wait_for(waiting, 1)
    await writable.wait()
