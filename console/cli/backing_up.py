"""Making a backup: pg_dump's archive of one snapshot of the database, encrypted on its way to the disk.

One transaction holds the snapshot, and counts in it the rows of each table: the manifest says what the archive must
have. The data of `alembic_version` is left out: a restore writes it when all else is there.
"""

import asyncio
import hashlib
import secrets
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

import asyncpg  # type: ignore[import-untyped]
import msgspec

from console.cli.backup_files import (
    DATABASE,
    FORMAT,
    MANIFEST,
    Backup,
    Manifest,
    backup_keys,
    file_key,
    signed,
    unfinished,
)
from console.cli.encryption import CHUNK_BYTES, Encryption
from console.cli.postgres_programs import BackupPrograms, backup_programs, connect, environment
from console.errors import ConsoleError, NotReady
from console.settings import Settings

# Without those of extensions. A hypertable counts with its chunks.
TABLES = """
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1
"""
REVISION = "SELECT max(version_num) FROM alembic_version"
TIMESCALE = "SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'"
LEFT_OUT = "alembic_version"


class _Hashed:
    """A file whose bytes are counted and hashed as they are written."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()
        self.bytes = 0

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        self.bytes += len(data)
        return self._file.write(data)


async def make_backup(known: Settings, target: Path) -> Backup:
    """Write a backup into a folder of its own within the target. Raises ConsoleError if that fails: nothing is left."""
    keys = backup_keys(known)
    key_id, key = next(iter(keys.items()))
    try:
        connection = await connect(known.owner_url)
    except (OSError, asyncpg.PostgresError) as error:
        raise NotReady(f"The database can't be used: {error}") from error
    try:
        postgres = connection.get_server_version().major
        programs = await backup_programs(postgres)
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            snapshot, as_of = await connection.fetchrow("SELECT pg_export_snapshot(), now()")
            revision = await _revision(connection)
            salt = secrets.token_hex(16)
            with unfinished(target, as_of) as (folder, complete):
                with (folder / DATABASE).open("xb") as file:
                    hashed = _Hashed(file)
                    encryption = Encryption(file_key(key, salt), hashed)  # type: ignore[arg-type]
                    async with asyncio.TaskGroup() as tasks:
                        counted = tasks.create_task(count_rows(connection))
                        tasks.create_task(_dump(programs, known.owner_url, snapshot, encryption))
                manifest = Manifest(
                    format=FORMAT,
                    as_of=as_of,
                    console=version("sim-console"),
                    revision=revision,
                    postgres=postgres,
                    programs=programs.version,
                    timescaledb=await connection.fetchval(TIMESCALE),
                    tables=counted.result(),
                    bytes=hashed.bytes,
                    sha256=hashed.digest.hexdigest(),
                    key=key_id,
                    salt=salt,
                )
                manifest = signed(manifest, key)
                (folder / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
    except* ConsoleError as group:
        raise group.exceptions[0] from None
    finally:
        await connection.close()
    return Backup(complete, manifest)


async def count_rows(connection: Any) -> dict[str, int]:
    """How many rows each table has, without the one that a restore writes by itself."""
    names = [row["relname"] for row in await connection.fetch(TABLES) if row["relname"] != LEFT_OUT]
    return {name: await connection.fetchval(f'SELECT count(*) FROM public."{name}"') for name in names}


async def _revision(connection: Any) -> str:
    found = None
    if await connection.fetchval("SELECT to_regclass('alembic_version')"):
        found = await connection.fetchval(REVISION)
    if found is None:
        raise NotReady("The database holds no console: nothing to back up")
    return str(found)


async def _dump(programs: BackupPrograms, url: str, snapshot: str, encryption: Encryption) -> None:
    process = await asyncio.create_subprocess_exec(
        *(programs.command("pg_dump"), "--format=custom", "--compress=1", "--no-password", f"--snapshot={snapshot}"),
        *("--lock-wait-timeout=60000", f"--exclude-table-data=public.{LEFT_OUT}"),
        env=environment(url),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=CHUNK_BYTES,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        said = asyncio.create_task(process.stderr.read())
        while data := await process.stdout.read(CHUNK_BYTES):
            encryption.write(data)
        if await process.wait():
            raise ConsoleError(f"pg_dump has failed: {(await said).decode(errors='replace').strip()}")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    encryption.finish()
