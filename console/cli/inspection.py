"""Commands that look and say what they find: the settings, and whether everything they name works."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import click
import msgspec
from redis.exceptions import RedisError
from rich.console import Console
from rich.markup import escape
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from console.carrier.examination import CarrierCheck, CarrierExamination
from console.cli import checks
from console.cli.checks import Finding
from console.cli.first_contact import examine_accounts, write_shapes
from console.cli.printing import as_json, settings
from console.cli.secret_ages import secret_ages
from console.errors import ConsoleError
from console.organizations import reads as organization_reads
from console.sessions.oidc_provider import provider_of
from console.settings import SettingsError, from_environment
from console.store.database import Database, open_database

CHECK_TIMEOUT_SECONDS = 120.0  # 1NCE may be slow, and gets a dozen calls for each organization


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
@click.option(
    "--shapes",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write the forms of 1NCE's answers to this file, every value masked.",
)
def doctor(json_: bool, shapes: Path | None) -> None:
    """Check settings, database, Redis and each account at 1NCE; say what to do about each fault.

    1NCE is asked once for everything that can be read. Nothing is changed, sent or bought.
    """
    findings, examined = asyncio.run(_look())
    if shapes and examined:
        write_shapes(shapes, examined)
    if json_:
        click.echo(msgspec.json.format(msgspec.json.encode(findings)).decode())
    else:
        _print(findings)
        if examined:
            click.echo(_WRITTEN.format(shapes.resolve()) if shapes else _SUGGESTED)
    sys.exit(0 if all(finding.healthy for finding in findings) else 1)


_WRITTEN = (
    "The forms of 1NCE's answers are in {}: keys and kinds of values, every value masked. Look through it; if you"
    " send it to us, we can settle what 1NCE has not documented."
)
_SUGGESTED = (
    "`console doctor --shapes FILE` writes the forms of 1NCE's answers, every value masked, for you to send to us."
)


def _print(findings: list[Finding]) -> None:
    printer = Console(highlight=False, soft_wrap=True)
    for finding in findings:
        mark = "[green]ok  [/]" if finding.healthy else "[red]FAIL[/]"
        printer.print(f"{mark} {escape(finding.what)}: {escape(finding.found)}")
        if finding.advice:
            printer.print(f"     {escape(finding.advice)}")


async def _look() -> tuple[list[Finding], list[CarrierExamination]]:
    """What was found, and what 1NCE answered."""
    try:
        known = from_environment(os.environ)
    except SettingsError as error:
        advice = "Set it in the environment of every process."
        return [Finding("settings", False, fault, advice) for fault in error.faults], []
    findings = [Finding("settings", True, f"complete, for {known.app_env}")]
    examined: list[CarrierExamination] = []
    if (provider := provider_of(known)) is not None:
        findings.append(await checks.identity_provider(provider))
        await provider.close()
    db = open_database(known.database_url, known.redis_url, connections=2)

    async def once(db: Database) -> list[Finding]:
        examined.extend(await _examined(db))
        return [_of_carrier(one, check) for one in examined for check in one.checks] or [_NO_ORGANIZATION]

    try:
        findings.append(checks.audit_key(known))
        findings += (stored := await _guarded("database", checks.database, db))
        if stored[0].healthy:
            findings += await checks.replica(known)
            findings += await _guarded("audit trail", checks.audit_trail, db)
            findings += await _guarded("secrets", secret_ages, db)
        findings += await _guarded("redis", checks.redis, db)
        if stored[0].healthy:
            findings += await _guarded("1NCE", once, db)
        else:
            findings.append(Finding("1NCE", False, "not asked: the credentials are in the database"))
    finally:
        await db.close()
    return findings, examined


Look = Callable[[Database], Awaitable[list[Finding]]]


async def _guarded(what: str, look: Look, db: Database) -> list[Finding]:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
            return await look(db)
    except ConsoleError as error:
        return [Finding(what, False, error.message)]
    except (DBAPIError, SQLAlchemyError, RedisError, OSError, TimeoutError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        return [Finding(what, False, first, f"Is the server up, and is the address in {_ADDRESS[what]} right?")]


_ADDRESS = {"database": "DATABASE_URL", "audit trail": "DATABASE_URL", "redis": "REDIS_URL", "1NCE": "ONCE_BASE_URL"}


_NO_ORGANIZATION = Finding(
    "1NCE",
    False,
    "there is no organization yet",
    "Set ONCE_CLIENT_ID and ONCE_CLIENT_SECRET and start the worker, or run `console org add`.",
)


async def _examined(db: Database) -> list[CarrierExamination]:
    async with db.reading() as connection:
        there = await organization_reads.every(connection)
    return await examine_accounts() if there else []


def _of_carrier(one: CarrierExamination, check: CarrierCheck) -> Finding:
    return Finding(f"1NCE, {one.organization}, {check.what}", not check.fault, check.found, check.advice)
