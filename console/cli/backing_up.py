"""Making a backup: pg_dump's archive of one snapshot of the database, encrypted on its way to the disk.

One transaction holds the snapshot, and counts in it the rows of each table: the manifest says what the archive must
have. The data of `alembic_version` is left out: a restore writes it when all else is there.
"""

import asyncio
from typing import Any

import asyncpg  # type: ignore[import-untyped]

from console.cli.backup_files import Backup, backup_keys
from console.cli.backup_places import DATA, Place, new_name
from console.cli.backup_writing import BackupFile
from console.cli.encryption import CHUNK_BYTES
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


async def make_backup(known: Settings, place: Place) -> Backup:
    """Write a backup into a folder of its own there. Raises ConsoleError if that fails: nothing is left."""
    backup_keys(known)
    try:
        connection = await connect(known.owner_url)
    except (OSError, asyncpg.PostgresError) as error:
        raise NotReady(f"The database can't be used: {error}") from error
    try:
        postgres = connection.get_server_version().major
        programs = await backup_programs(postgres)
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            snapshot, as_of = await connection.fetchrow("SELECT pg_export_snapshot(), now()")
            revision = await schema_revision(connection)
            name = new_name(as_of)
            with place.new(name) as create:
                with create(DATA) as file:
                    writing = BackupFile(file, known)
                    async with asyncio.TaskGroup() as tasks:
                        counted = tasks.create_task(count_rows(connection))
                        tasks.create_task(_dump(programs, known.owner_url, snapshot, writing))
                manifest = writing.manifest(
                    create,
                    as_of=as_of,
                    revision=revision,
                    postgres=postgres,
                    programs=programs.version,
                    timescaledb=await connection.fetchval(TIMESCALE),
                    tables=counted.result(),
                )
    except* ConsoleError as group:
        raise group.exceptions[0] from None
    finally:
        await connection.close()
    return Backup(place, name, manifest)


async def count_rows(connection: Any) -> dict[str, int]:
    """How many rows each table has, without the one that a restore writes by itself."""
    names = [row["relname"] for row in await connection.fetch(TABLES) if row["relname"] != LEFT_OUT]
    return {name: await connection.fetchval(f'SELECT count(*) FROM public."{name}"') for name in names}


async def schema_revision(connection: Any) -> str:
    """The newest migration that the database has. Raises NotReady if it has none."""
    found = None
    if await connection.fetchval("SELECT to_regclass('alembic_version')"):
        found = await connection.fetchval(REVISION)
    if found is None:
        raise NotReady("The database holds no console: nothing to back up")
    return str(found)


async def _dump(programs: BackupPrograms, url: str, snapshot: str, file: BackupFile) -> None:
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
            file.write(data)
        if await process.wait():
            raise ConsoleError(f"pg_dump has failed: {(await said).decode(errors='replace').strip()}")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    file.finish()
