"""Each process exposes its own numbers, and one worker at a time those of the whole installation."""

import asyncio
from datetime import UTC, datetime

import httpx
import pytest
from prometheus_client import REGISTRY

from console import metrics
from console.errors import NotReady
from console.store.database import Database, open_database
from jobs.metrics import exposed, keep_measuring, measure
from tests.cast import Cast

WAITING = "console_outbox_waiting"


async def shown(*, there: bool) -> bool:
    """Whether the gauges of the installation are exposed, waiting a while for it."""
    for _ in range(200):
        if (REGISTRY.get_sample_value(WAITING) is not None) == there:
            return True
        await asyncio.sleep(0.02)
    return False


async def locks(db: Database) -> int:
    async with db.reading() as connection:
        found = await connection.exec_driver_sql(
            "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database"
            " WHERE locktype = 'advisory' AND datname = current_database()"
        )
        return int(found.scalar_one())


async def test_one_worker_measures_and_another_goes_on_when_it_ends(db: Database, cast: Cast) -> None:
    address = db.engine.url.render_as_string(hide_password=False)
    other = open_database(address, "redis://127.0.0.1:1/0", connections=1)
    first = asyncio.create_task(keep_measuring(db, every=0.05))
    assert await shown(there=True)
    second = asyncio.create_task(keep_measuring(other, every=0.05))
    await asyncio.sleep(0.3)
    assert await locks(db) == 1
    assert not second.done()
    assert metrics.installation.get_sample_value("console_carrier_circuit_state", {"organization": "acme"}) == 0
    first.cancel()
    await asyncio.wait({first})
    assert await shown(there=True), "the second worker must take over"
    second.cancel()
    await asyncio.wait({second})
    assert await shown(there=False), "what nobody measures must not be exposed"
    await other.close()


async def test_without_its_database_a_worker_exposes_no_old_gauges_and_counts_the_errors() -> None:
    away = open_database("postgresql+asyncpg://nobody@127.0.0.1:1/none", "redis://127.0.0.1:1/0", connections=1)
    before = REGISTRY.get_sample_value("console_loop_errors_total", {"loop": "gauges"}) or 0
    task = asyncio.create_task(keep_measuring(away, every=0.01))
    await asyncio.sleep(0.3)
    task.cancel()
    await asyncio.wait({task})
    await away.close()
    assert (REGISTRY.get_sample_value("console_loop_errors_total", {"loop": "gauges"}) or 0) > before + 1
    assert REGISTRY.get_sample_value(WAITING) is None


async def test_what_waits_in_the_outbox_is_counted(db: Database, cast: Cast) -> None:
    async with db.engine.begin() as connection:
        await connection.exec_driver_sql("INSERT INTO outbox (items, facts) VALUES ('a', 1), ('b', 1)")
    async with db.reading() as reading:
        await measure(reading, datetime.now(UTC))
    assert metrics.installation.get_sample_value(WAITING) == 2


async def test_a_worker_with_a_token_answers_only_those_who_send_it() -> None:
    async with exposed(0, "a-token-for-prometheus") as port, httpx.AsyncClient(trust_env=False) as client:
        address = f"http://127.0.0.1:{port}/metrics"
        for sent in ({}, {"Authorization": "Bearer a-token"}, {"Authorization": "Bearer ä"}):
            answer = await client.get(
                address, headers=[(name.encode(), value.encode()) for name, value in sent.items()]
            )
            assert answer.status_code == 401
            assert "console_" not in answer.text
        answer = await client.get(address, headers={"Authorization": "Bearer a-token-for-prometheus"})
        assert answer.status_code == 200
        assert "console_job_runs_total" in answer.text
        assert (await client.get(address.removesuffix("metrics"))).status_code == 404


async def test_a_taken_port_is_said_in_one_sentence() -> None:
    async with exposed(0, None) as port:
        with pytest.raises(NotReady, match=f"METRICS_PORT {port} can't be used"):
            async with exposed(port, None):
                pass
