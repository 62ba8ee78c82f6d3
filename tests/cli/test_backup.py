"""Backups: whole or not there, readable with their key alone; what is restored does nothing a second time."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from msgspec import structs

from console.actions import requests
from console.cli.backing_up import TABLES
from console.cli.backup_files import (
    Manifest,
    backup_keys,
    backups_in,
    delete_old,
    newest_backup,
    place_of,
    read_backup,
    signed,
    verify,
)
from console.cli.backup_places import DATA, MANIFEST, Folder, Place, new_name
from console.cli.backups import bring_back, write
from console.cli.drilling import Drilled, drill
from console.cli.encryption import BackupBroken
from console.cli.postgres_programs import connect
from console.cli.restoring import fill
from console.errors import Conflict, NotFound
from console.settings import Settings
from console.store.database import Database
from console.store.outbox import position
from tests.actions.conftest import Operator, acme, iccid, otto
from tests.cast import Cast
from tests.databases import Cluster
from tests.processes import until

__all__ = ["acme", "iccid", "otto"]
KEY = "2026:c4d0f7b2a9e8135d6f7081a2b3c4d5e6"
# What restoring itself changes: sessions end, what waited is unknown, the restore leaves a line.
CHANGED = {"actions", "deliveries", "sessions", "audit_lines", "audit_unsealed", "alembic_version"}


@pytest.fixture
def backed(settings: Settings, tmp_path: Path) -> Settings:
    return structs.replace(settings, backup_target=str(tmp_path / "backups"), backup_key=(KEY,))


async def contents(db: Database) -> dict[str, str]:
    """What each table holds, as a digest."""
    async with db.engine.connect() as connection:
        names = (await connection.exec_driver_sql(TABLES)).scalars().all()
        digest = "SELECT coalesce(md5(string_agg(t::text, ' ' ORDER BY t::text)), '') FROM \"{}\" t"
        return {name: (await connection.exec_driver_sql(digest.format(name))).scalar_one() for name in names}


async def disturb(db: Database, rounds: list[int]) -> None:
    """Change SIMs' labels and organizations' names together, as often as possible."""
    async with db.engine.connect() as connection:
        while True:
            rounds.append(len(rounds))
            for table, column in (("sims", "label"), ("organizations", "name")):
                await connection.exec_driver_sql(f"UPDATE {table} SET {column} = $1", (str(len(rounds)),))
            await connection.commit()


async def test_a_backup_under_load_is_restored_whole_and_nothing_is_bought_twice(
    db: Database, backed: Settings, otto: Operator, iccid: str
) -> None:
    sims = await otto.simulation.iccids()
    waiting, done = await otto.top_up(iccid), await otto.act(await otto.top_up(sims[-1]))
    reset, resets = await otto.ask(requests.reset(sims[-2])), await otto.done(sims[-2], "reset")
    before, rounds = await contents(db), list[int]()
    load = asyncio.create_task(disturb(db, rounds))
    await until(lambda: rounds)
    target = place_of(backed.backup_target or "")
    written = await write(backed, target)
    assert not load.done()
    load.cancel()
    await asyncio.wait([load])
    assert len(rounds) > 3
    backup = newest_backup(target, backup_keys(backed))
    assert backup.address == written.folder
    await otto.act(waiting)  # after the backup, and before the disk is lost
    assert await otto.done(iccid) == 1
    with pytest.raises(Conflict, match="in use"):
        await bring_back(backed, backup, overwrite=True)
    await db.engine.dispose()
    with pytest.raises(Conflict, match="not empty"):
        await bring_back(backed, backup, overwrite=False)
    refused = await connect(backed.owner_url)
    assert await refused.fetchval("SHOW default_transaction_read_only") == "off"
    await refused.close()
    epoch, _ = await position(db.redis)

    restored = await bring_back(backed, backup, overwrite=True)
    assert restored.ended["actions"] == 2
    after = await contents(db)
    under_load = {"sims", "organizations"}
    assert {name for name in before if after[name] != before[name]} - CHANGED <= under_load | {"unjudged_changes"}
    async with db.reading() as reading:
        notes = set(
            (await reading.execute(sa.text("SELECT label FROM sims UNION SELECT name FROM organizations"))).scalars()
        )
    assert len(notes) == 1, "the backup is not of one moment"
    assert (await position(db.redis))[0] != epoch
    for action, state in ((waiting, "unknown"), (reset, "unknown"), (done, "accepted")):
        assert (await otto.act(action)).state == state
    found = await otto.settle(waiting)
    assert (found.state, bool(found.order_number)) == ("accepted", True)
    assert await otto.done(iccid) == 1
    assert await otto.done(sims[-2], "reset") == resets, "which others did before"
    next_one = await otto.top_up(sims[-3])
    assert next_one.id > reset.id + 100_000
    async with db.reading() as reading:
        line = sa.text("SELECT subject FROM audit_lines WHERE action = 'database.restore'")
        assert (await reading.execute(line)).scalar_one() == backup.name


@pytest.mark.one_edition
async def test_a_damaged_or_foreign_backup_is_refused_and_half_a_restore_has_no_revision(
    db: Database, cast: Cast, backed: Settings, cluster: Cluster
) -> None:
    target = place_of(backed.backup_target or "")
    written = await write(backed, target)
    keys = backup_keys(backed)
    backup = newest_backup(target, keys)
    verify(backup)
    environment = {
        "DATABASE_URL": backed.database_url,
        "REDIS_URL": backed.redis_url,
        "SECRET_KEY": backed.secret_key,
        "BACKUP_TARGET": backed.backup_target,
        "BACKUP_KEY": KEY,
    }
    said = await asyncio.to_thread(CliRunner().invoke, drill, ["--json"], env=environment)
    drilled = msgspec.json.decode(said.output, type=Drilled)
    assert (drilled.rows, drilled.folder) == (written.rows, written.folder)
    assert drilled.tables["sims"] == 3
    with pytest.raises(NotFound):
        newest_backup(target, {"2026": "another key" * 4})
    folder = Path(backup.address)
    manifest = (folder / MANIFEST).read_bytes()
    (folder / MANIFEST).write_bytes(manifest.replace(b'"postgres"', b'"postgres" '))
    read_backup(target, backup.name, keys)
    (folder / MANIFEST).write_bytes(manifest.replace(b'"sims": ', b'"sims": 1'))
    with pytest.raises(BackupBroken, match="changed"):
        read_backup(target, backup.name, keys)
    (folder / MANIFEST).write_bytes(manifest)
    await cluster.ask("CREATE DATABASE half")
    url = cluster.named("half")
    lacking = structs.replace(backup, manifest=structs.replace(backup.manifest, tables={"sims": 10**6}))
    with pytest.raises(BackupBroken, match="lacks rows of: sims"):
        await fill(lacking, keys, url)
    half = await connect(url)
    assert await half.fetchval("SELECT count(*) FROM alembic_version") == 0
    assert await half.fetchval("SHOW default_transaction_read_only") == "on"
    await half.close()
    await cluster.ask("DROP DATABASE half WITH (FORCE)")
    with (folder / DATA).open("r+b") as file:
        file.seek(written.bytes // 2)
        file.write(b"\0\0\0\0")
    said = await asyncio.to_thread(CliRunner().invoke, drill, env=environment)
    assert "not as it was written" in str(said.exception)


def test_old_backups_are_deleted_but_never_the_newest_nor_what_others_put_there(tmp_path: Path) -> None:
    keys = {"1": "a" * 32}
    foreign = old_ones(Folder(tmp_path), keys["1"])
    (tmp_path / "console-20200101T000000Z-abcd").mkdir()
    link = tmp_path / "console-20200101T000000Z-abce"
    link.symlink_to(tmp_path / foreign)
    assert_old_ones_go(Folder(tmp_path), keys)
    assert len(list(tmp_path.iterdir())) == 4
    assert (tmp_path / foreign / DATA).exists()


NOW = datetime(2026, 11, 29, tzinfo=UTC)


def old_ones(place: Place, key: str) -> str:
    """Three of ours, one of another's key, and one that was interrupted."""
    for days in (50, 40, 10):
        made(place, NOW - timedelta(days=days), key)
    with pytest.raises(InterruptedError), place.new(new_name(NOW)) as create:
        with create(DATA) as file:
            file.write(b"half")
        raise InterruptedError
    return made(place, NOW - timedelta(days=60), "b" * 32)


def assert_old_ones_go(place: Place, keys: dict[str, str]) -> None:
    assert len(delete_old(place, keys, NOW, 30)) == 2
    assert [one.manifest.as_of for one in backups_in(place, keys)] == [NOW - timedelta(days=10)]
    assert delete_old(place, keys, NOW + timedelta(days=1), 5) == []


def made(place: Place, as_of: datetime, key: str) -> str:
    manifest = Manifest(
        format=1,
        as_of=as_of,
        console="0.1.0",
        revision="0033",
        postgres=18,
        programs=18,
        timescaledb=None,
        tables={},
        bytes=4,
        sha256="",
        key="1",
        salt="",
    )
    name = new_name(as_of)
    with place.new(name) as create:
        for file, data in ((DATA, b"data"), (MANIFEST, msgspec.json.encode(signed(manifest, key)))):
            with create(file) as written:
                written.write(data)
    return name
