"""One test's rows, connections and changes of the schema never reach the next one."""

import pytest
import sqlalchemy as sa

from console.settings import Settings
from console.store.database import Database, open_database
from tests.cast import ADAS_SIM, Cast, add_sim
from tests.databases import Cluster

INSERTED = sa.text(
    "INSERT INTO organizations (slug, name, once_base_url, created_at) VALUES ('first', 'First', '', now()) "
    "RETURNING id"
)


async def first_id(settings: Settings) -> int:
    db = open_database(settings.database_url, settings.redis_url, connections=1)
    try:
        async with db.engine.begin() as connection:
            return int((await connection.execute(INSERTED)).scalar_one())
    finally:
        await db.close()


async def _execute(settings: Settings, sql: str) -> None:
    db = open_database(settings.database_url, settings.redis_url, connections=1)
    try:
        async with db.engine.begin() as connection:
            await connection.exec_driver_sql(sql)
    finally:
        await db.close()


async def test_rows_sequences_and_connections_end(cluster: Cluster, settings: Settings) -> None:
    assert await first_id(settings) == 1
    db = open_database(settings.database_url, settings.redis_url, connections=1)
    async with db.reading() as held:
        await held.execute(sa.text("SELECT pg_advisory_lock(1), count(*) FROM organizations"))
        assert settings.database_url == cluster.named(await cluster.empty())
        with pytest.raises(sa.exc.DBAPIError):
            await held.execute(sa.text("SELECT 1"))
    await db.close()
    assert await first_id(settings) == 1


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE another (id int)",
        "ALTER TABLE organizations ADD COLUMN another int",
        "ALTER TABLE sims DISABLE TRIGGER USER",
        "CREATE INDEX another ON organizations (name)",
    ],
)
async def test_a_changed_schema_is_made_anew(cluster: Cluster, settings: Settings, change: str) -> None:
    await _execute(settings, change)
    assert settings.database_url != cluster.named(await cluster.empty())


async def test_rows_are_kept_whatever_text_they_hold(cluster: Cluster, settings: Settings) -> None:
    name = "$1 it's {here} $2::text"
    await first_id(settings)
    await _execute(settings, "UPDATE organizations SET name = $name$" + name + "$name$")
    rows = await cluster.keep()
    await cluster.empty()
    await cluster.put_back(rows)
    db = open_database(settings.database_url, settings.redis_url, connections=1)
    async with db.reading() as connection:
        found = (await connection.scalars(sa.text("SELECT name FROM organizations"))).all()
    await db.close()
    assert found == [name]


async def test_the_cast_is_put_back_as_it_was_written(db: Database, cast: Cast) -> None:
    async with db.transaction() as transaction:
        await add_sim(transaction, cast.acme, ADAS_SIM, label="renamed")
    async with db.reading() as connection:
        seconds = await connection.scalar(
            sa.text("SELECT extract(epoch FROM now() - max(confirmed_at)) FROM sim_states")
        )
        slots = await connection.scalar(sa.text("SELECT count(*) FROM poll_slots"))
        names = (await connection.scalars(sa.text("SELECT name FROM users ORDER BY name"))).all()
    assert seconds < 30
    assert slots == 3
    assert names == ["ada", "eve", "otto", "vera"]
