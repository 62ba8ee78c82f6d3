"""Migrations run on every edition, on empty and on full tables, and give the tables that the code names."""

import re
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from console.migrate import STEPS, metadata, migrate, newest, revision
from console.store.database import Database
from console.store.timescale import find_edition
from console.usage.writes import record_usage
from tests.cast import ADAS_SIM, Cast
from tests.test_full_tables import FILL
from tests.usage.policies import run_policies

NOW = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
EXPECTED = {"plain": "plain", "apache": "apache"}


async def test_the_edition_is_found(db: Database, edition: str) -> None:
    async with db.engine.connect() as connection:
        found = await connection.run_sync(find_edition)
    assert found.edition == EXPECTED[edition]


async def test_the_tables_are_those_that_the_code_names(db: Database) -> None:
    def differences(connection: sa.Connection) -> list[tuple[object, ...]]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return [one for one in compare_metadata(context, metadata) if not str(one[0]).startswith("remove_")]

    async with db.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
        assert await connection.run_sync(revision) == newest()


TAKEN_AWAY = re.compile(
    r"\b(DROP\s+(COLUMN|TABLE)|RENAME\s+(COLUMN|TO)|SET\s+NOT\s+NULL|ALTER\s+COLUMN\s+\w+\s+TYPE)\b", re.I
)
FIRST_KEPT = "0051"  # what the first release begins with: before it nobody upgrades while people work


def taken_away(step: str) -> list[str]:
    """What a step takes from the version before it, which still answers meanwhile, and after a way back."""
    calls = re.findall(r"op\.(drop_column|drop_table|rename_table|alter_column)", step)
    return [*(found[0] for found in TAKEN_AWAY.findall(step)), *calls]


def test_a_step_takes_nothing_from_the_version_before_it() -> None:
    steps = sorted((STEPS / "versions").glob("[0-9]*_*.py"))
    assert {
        path.name: found for path in steps if path.name > FIRST_KEPT and (found := taken_away(path.read_text()))
    } == {}


@pytest.mark.parametrize(
    "step",
    [
        'op.execute("ALTER TABLE sims DROP COLUMN label")',
        'op.execute("ALTER TABLE sims RENAME TO cards")',
        'op.execute("ALTER TABLE sims ALTER COLUMN label SET NOT NULL")',
        'op.drop_column("sims", "label")',
    ],
)
def test_what_a_step_takes_away_is_found(step: str) -> None:
    assert taken_away(step)


async def test_a_second_migration_does_nothing(db: Database) -> None:
    async with db.engine.connect() as connection:
        assert await connection.run_sync(migrate) == (newest(), newest())


async def test_the_sums_follow_each_insert_and_count_nothing_twice(db: Database, cast: Cast) -> None:
    record = {
        "iccid": ADAS_SIM,
        "time": NOW,
        "source": "streamer",
        "record_id": 1,
        "started_at": NOW,
        "data_bytes": 100,
        "sent_bytes": None,
        "received_bytes": None,
        "sms": 2,
        "operator": None,
        "country": None,
        "rat": None,
    }
    for again in (record, record, {**record, "record_id": 2, "source": "derived"}):
        async with db.transaction() as transaction:
            await record_usage(transaction, cast.acme, [again], NOW)
    async with db.reading() as connection:
        for table in ("usage_hourly", "usage_daily", "fleet_usage_minutely"):
            row = (await connection.execute(sa.text(f"SELECT data_bytes, derived_bytes, sms FROM {table}"))).one()
            assert tuple(row) == (200, 100, 4)


@pytest.mark.parametrize(
    "series", ["usage_records", "network_events", "status_history", "fleet_samples", "usage_hourly"]
)
async def test_what_is_too_old_is_dropped(db: Database, cast: Cast, series: str) -> None:
    async with db.engine.begin() as connection:
        await connection.execute(sa.text(FILL))
    await run_policies(db)
    async with db.engine.begin() as connection:
        prune = sa.text("SELECT prune_time_series(CAST(CAST(:series AS text) AS regclass), '2026-10-15 00:00+00')")
        while (await connection.execute(prune, {"series": series})).scalar_one():
            pass
        if series in ("usage_records", "usage_hourly"):
            moment = "time" if series == "usage_records" else "bucket"
            oldest = (await connection.execute(sa.text(f"SELECT min({moment}) FROM {series}"))).scalar_one()
            assert datetime(2026, 10, 8, tzinfo=UTC) <= oldest <= datetime(2026, 10, 15, tzinfo=UTC)
