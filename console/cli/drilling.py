"""The command that tries whether a backup can be restored."""

import asyncio
import secrets
from datetime import UTC, datetime

import asyncpg  # type: ignore[import-untyped]
import click
from msgspec import Struct

from console.cli.backup_files import Backup, backup_keys
from console.cli.backups import backup_argument, chosen_backup, json_option, say, time_text
from console.cli.postgres_programs import connect, named
from console.cli.printing import settings
from console.cli.restoring import fill
from console.errors import NotReady
from console.settings import Settings

SCRATCH = "console_drill_"


class Drilled(Struct, frozen=True, kw_only=True):
    """A backup that was restored into a database that is gone again."""

    folder: str
    as_of: datetime
    hours_old: float
    bytes: int
    tables: dict[str, int]
    rows: int
    seconds: float


@click.command()
@backup_argument
@click.option("--server", help="Address of another PostgreSQL to try it on, like postgresql://user:password@host/db.")
@json_option
def drill(address: str | None, server: str | None, json_: bool) -> None:
    """Restore the newest backup into a database of its own, which is deleted again; exit by 0 if it can be used."""
    known = settings()
    done = asyncio.run(attempt(known, chosen_backup(known, address), server or known.owner_url))
    say(
        done,
        f"{done.folder} can be used: {done.rows:,} rows of {len(done.tables)} tables as of {time_text(done.as_of)} "
        f"({done.hours_old:.1f} hours old) were restored in {done.seconds:.1f} s.",
        json_=json_,
    )


async def attempt(known: Settings, chosen: Backup, server: str) -> Drilled:
    """Restore a backup into a database of its own on this server, and delete that."""
    name, url = SCRATCH + secrets.token_hex(4), server
    try:
        connection = await connect(server)
    except (OSError, asyncpg.PostgresError) as error:
        raise NotReady(f"The server can't be used: {error}") from error
    try:
        try:
            await connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        except asyncpg.InsufficientPrivilegeError as error:
            raise NotReady(
                "The role may make no database: give it CREATEDB, or name another server by --server"
            ) from error
        url = named(server, name)
        try:
            filled = await fill(chosen, backup_keys(known), url)
        finally:
            await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await connection.close()
    return Drilled(
        folder=chosen.address,
        as_of=chosen.manifest.as_of,
        hours_old=(datetime.now(UTC) - chosen.manifest.as_of).total_seconds() / 3600,
        bytes=chosen.manifest.bytes,
        tables=chosen.manifest.tables,
        rows=filled.rows,
        seconds=filled.seconds,
    )
