"""Backups in a bucket: a server of S3's protocol over HTTP, real backups of a real database."""

import asyncio
import os
from collections.abc import Iterator
from datetime import timedelta

import httpx
import msgspec
import obstore
import pytest
from click.testing import CliRunner
from moto.server import ThreadedMotoServer
from msgspec import structs
from obstore.store import S3Store

from console.cli.backup_bucket import PART_BYTES, Bucket
from console.cli.backup_files import backup_keys, backups_in, newest_backup, place_of
from console.cli.backup_places import BACKUP, DATA, MANIFEST, new_name
from console.cli.backups import Written, backup, bring_back, restore
from console.cli.drilling import Drilled, drill
from console.errors import Invalid, NotFound, NotReady
from console.settings import Settings
from console.store.database import Database
from tests.cast import Cast
from tests.cli.test_backup import KEY, NOW, assert_old_ones_go, contents, old_ones

pytestmark = pytest.mark.one_edition
TARGET = "s3://backups/console/a"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    serving = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    serving.start()
    yield "http://{}:{}".format(*serving.get_host_and_port())
    serving.stop()


@pytest.fixture
def bucket(server: str, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    httpx.post(f"{server}/moto-api/reset").raise_for_status()
    httpx.put(f"{server}/backups").raise_for_status()
    said = {"ENDPOINT_URL": server, "ALLOW_HTTP": "true", "REGION": "us-east-1"}
    for name, value in {**said, "ACCESS_KEY_ID": "console", "SECRET_ACCESS_KEY": "secret"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    return Bucket(TARGET)


async def at_the_shell(command: object, *arguments: str, settings: Settings) -> str:
    environment = {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SECRET_KEY": settings.secret_key,
        "BACKUP_TARGET": TARGET,
        "BACKUP_KEY": KEY,
    }
    said = await asyncio.to_thread(CliRunner().invoke, command, [*arguments, "--json"], env=environment)  # type: ignore[arg-type]
    if said.exception is not None:
        raise said.exception
    return said.output


async def test_a_backup_in_a_bucket_is_drilled_and_restored(
    bucket: Bucket, db: Database, cast: Cast, settings: Settings
) -> None:
    before = await contents(db)
    written = msgspec.json.decode(await at_the_shell(backup, settings=settings), type=Written)
    assert written.folder.startswith(f"{TARGET}/console-")
    drilled = msgspec.json.decode(await at_the_shell(drill, settings=settings), type=Drilled)
    assert (drilled.folder, drilled.rows, drilled.tables["sims"]) == (written.folder, written.rows, 3)
    await db.engine.dispose()
    said = await at_the_shell(restore, written.folder, "--overwrite", settings=settings)
    assert written.folder in said
    after = await contents(db)
    assert {name for name in before if before[name] != after[name]} <= {"sessions", "audit_lines", "audit_unsealed"}
    backed = structs.replace(settings, backup_key=(KEY,))
    assert newest_backup(bucket, backup_keys(backed)).address == written.folder


async def test_a_changed_file_in_a_bucket_is_noticed_before_anything_is_deleted(
    bucket: Bucket, db: Database, cast: Cast, settings: Settings
) -> None:
    written = msgspec.json.decode(await at_the_shell(backup, settings=settings), type=Written)
    name = written.folder.rpartition("/")[2]
    store = S3Store("backups", prefix=TARGET.removeprefix("s3://backups/"))
    whole = bytes(obstore.get(store, f"{name}/{DATA}").bytes())
    obstore.put(store, f"{name}/{DATA}", whole[:-1] + bytes([whole[-1] ^ 1]))
    before = await contents(db)
    await db.engine.dispose()
    backed = structs.replace(settings, backup_key=(KEY,))
    with pytest.raises(Exception, match="not as it was written"):
        await bring_back(backed, newest_backup(bucket, backup_keys(backed)), overwrite=True)
    assert await contents(db) == before
    obstore.delete(store, f"{name}/{MANIFEST}")
    with pytest.raises(NotFound):
        newest_backup(bucket, backup_keys(backed))
    assert bucket.abandoned(NOW + timedelta(days=365)) == [name]


def test_old_backups_in_a_bucket_are_deleted_but_never_the_newest_nor_anothers(bucket: Bucket) -> None:
    keys = {"1": "a" * 32}
    foreign = old_ones(bucket, keys["1"])
    assert_old_ones_go(bucket, keys)
    assert len(bucket.names(BACKUP)) == 2
    assert foreign in bucket.names(BACKUP)
    assert backups_in(Bucket("s3://backups/console"), keys) == []


def test_a_file_of_several_parts_is_read_as_it_was_written_and_half_of_one_is_never_there(bucket: Bucket) -> None:
    data = os.urandom(PART_BYTES * 2 + 4711)
    name = new_name(NOW)
    with bucket.new(name) as create, create(DATA) as file:
        for at in range(0, len(data), 1 << 20):
            file.write(data[at : at + (1 << 20)])
    with bucket.open(name, DATA) as file:
        pieces = [file.read(1_000_003) for _ in range(len(data) // 1_000_003 + 1)]
    assert {len(piece) for piece in pieces[:-1]} == {1_000_003}
    assert b"".join(pieces) == data
    other = new_name(NOW)
    with pytest.raises(InterruptedError), bucket.new(other) as create, create(DATA) as file:
        file.write(data)
        raise InterruptedError
    with pytest.raises(NotFound):
        bucket.open(other, DATA).__enter__()


def test_what_is_no_bucket_or_does_not_answer_is_said(bucket: Bucket) -> None:
    with pytest.raises(Invalid, match="names no bucket"):
        place_of("s3://")
    with pytest.raises(NotReady, match=r"s3://nowhere/x can't be used.*(NoSuchBucket|404)"):
        place_of("s3://nowhere/x").names(BACKUP)
