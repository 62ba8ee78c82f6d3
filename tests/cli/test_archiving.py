"""Months of usage records that are soon dropped go into files: whole, once, and readable years later."""

import asyncio
import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from msgspec import structs

from console.cli.archives import archive
from console.cli.archiving import AFTER, Archived, archive_usage, archived_csv, archives_in
from console.cli.backup_files import backup_keys, delete_old
from console.cli.backup_places import DATA, Folder
from console.cli.encryption import BackupBroken
from console.errors import Invalid, NotFound
from console.settings import Settings
from console.store.database import Database
from tests.cast import ADAS_SIM, Cast
from tests.cli.test_backup import KEY

FIRST = datetime(2024, 10, 3, 7, tzinfo=UTC)
NOW = datetime(2024, 12, 1, tzinfo=UTC) + AFTER  # two months are due to the day
INSERT = """
INSERT INTO usage_records (organization_id, iccid, time, source, record_id, started_at, data_bytes, sms, operator)
SELECT :organization, :iccid, at, 'streamer', row_number() OVER (), at - interval '1 hour', 1000, 0, :operator
FROM generate_series(CAST(:first AS timestamptz), :first + interval '70 days', interval '1 hour') at
"""
COUNTS = (
    "SELECT to_char(time AT TIME ZONE 'UTC', 'YYYY-MM') AS month, count(*) AS records FROM usage_records GROUP BY 1"
)


@pytest.fixture
def backed(settings: Settings) -> Settings:
    return structs.replace(settings, backup_key=(KEY,))


async def use(db: Database, cast: Cast) -> dict[str, int]:
    """Records of each hour of seventy days; how many there are of each month."""
    async with db.engine.begin() as connection:
        values = {"organization": cast.acme, "iccid": ADAS_SIM, "first": FIRST, "operator": 'Ånd "x", y\nz'}
        await connection.execute(sa.text(INSERT), values)
        return {row.month: row.records for row in (await connection.execute(sa.text(COUNTS))).all()}


async def test_each_month_is_archived_once_when_it_is_due_and_read_as_it_was(
    db: Database, cast: Cast, backed: Settings, tmp_path: Path
) -> None:
    rows, place, keys = await use(db, cast), Folder(tmp_path), backup_keys(backed)
    assert await archive_usage(backed, place, NOW - timedelta(seconds=1) - timedelta(days=30)) == []
    (october,) = await archive_usage(backed, place, NOW - timedelta(seconds=1))
    assert (october.month, october.rows) == ("2024-10", rows["2024-10"])
    (november,) = await archive_usage(backed, place, NOW)
    assert (november.month, november.rows) == ("2024-11", rows["2024-11"])
    assert await archive_usage(backed, place, NOW + timedelta(days=1)) == []
    async with db.engine.begin() as connection:
        await connection.execute(sa.text("DELETE FROM usage_records"))
    assert await archive_usage(backed, place, NOW + timedelta(days=400)) == []
    assert archives_in(place, keys) == [october, november]
    read = list(csv.DictReader(b"".join(archived_csv(place, "2024-11", keys)).decode().splitlines(keepends=True)))
    assert len(read) == rows["2024-11"]
    assert {row["iccid"] for row in read} == {ADAS_SIM}
    assert {row["operator"] for row in read} == {'Ånd "x", y\nz'}
    assert sum(int(row["data_bytes"]) for row in read) == 1000 * rows["2024-11"]
    times = [datetime.fromisoformat(row["time"]) for row in read]
    assert (times[0], times[-1]) == (datetime(2024, 11, 1, tzinfo=UTC), datetime(2024, 11, 30, 23, tzinfo=UTC))
    assert delete_old(place, keys, NOW + timedelta(days=4000), 1) == []
    assert len(archives_in(place, keys)) == 2


@pytest.mark.one_edition
async def test_a_changed_archive_or_what_is_none_is_refused(
    db: Database, cast: Cast, backed: Settings, tmp_path: Path
) -> None:
    await use(db, cast)
    place, keys = Folder(tmp_path), backup_keys(backed)
    await archive_usage(backed, place, NOW)
    with pytest.raises(NotFound):
        list(archived_csv(place, "2024-09", keys))
    with pytest.raises(Invalid):
        list(archived_csv(place, "../2024-10", keys))
    path = tmp_path / "usage-2024-10" / DATA
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(BackupBroken):
        next(archived_csv(place, "2024-10", keys))
    with pytest.raises(BackupBroken):
        archives_in(place, {"2026": "another key" * 4})


@pytest.mark.one_edition
async def test_the_command_lists_months_and_prints_one(
    db: Database, cast: Cast, backed: Settings, tmp_path: Path
) -> None:
    rows = await use(db, cast)
    await archive_usage(backed, Folder(tmp_path), NOW)
    environment = {
        "DATABASE_URL": backed.database_url,
        "REDIS_URL": backed.redis_url,
        "SECRET_KEY": backed.secret_key,
        "BACKUP_TARGET": str(tmp_path),
        "BACKUP_KEY": KEY,
    }
    listed = await asyncio.to_thread(CliRunner().invoke, archive, ["--json"], env=environment)
    assert [one.month for one in msgspec.json.decode(listed.output, type=list[Archived])] == ["2024-10", "2024-11"]
    printed = await asyncio.to_thread(CliRunner().invoke, archive, ["2024-10"], env=environment)
    assert len(list(csv.reader(printed.output.splitlines(keepends=True)))) == rows["2024-10"] + 1
