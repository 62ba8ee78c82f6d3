"""Commands that look and say what they find: the settings, and whether everything they name works."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import click
import msgspec
from msgspec import Struct
from redis.exceptions import RedisError
from rich.console import Console
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from console.cli.printing import as_json, settings
from console.database import Database, open_database
from console.edition import find_edition
from console.errors import ConsoleError
from console.organizations import reads as organization_reads
from console.schema import newest, revision
from console.settings import Settings, SettingsError, from_environment


class Finding(Struct, frozen=True):
    """One thing that was looked at. `advice` says what to do if it is not well."""

    what: str
    well: bool
    found: str
    advice: str = ""


@click.group()
def config() -> None:
    """The settings."""


@config.command("show")
@as_json
def config_show(json_: bool) -> None:
    """Show every setting; secrets are masked."""
    shown = settings().shown()
    if json_:
        click.echo(msgspec.json.format(msgspec.json.encode(shown)).decode())
        return
    for name, value in shown.items():
        click.echo(
            f"{name.upper()} = {', '.join(value) if isinstance(value, list) else value if value is not None else ''}"
        )


@click.command()
@as_json
def doctor(json_: bool) -> None:
    """Check settings, database, Redis and the sign-in at 1NCE; say what to do about each fault."""
    findings = asyncio.run(_look())
    if json_:
        click.echo(msgspec.json.format(msgspec.json.encode(findings)).decode())
    else:
        printer = Console(highlight=False)
        for finding in findings:
            mark = "[green]ok  [/]" if finding.well else "[red]FAIL[/]"
            printer.print(f"{mark} {finding.what}: {finding.found}", markup=True)
            if finding.advice:
                printer.print(f"     {finding.advice}")
    sys.exit(0 if all(finding.well for finding in findings) else 1)


async def _look() -> list[Finding]:
    try:
        known = from_environment(os.environ)
    except SettingsError as error:
        return [
            Finding("settings", False, fault, "Set it in the environment of every process.") for fault in error.faults
        ]
    findings = [Finding("settings", True, f"complete, for {known.app_env}")]
    db = open_database(known.database_url, known.redis_url, connections=2)
    try:
        for what, look in (("database", _database), ("redis", _redis), ("1NCE", _once)):
            findings += await _guarded(what, look, known, db)
    finally:
        await db.close()
    return findings


Look = Callable[[Settings, Database], Awaitable[list[Finding]]]


async def _guarded(what: str, look: Look, known: Settings, db: Database) -> list[Finding]:
    try:
        async with asyncio.timeout(30):
            return await look(known, db)
    except ConsoleError as error:
        return [Finding(what, False, error.message)]
    except (DBAPIError, SQLAlchemyError, RedisError, OSError, TimeoutError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        return [Finding(what, False, first, f"Is the server up, and is the address in {_ADDRESS[what]} right?")]


_ADDRESS = {"database": "DATABASE_URL", "redis": "REDIS_URL", "1NCE": "ONCE_BASE_URL"}


async def _database(_: Settings, db: Database) -> list[Finding]:
    async with db.engine.connect() as connection:
        version = (await connection.exec_driver_sql("SHOW server_version")).scalar()
        edition = await connection.run_sync(find_edition)
        at = await connection.run_sync(revision)
    needed = newest()
    migrated = Finding(
        "migrations",
        at == needed,
        f"at {at or 'nothing'}, this version needs {needed}",
        "" if at == needed else "Run `console migrate`.",
    )
    timescale = Finding("TimescaleDB", True, f"{edition.edition} {edition.version or ''}: {edition.remark}")
    return [Finding("database", True, f"PostgreSQL {version}"), timescale, migrated]


async def _redis(_: Settings, db: Database) -> list[Finding]:
    info = await db.redis.info("server")
    return [Finding("redis", True, f"answers, version {info.get('valkey_version') or info.get('redis_version')}")]


async def _once(_: Settings, db: Database) -> list[Finding]:
    async with db.reading() as connection:
        if not await organization_reads.every(connection):
            advice = "Set ONCE_CLIENT_ID and ONCE_CLIENT_SECRET and start the worker, or run `console org add`."
            return [Finding("1NCE", False, "there is no organization yet", advice)]
    # Only the workers speak to 1NCE: one of them is asked.
    command = (sys.executable, "-m", "jobs", "examine")
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, complaint = await process.communicate()
    if process.returncode:
        lines = complaint.decode("utf-8", "replace").strip().splitlines()
        return [Finding("1NCE", False, lines[-1] if lines else "the examination failed")]
    found = msgspec.json.decode(out, type=list[dict[str, Any]])
    return [Finding(f"1NCE, {one['organization']}", one["well"], one["found"], one["advice"]) for one in found]
