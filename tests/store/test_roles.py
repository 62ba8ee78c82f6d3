"""The application's role: it serves and works, and can neither change the trail nor any table."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio
import sqlalchemy as sa
from msgspec import structs
from sqlalchemy.engine import make_url

from console.audit.keys import audit_keys
from console.audit.writes import seal_lines
from console.settings import Settings
from console.store.database import Database, open_database
from console.store.roles import grant, rights
from jobs.polling.clients import OnceClients
from jobs.prune import prune
from jobs.refresh_sums import refresh_sums
from jobs.run import WorkerContext
from jobs.take_in_posts import take_in_posts
from tests.cast import ADAS_SIM, STREAMER, Cast
from tests.jobs.test_stream import MB, event, usage
from tests.serving import serving

REFUSED = (
    "UPDATE audit_lines SET actor = 'eve'",
    "DELETE FROM audit_lines",
    "TRUNCATE audit_lines",
    "UPDATE audit_seals SET canonical = ''",
    "DELETE FROM audit_seals",
    "ALTER TABLE audit_lines DISABLE TRIGGER ALL",
    "DROP TRIGGER audit_lines_kept ON audit_lines",
    "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "SET session_replication_role = replica",
    "CREATE TABLE mine (id int)",
    "ALTER TABLE sims ADD COLUMN mine int",
    "DROP TABLE sims",
    "CREATE ROLE other",
    "UPDATE alembic_version SET version_num = '0001'",
    "SELECT pg_read_file('PG_VERSION')",
)


@pytest_asyncio.fixture
async def as_application(db: Database, cast: Cast, settings: Settings) -> AsyncIterator[Settings]:
    """Settings with both roles, of which `db` is the owner."""
    url = make_url(settings.database_url).set(username="tests_app", password="app-password")
    address = url.render_as_string(hide_password=False)
    async with db.engine.begin() as connection:
        assert await connection.run_sync(grant, address) == "tests_app"
    async with db.engine.begin() as connection:
        assert await connection.run_sync(grant, address) == "tests_app", "a second time nothing is in the way"
        assert await connection.run_sync(grant, settings.database_url) is None
    yield structs.replace(settings, database_url=address, database_owner_url=settings.database_url)


async def test_the_applications_role_serves_and_works_and_changes_no_table_and_no_trail(
    as_application: Settings, db: Database, cast: Cast
) -> None:
    now = datetime.now(UTC)
    async with serving(as_application) as web, web.signed_in("ada") as ada:
        for path in ("/", "/sims", f"/sims/{ADAS_SIM}", "/actions", "/jobs", "/carrier", "/audit", "/users"):
            assert (await ada.get(path)).status_code == 200, path
        note = {"tags": "roof", "note": "north", "custom_fields": "", "edits": "0"}
        edited = await ada.post(f"/sims/{ADAS_SIM}/annotations", data=note, headers={"hx-request": "true"})
        assert edited.status_code == 200, edited.text
        reset = {"kind": "reset", "seen": '{"status":"enabled","connection":"online"}'}
        assert (await ada.post(f"/sims/{ADAS_SIM}/actions", data=reset)).status_code == 303
        login = (f"acme-{STREAMER[0]}", STREAMER[1])
        posted = await ada.post("/streamer/acme", json=[usage(1, 3.0, now), event(1, 3, now)], auth=login)
        assert posted.status_code == 200, posted.text
    app = open_database(as_application.database_url, as_application.redis_url, connections=3)
    worker = WorkerContext(settings=as_application, db=app, once_clients=OnceClients(as_application, app))
    for job in (take_in_posts, refresh_sums, prune):
        await job({"worker": worker})
    async with app.transaction() as transaction:
        assert await seal_lines(transaction, audit_keys(as_application), now)
    async with app.reading() as reading:
        failed = await reading.execute(sa.text("SELECT job, state, error FROM job_runs WHERE state <> 'done'"))
        assert failed.all() == []
        used = sa.text("SELECT sum(data_bytes) FROM usage_hourly WHERE organization_id = :acme")
        assert (await reading.execute(used, {"acme": cast.acme})).scalar_one() == 3 * MB
    async with app.engine.connect() as connection:
        assert not (await connection.run_sync(rights)).too_many
    async with db.engine.connect() as connection:
        assert (await connection.run_sync(rights)).too_many, "the owner could"
    for statement in REFUSED:
        with pytest.raises(sa.exc.DBAPIError, match=r"permission denied|must be owner"):
            async with app.transaction() as transaction:
                await transaction.connection.execute(sa.text(statement))
    await app.close()
