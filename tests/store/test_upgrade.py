"""Tables are changed under traffic: a step gives way to who uses its tables, and the version before it stays ready."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
import httpx
import msgspec
import pytest

import console.migrate
from console.api_keys.writes import put_key
from console.errors import NotReady
from console.migrate import config, migrate, newest
from console.organizations.rules import PERMISSIONS, Role
from console.store.database import Database, open_database
from tests.cast import ADAS_SIM, Cast
from tests.databases import Cluster
from tests.processes import until
from tests.serving import Served

pytestmark = pytest.mark.one_edition
HELD_SECONDS, MOST_SECONDS = 6.0, 5.0
STEP = """
from alembic import op
revision, down_revision = "9001", "{newest}"
def upgrade():
    op.execute("ALTER TABLE sims ADD COLUMN added_later integer")
"""


@pytest.fixture
def one_more_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step after the newest, as the next version of the console would bring it."""
    tmp_path.joinpath("9001_added_later.py").write_text(STEP.format(newest=newest()))
    steps = config()
    steps.set_main_option("path_separator", "os")
    steps.set_main_option("version_locations", f"{console.migrate.STEPS / 'versions'}:{tmp_path}")
    monkeypatch.setattr(console.migrate, "config", lambda: steps)


@asynccontextmanager
async def reader_of_sims(cluster: Cluster, db: Database) -> AsyncIterator[None]:
    """A transaction that has read the table and does not end: an export, or somebody at a prompt."""
    connection = await asyncpg.connect(db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False))
    try:
        async with connection.transaction():
            await connection.fetchval("SELECT count(*) FROM sims")
            yield
    finally:
        await connection.close()


async def _upgrade(db: Database) -> tuple[str | None, str | None]:
    """In a thread of its own, as another process would."""
    address = db.engine.url.render_as_string(hide_password=False)

    async def upgrade() -> tuple[str | None, str | None]:
        owner = open_database(address, "redis://127.0.0.1:1/0", connections=1)
        try:
            async with owner.engine.connect() as connection:
                return await connection.run_sync(migrate)
        finally:
            await owner.close()

    return await asyncio.to_thread(asyncio.run, upgrade())


async def test_a_step_that_must_wait_keeps_nobody_waiting(
    cluster: Cluster, db: Database, cast: Cast, web: Served, one_more_step: None
) -> None:
    waited: list[float] = []
    tags: list[str] = []

    async def work(program: httpx.AsyncClient, until: float) -> None:
        while time.monotonic() < until:
            began = time.monotonic()
            tags.append(f"t{len(tags)}")
            for answer in (
                await program.get("/sims"),
                await program.patch(f"/sims/{ADAS_SIM}", json={"tags": [tags[-1]]}),
            ):
                assert answer.status_code == 200, answer.text
            waited.append(time.monotonic() - began)
            await asyncio.sleep(0.2)

    async with db.transaction() as transaction:
        key = await put_key(transaction, cast.acme, "writer", PERMISSIONS[Role.ENGINEER], datetime.now(UTC))
    async with web.program(key) as program, web.stream(cast.acme_key, "?topics=fleet") as stream:
        seen: list[str] = []

        async def follow() -> None:
            async for text in stream:
                message = msgspec.json.decode(text)
                seen.extend(message.get("data", {}).get("tags", ()) if message["type"] == "sim.changed" else ())

        async with reader_of_sims(cluster, db):
            upgrading = asyncio.create_task(_upgrade(db))
            following = asyncio.create_task(follow())
            await work(program, time.monotonic() + HELD_SECONDS)
            assert not upgrading.done()
        assert await upgrading == (newest(), "9001")
        await work(program, time.monotonic() + 0.5)
        await until(lambda: seen[-1:] == tags[-1:], 20)
        following.cancel()
        ready = await program.get(f"{web.address}/health/ready")
    assert max(waited) < MOST_SECONDS, max(waited)
    assert list(dict.fromkeys(seen)) == tags, "each change once, in order"
    assert len(waited) > 2, "work went on"
    assert ready.status_code == 200, ready.text
    assert f"at 9001, newer than this version's {newest()}" in ready.text


async def test_a_step_that_never_gets_its_tables_is_given_up_with_a_sentence(
    cluster: Cluster, db: Database, cast: Cast, one_more_step: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console.migrate, "TRIES", 2)
    monkeypatch.setattr(console.migrate, "PAUSE_SECONDS", 0.1)
    monkeypatch.setattr(console.migrate, "LOCK_WAIT", "100ms")
    async with reader_of_sims(cluster, db):
        with pytest.raises(NotReady, match="pg_stat_activity"):
            await _upgrade(db)
    assert await _upgrade(db) == (newest(), "9001")
