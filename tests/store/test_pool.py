"""Through PgBouncer by transactions: prepared statements, snapshots, live screens, a worker, limits of time."""

import asyncio
import os
import sys
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
import msgspec
import pytest
import sqlalchemy as sa
from msgspec import structs

from console.errors import NotReady
from console.http.known_errors import known_error
from console.settings import Settings
from console.store.database import Database, open_database
from tests.cast import ADAS_SIM, Cast, add_sim
from tests.serving import Served, serving
from tests.store.pools import pooled

pytestmark = pytest.mark.one_edition
SESSIONS = 3  # of PostgreSQL, for a console that would open fourteen for each process
RUN = sa.text("SELECT state FROM job_runs WHERE job = 'measure_rhythms' ORDER BY id DESC LIMIT 1")
TOGETHER, EACH = 6, 4


async def test_a_console_and_a_worker_share_three_sessions_and_nothing_else(
    settings: Settings, db: Database, cast: Cast, tmp_path: Path
) -> None:
    async with pooled(settings.database_url, default_pool_size=str(SESSIONS)) as addresses:
        through = structs.replace(settings, database_url=addresses["console_web"])
        async with serving(through) as web, web.stream(cast.acme_key, "?topics=fleet") as stream:
            await stream.recv()
            reading = (_read(web, cast.acme_key, number) for number in range(TOGETHER))
            await asyncio.gather(_change(through, cast.acme), *reading)
            labels = []
            async with asyncio.timeout(20):
                while f"label {EACH - 1}" not in labels:
                    said = msgspec.json.decode(await stream.recv())
                    if said["type"] == "sim.changed":
                        labels.append(said["data"]["label"])
        assert labels == [f"label {number}" for number in range(EACH)]
        await _worker_runs(settings, addresses["console_worker"], db, cast.acme, tmp_path / "worker.log")
        used = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name <> ''"
        async with db.reading() as connection:
            sessions = (await connection.execute(sa.text(used + " AND backend_type = 'client backend'"))).scalar_one()
            locks = (
                await connection.execute(sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"))
            ).scalar_one()
    assert sessions <= 2 * SESSIONS + 4  # of both names; and the test's own
    assert locks == 0


async def _read(served: Served, key: str, number: int) -> None:
    """Lists by other filters each time, one SIM, its usage: statements with plans of their own."""
    async with served.program(key) as program:
        for turn in range(EACH):
            for path in (
                f"/sims?q=89882280000000{number:02d}&page_size={turn + 1}",
                f"/sims/{ADAS_SIM}",
                f"/sims/{ADAS_SIM}/usage",
                f"/alerts?page_size={number + 1}",
                "/usage?by=hour",
            ):
                answer = await program.get(path)
                assert answer.status_code == 200, answer.text
            assert (await program.get(f"/sims/{ADAS_SIM}")).json()["iccid"] == ADAS_SIM


async def _change(settings: Settings, organization_id: int) -> None:
    db = open_database(settings.database_url, settings.redis_url, connections=2)
    try:
        for number in range(EACH):
            async with db.transaction() as transaction:
                await add_sim(transaction, organization_id, ADAS_SIM, label=f"label {number}")
    finally:
        await db.close()


async def _worker_runs(settings: Settings, url: str, db: Database, organization_id: int, log: Path) -> None:
    """A worker through the pool, that measures and owns by PostgreSQL itself, does what it is asked for."""
    environment = {
        "DATABASE_URL": url.replace("+asyncpg", ""),
        "DATABASE_OWNER_URL": settings.database_url.replace("+asyncpg", ""),
        "REDIS_URL": settings.redis_url,
        "SECRET_KEY": settings.secret_key,
    }
    with log.open("wb") as output:
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "jobs", env={**os.environ, **environment}, stdout=output, stderr=output
        )
    try:
        async with db.transaction() as transaction:
            transaction.later("measure_rhythms", organization_id=organization_id, key="pool")
        async with asyncio.timeout(40), db.reading() as connection:
            while (state := (await connection.execute(RUN)).scalar_one_or_none()) in (None, "running"):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    finally:
        worker.terminate()
        await worker.wait()
    assert state == "done"


async def test_statements_that_take_too_long_are_ended_there_too(settings: Settings, db: Database, cast: Cast) -> None:
    async with pooled(settings.database_url) as addresses:
        web = open_database(addresses["console_web"], settings.redis_url, statement_seconds=10.0)
        worker = open_database(addresses["console_worker"], settings.redis_url)
        shown = sa.text(
            "SELECT current_setting('statement_timeout'), current_setting('jit'), current_setting('TimeZone'),"
            " current_setting('join_collapse_limit'), current_setting('from_collapse_limit')"
        )
        try:
            async with web.reading() as connection:
                assert tuple((await connection.execute(shown)).one()) == ("10s", "off", "UTC", "12", "12")
            async with worker.reading() as connection:
                assert tuple((await connection.execute(shown)).one()) == ("0", "off", "UTC", "12", "12")
        finally:
            await web.close()
            await worker.close()


async def test_who_gets_no_session_is_answered_within_the_limit(settings: Settings, db: Database, cast: Cast) -> None:
    async with pooled(settings.database_url, default_pool_size="1", query_wait_timeout="1") as addresses:
        web = open_database(addresses["console_web"], settings.redis_url)
        try:
            async with web.engine.begin() as holding:
                await holding.execute(sa.text("SELECT 1"))
                with pytest.raises((sa.exc.DBAPIError, asyncpg.PostgresError, OSError)) as raised:
                    async with asyncio.timeout(10), web.engine.begin() as waiting:
                        await waiting.execute(sa.text("SELECT 1"))
                assert isinstance(known_error(raised.value), NotReady)
        finally:
            await web.close()
