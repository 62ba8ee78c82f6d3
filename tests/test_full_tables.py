"""Migrations of full tables: what was there stays, in its new shape."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import sqlalchemy as sa
from alembic import command

from console.migrate import config, migrate, newest
from console.organizations.rules import PERMISSIONS, Role
from console.settings import Settings
from console.sims import reads
from console.sims.rules import SimFilter
from console.store.database import Database, open_database
from tests.databases import Cluster
from tests.usage.policies import run_policies


@asynccontextmanager
async def at_step(cluster: Cluster, settings: Settings, step: str) -> AsyncIterator[Database]:
    """A database of its own, as this step left it, until the block ends."""
    name = f"at_{step}_" + cluster.url.rsplit(":", 1)[1].split("/")[0]
    await cluster.ask(f"CREATE DATABASE {name}")
    db = open_database(cluster.named(name), settings.redis_url, connections=2)
    try:
        async with db.engine.connect() as connection:
            await connection.run_sync(_upto, step)
        yield db
    finally:
        await db.close()
        await cluster.ask(f"DROP DATABASE {name} WITH (FORCE)")


def _upto(connection: sa.Connection, step: str) -> None:
    wanted = config()
    wanted.attributes["connection"] = connection
    command.upgrade(wanted, step)
    connection.commit()


async def test_time_series_are_made_of_full_tables_without_loss(cluster: Cluster, settings: Settings) -> None:
    """Usage that was there before the sums were is in the sums."""
    async with at_step(cluster, settings, "0002") as db, db.engine.connect() as connection:
        await connection.execute(sa.text(FILL))
        await connection.commit()
        await connection.run_sync(migrate)
        for table in ("usage_records", "usage_hourly", "usage_daily", "fleet_usage_minutely"):
            total = (await connection.execute(sa.text(f"SELECT sum(data_bytes) FROM {table}"))).scalar_one()
            assert total == 3 * 500 * 501 // 2, table
        days = (await connection.execute(sa.text("SELECT count(*) FROM usage_daily"))).scalar_one()
        assert days == 3 * 21
        sources = await connection.execute(sa.text("SELECT DISTINCT source FROM usage_records"))
        assert sources.scalars().all() == ["streamer"]
        await connection.commit()
        await run_policies(db)
        for table in ("usage_hourly", "usage_daily", "fleet_usage_minutely"):
            total = (await connection.execute(sa.text(f"SELECT sum(data_bytes) FROM {table}"))).scalar_one()
            assert total == 3 * 500 * 501 // 2, f"{table} after the policies have run"


FILL = """
    INSERT INTO usage_records (organization_id, iccid, time, source, record_id, started_at, data_bytes, sms)
    SELECT 1, '898822806660000000' || sim, t, 'stream', n, t, n, 0
    FROM generate_series(1, 3) sim, generate_series(1, 500) n,
         LATERAL (SELECT timestamptz '2026-10-01 00:00+00' + n * interval '1 hour' AS t) AS moment
