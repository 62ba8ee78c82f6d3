"""Restoring a backup into a database: refused where something is in the way, read-only for all others until it is done.

    verify the file > default_transaction_read_only > is it empty, is nobody connected > pg_restore > count every table
    > migrate > forget Redis > one transaction: end what was under way (restored.py), writable again

A restore that fails in between leaves a database that nobody can write to by accident: restore it again.
"""

import asyncio
import time
from contextlib import suppress
from datetime import datetime
from typing import Any

import asyncpg  # type: ignore[import-untyped]
from msgspec import Struct

from console.cli.backing_up import LEFT_OUT, TIMESCALE, count_rows
from console.cli.backup_files import Backup, file_key, verify
from console.cli.encryption import BackupBroken, decrypted
from console.cli.postgres_programs import backup_programs, connect, environment
from console.cli.restored import settle
from console.errors import Conflict, ConsoleError, NotReady
from console.migrate import migrate, newest
from console.store.engines import open_engine

RELATIONS = """
SELECT count(*) FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
"""
OTHERS = "datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
WRITABLE = "default_transaction_read_only"
# What is of the server that wrote it, and not of the console.
LEFT_BEHIND = (
    *("--no-owner", "--no-privileges", "--no-comments", "--no-tablespaces", "--no-publications"),
    *("--no-subscriptions", "--no-security-labels"),
)


class Restored(Struct, frozen=True, kw_only=True):
    """What was restored."""

    tables: int
    rows: int
    seconds: float


async def fill(backup: Backup, keys: dict[str, str], url: str, *, overwrite: bool = False) -> Restored:
    """Fill an empty database with a backup, but for its revision.

    Raises BackupBroken where the backup is not as it was written or lacks a row, Conflict where the database holds
    something (unless it is to be overwritten) or is in use, NotReady where this server or version can't take it.
    """
    began, manifest = time.monotonic(), backup.manifest
    if manifest.revision > (newest() or ""):
        raise NotReady(
            f"The backup is of a newer version ({manifest.console}, revision {manifest.revision}): install it"
        )
    verify(backup)
    try:
        connection = await connect(url, **{WRITABLE: "off"})
    except (OSError, asyncpg.PostgresError) as error:
        raise NotReady(f"The database can't be used: {error}") from error
    try:
        await _may_be_filled(connection, overwrite=overwrite)
        await _set_for_all(connection, WRITABLE, "on")
        try:
            await _may_be_filled(connection, overwrite=overwrite)  # who has come meanwhile could write
        except Conflict:
            await _set_for_all(connection, WRITABLE, None)
            raise
        await _empty(connection)
    finally:
        await connection.close()
    # A new connection: TimescaleDB can't be made again in one that has dropped it.
    connection = await connect(url, **{WRITABLE: "off"})
    try:
        if manifest.timescaledb:
            await _with_timescale(connection, manifest.timescaledb)
        await _restore(backup, keys, url, connection.get_server_version().major)
        if manifest.timescaledb:
            await connection.execute("SELECT timescaledb_post_restore()")
        found = await count_rows(connection)
        if differing := [name for name, rows in manifest.tables.items() if found.get(name) != rows]:
            raise BackupBroken(f"The restored database lacks rows of: {', '.join(differing)}")
        await connection.execute("ANALYZE")
    finally:
        await connection.close()
    return Restored(tables=len(found), rows=sum(found.values()), seconds=time.monotonic() - began)


async def bring_up_to_date(backup: Backup, url: str, application: str) -> None:
    """Write the revision that the backup had, take the steps to this version, and give the application its rights."""
    connection = await connect(url, **{WRITABLE: "off"})
    await connection.execute(f"INSERT INTO {LEFT_OUT} (version_num) VALUES ($1)", backup.manifest.revision)
    await connection.close()
    engine = open_engine(url, connections=1)
    try:
        async with engine.connect() as migrating:
            await migrating.exec_driver_sql(f"SET {WRITABLE} = off")
            await migrating.commit()
            await migrating.run_sync(migrate, application)
    finally:
        await engine.dispose()


async def finish(url: str, as_of: datetime, now: datetime) -> dict[str, int]:
    """End what was under way and let others write again, in one transaction; how many of what were ended.

    Whoever has connected in the meantime is made to connect anew.
    """
    connection = await connect(url, **{WRITABLE: "off"})
    try:
        async with connection.transaction():
            ended = await settle(connection, as_of, now)
            await _set_for_all(connection, WRITABLE, None)
        with suppress(asyncpg.InsufficientPrivilegeError):  # another role's connections, which can't write and end
            await connection.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {OTHERS}")
    finally:
        await connection.close()
    return ended


async def _set_for_all(connection: Any, name: str, value: str | None) -> None:
    """A setting for all who connect to this database from now on; None: as the server has it."""
    database = await connection.fetchval("SELECT quote_ident(current_database())")
    await connection.execute(f"ALTER DATABASE {database} " + (f"SET {name} = {value}" if value else f"RESET {name}"))


async def _may_be_filled(connection: Any, *, overwrite: bool) -> None:
    others = await connection.fetchval(f"SELECT count(*) FROM pg_stat_activity WHERE {OTHERS}")
    if others:
        raise Conflict(f"The database is in use ({others} connections): stop web, worker and whatever else uses it")
    relations = await connection.fetchval(RELATIONS)
    if relations and not overwrite:
        raise Conflict(f"The database is not empty ({relations} tables and views): --overwrite deletes what it holds")


async def _empty(connection: Any) -> None:
    if await connection.fetchval(RELATIONS):
        await connection.execute("DROP EXTENSION IF EXISTS timescaledb CASCADE")
        await connection.execute("DROP SCHEMA public CASCADE")
        await connection.execute("CREATE SCHEMA public")
        await connection.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")


async def _with_timescale(connection: Any, needed: str) -> None:
    """TimescaleDB in the version that wrote the backup, not at work yet, as its manual says under "Logical backup"."""
    try:
        await connection.execute(f"CREATE EXTENSION IF NOT EXISTS timescaledb VERSION '{needed}'")
        found = await connection.fetchval(TIMESCALE)
        if found != needed:
            raise NotReady(f"The backup needs TimescaleDB {needed}, the database has {found}")
        await connection.execute("SELECT timescaledb_pre_restore()")
    except asyncpg.PostgresError as error:
        raise NotReady(f"The backup needs TimescaleDB {needed}, which this server can't give: {error}") from error


async def _restore(backup: Backup, keys: dict[str, str], url: str, server: int) -> None:
    programs = await backup_programs(max(server, backup.manifest.programs))
    process = await asyncio.create_subprocess_exec(
        *(programs.command("pg_restore"), "--exit-on-error", "--no-password", *LEFT_BEHIND),
        *("--dbname", ""),  # what the environment names
        env=environment(url, **{WRITABLE: "off"}),
        stdin=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stderr is not None
    said = asyncio.create_task(process.stderr.read())
    try:
        with (
            backup.open() as file,
            suppress(ConnectionError),
        ):  # it has ended: its text says why
            for data in decrypted(file_key(keys[backup.manifest.key], backup.manifest.salt), file):
                process.stdin.write(data)
                await process.stdin.drain()
            process.stdin.close()
        if await process.wait():
            raise ConsoleError(f"pg_restore has failed: {(await said).decode(errors='replace').strip()}")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