"""


async def test_what_was_searched_and_what_waited_to_be_published_outlive_their_new_shape(
    cluster: Cluster, settings: Settings
) -> None:
    async with at_step(cluster, settings, "0003") as db:
        async with db.engine.connect() as connection:
            for statement in FULL:
                await connection.execute(sa.text(statement))
            await connection.commit()
            await connection.run_sync(migrate)
            items = (await connection.execute(sa.text("SELECT items FROM outbox"))).scalar_one()
            found = await reads.page(connection, 1, SimFilter(q="ump-77"))
            await connection.execute(sa.text("UPDATE sims SET label = 'Valve-5', connection = 'online'"))
            renamed = [(await reads.page(connection, 1, SimFilter(q=word))).total for word in ("ump-77", "valve-5")]
        assert items == "1\tsim.changed\tx\t{}\n1\tsim.event\tx\t{}"
        assert [sim.label for sim in found.items] == ["Pump_77"]
        assert renamed == [0, 1]


FULL = (
    "INSERT INTO organizations (slug, name, once_base_url, created_at) VALUES ('acme', 'Acme', 'x', now())",
    "INSERT INTO sims (organization_id, iccid, label, added_at, changed_at)"
    " VALUES (1, '8988228066600000001', 'Pump_77', now(), now())",  # found by any dash since
    "INSERT INTO outbox (items, facts) VALUES (ARRAY[E'1\tsim.changed\tx\t{}', E'1\tsim.event\tx\t{}'], 2)",
)


async def test_events_are_keyed_by_time_and_each_is_still_there_once(cluster: Cluster, settings: Settings) -> None:
    async with at_step(cluster, settings, "0069") as db:
        async with db.engine.connect() as connection:
            await connection.execute(sa.text(EVENTS))
            await connection.commit()
            await connection.run_sync(migrate)
            again = sa.text(f"{EVENTS} ON CONFLICT (organization_id, id, time) DO NOTHING")
            assert (await connection.execute(again)).rowcount == 0
            indexes = await connection.execute(
                sa.text("SELECT indexdef FROM pg_indexes WHERE tablename = 'network_events' ORDER BY indexname")
            )
            keys = [one.partition("btree ")[2].replace('"', "") for one in indexes.scalars()]
        assert keys == [
            "(organization_id, iccid, time DESC, id DESC)",
            "(organization_id, time DESC, id DESC) WHERE (severity <> 'info'::text)",
            "(organization_id, time, id)",
        ]


EVENTS = """
    INSERT INTO network_events (organization_id, id, time, iccid, name, severity, description)
    SELECT 1, n, '2026-10-01 00:00+00'::timestamptz + n * interval '1 hour', 'x', 'Generic', 'info', ''
    FROM generate_series(1, 1000) n"""


async def test_users_become_members_and_jobs_keep_what_they_did(cluster: Cluster, settings: Settings) -> None:
    async with at_step(cluster, settings, "0013") as db, db.engine.connect() as connection:
        for statement in PEOPLE:
            await connection.execute(sa.text(statement))
        await connection.commit()
        await connection.run_sync(migrate)
        members = await connection.execute(sa.text("SELECT organization_id, user_id, role FROM members"))
        assert [tuple(row) for row in members] == [(1, 1, "operator")]
        assert (await connection.execute(sa.text("SELECT organization_id FROM sessions"))).scalars().all() == [1]
        scopes = (await connection.execute(sa.text("SELECT scopes FROM api_keys"))).scalar_one()
        assert set(scopes) == PERMISSIONS[Role.VIEWER]
        jobs = await connection.execute(sa.text("SELECT job FROM job_runs UNION ALL SELECT job FROM job_requests"))
        assert sorted(jobs.scalars()) == ["check_streamer", "sync_sims", "take_in_posts"]


PEOPLE = (
    FULL[0],
    "INSERT INTO users (organization_id, name, role, password_hash, created_at)"
    " VALUES (1, 'ada', 'operator', 'x', now())",
    "INSERT INTO sessions (id_hash, user_id, created_at, seen_at, expires_at) VALUES ('x', 1, now(), now(), now())",
    "INSERT INTO api_keys (organization_id, name, role, prefix, secret_hash, created_at)"
    " VALUES (1, 'program', 'viewer', 'iot_key_x', 'x', now())",
    "INSERT INTO job_runs (organization_id, job, state, started_at, heartbeat_at)"
    " SELECT 1, job, 'done', now(), now() FROM unnest(ARRAY['sync_sims', 'watch_stream']) AS ran (job)",
    "INSERT INTO job_requests (organization_id, job) VALUES (1, 'take_stream')",
)


async def test_indexes_of_usage_are_made_by_one_of_two_and_anew_where_an_attempt_was_cut_off(
    cluster: Cluster, settings: Settings
) -> None:
    """Whoever makes an index concurrently waits for who waits in a statement: the second must not wait in one."""

    async def steps(db: Database) -> tuple[str | None, str | None]:
        async with db.engine.connect() as connection:
            return await connection.run_sync(migrate)

    async with at_step(cluster, settings, "0068") as db:
        async with db.engine.connect() as connection:
            await connection.execute(sa.text(FILL))
            await connection.execute(sa.text(CUT_OFF))
            await connection.commit()
        found = await asyncio.wait_for(asyncio.gather(steps(db), steps(db)), 60)
        assert sorted(found) == [("0068", newest()), (newest(), newest())]
        async with db.reading() as reading:
            assert (await reading.execute(sa.text(INDEXES_OF_USAGE))).scalars().all() == [
                "CREATE INDEX usage_daily_bucket_idx ON public.usage_daily USING btree (bucket)",
                "CREATE INDEX usage_hourly_bucket_idx ON public.usage_hourly USING btree (bucket)",
                "CREATE UNIQUE INDEX usage_daily_pkey ON public.usage_daily"
                " USING btree (organization_id, iccid, bucket)",
                "CREATE UNIQUE INDEX usage_hourly_pkey ON public.usage_hourly"
                " USING btree (organization_id, iccid, bucket) INCLUDE (data_bytes, derived_bytes, sms)",
            ]
            total = (await reading.execute(sa.text("SELECT sum(data_bytes) FROM usage_hourly"))).scalar_one()
            assert total == 3 * 500 * 501 // 2


CUT_OFF = """
    DO $$ BEGIN
        CREATE UNIQUE INDEX usage_hourly_covering_idx ON usage_hourly (organization_id, iccid, bucket);
        UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'usage_hourly_covering_idx'::regclass;
    END $$"""
INDEXES_OF_USAGE = """
    SELECT pg_get_indexdef(indexrelid) FROM pg_index
    WHERE indrelid IN ('usage_hourly'::regclass, 'usage_daily'::regclass) AND indisvalid ORDER BY 1"""
