"""Commands about backups: make one, restore one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import click
import msgspec
from msgspec import Struct
from sqlalchemy.exc import DBAPIError

from console.acting import acting
from console.cli import restored
from console.cli.archiving import Archived, archive_usage
from console.cli.backing_up import make_backup
from console.cli.backup_files import Backup, backup_keys, delete_old, newest_backup, place_of, read_backup, split
from console.cli.backup_places import Place
from console.cli.printing import at_the_shell, settings
from console.cli.recovered import take_over
from console.cli.restoring import bring_up_to_date, fill, finish
from console.errors import ConsoleError, Invalid, NotFound
from console.settings import Settings
from console.store.database import Database, open_database


class Written(Struct, frozen=True, kw_only=True):
    """A backup that was written."""

    folder: str
    as_of: datetime
    tables: int
    rows: int
    bytes: int
    seconds: float
    deleted: list[str]  # older backups
    archived: list[Archived]  # months of usage


class Brought(Struct, frozen=True, kw_only=True):
    """A backup that was restored, and what of it was ended so that nothing is done twice."""

    folder: str
    as_of: datetime
    tables: int
    rows: int
    seconds: float
    ended: dict[str, int]


target_option = click.option("--target", help="The folder or s3://bucket/prefix, instead of BACKUP_TARGET.")
backup_argument = click.argument("address", metavar="[BACKUP]", required=False)
json_option = click.option("--json", "json_", is_flag=True, help="Print JSON.")


@click.command()
@target_option
@json_option
def backup(target: str | None, json_: bool) -> None:
    """Back up the database into BACKUP_TARGET, encrypted with BACKUP_KEY; delete what is older than BACKUP_DAYS.

    Months of usage records that are soon dropped are archived there too: `console archive` lists them.
    """
    known = settings()
    done = asyncio.run(write(known, target_of(known, target)))
    further = f" {len(done.deleted)} older ones are deleted." if done.deleted else ""
    further += "".join(f"\n{one.rows:,} records of usage in {one.month} are archived." for one in done.archived)
    say(
        done,
        f"{done.folder} has {done.rows:,} rows of {done.tables} tables as of {time_text(done.as_of)} "
        f"({done.bytes:,} bytes, {done.seconds:.1f} s).{further}",
        json_=json_,
    )


@click.command()
@backup_argument
@click.option("--overwrite", is_flag=True, help="Delete what the database holds now.")
@click.option(
    "--recovered",
    type=click.DateTime(["%Y-%m-%d %H:%M:%S%z", "%Y-%m-%dT%H:%M:%S%z"]),
    help="Restore nothing: PostgreSQL itself has recovered the database to this moment.",
)
@json_option
def restore(address: str | None, overwrite: bool, recovered: datetime | None, json_: bool) -> None:
    """Restore a backup into the database: the newest of BACKUP_TARGET, or this BACKUP.

    The database must be empty, and nobody connected to it: stop web and worker first. With --recovered, end what was
    under way in a database that PostgreSQL has recovered from its own log, as a restore does.
    """
    known = settings()
    if recovered is not None:
        if address is not None or overwrite:
            raise click.UsageError("--recovered goes with neither BACKUP nor --overwrite")
        found = asyncio.run(take_over(known, recovered.astimezone(UTC)))
        say(found, f"The database is as it was at {time_text(found.as_of)}.\n{_ended(found.ended)}", json_=json_)
        return
    done = asyncio.run(bring_back(known, chosen_backup(known, address), overwrite=overwrite))
    say(
        done,
        f"The database is as it was at {time_text(done.as_of)}: {done.rows:,} rows of {done.tables} tables "
        f"from {done.folder} ({done.seconds:.1f} s).\n{_ended(done.ended)}",
        json_=json_,
    )


def _ended(numbers: dict[str, int]) -> str:
    ended = ", ".join(f"{number:,} {name}" for name, number in numbers.items() if number)
    return (
        f"Ended, because it may have been done since: {ended or 'nothing'}.\n"
        "Not undone at 1NCE and unknown here: what was asked for since then. API keys, members and passwords that "
        "were withdrawn since then are valid again."
    )


async def write(known: Settings, target: Place) -> Written:
    """Write a backup and delete old ones."""
    began = datetime.now(UTC)
    made = await make_backup(known, target)
    gone = delete_old(target, backup_keys(known), began, known.backup_days)
    archived = await archive_usage(known, target, began)
    found = Written(
        folder=made.address,
        as_of=made.manifest.as_of,
        tables=len(made.manifest.tables),
        rows=made.manifest.rows,
        bytes=made.manifest.bytes,
        seconds=(datetime.now(UTC) - began).total_seconds(),
        deleted=gone,
        archived=archived,
    )
    async with (
        _owned(known) as db,
        db.transaction() as transaction,
        acting(transaction, at_the_shell(), "database.back_up", made.name) as act,
    ):
        act.after = {"rows": found.rows, "deleted": gone, "archived": [one.month for one in archived]}
    return found


async def bring_back(known: Settings, chosen: Backup, *, overwrite: bool) -> Brought:
    """Restore a backup; nothing that it holds is sent by itself afterwards."""
    as_of = chosen.manifest.as_of
    filled = await fill(chosen, backup_keys(known), known.owner_url, overwrite=overwrite)
    await bring_up_to_date(chosen, known.owner_url, known.database_url)
    heads = await restored.flush_redis(known.redis_url)
    ended = await finish(known.owner_url, as_of, datetime.now(UTC))
    async with (
        _owned(known) as db,
        db.transaction() as transaction,
        acting(transaction, at_the_shell(), "database.restore", chosen.name) as act,
    ):
        act.after = {"as_of": as_of.isoformat(), "ended": ended, "audit_heads_before": heads}
    return Brought(
        folder=chosen.address,
        as_of=as_of,
        tables=filled.tables,
        rows=filled.rows,
        seconds=filled.seconds,
        ended=ended,
    )


def target_of(known: Settings, given: str | None) -> Place:
    """The folder or bucket that is named, or that of BACKUP_TARGET."""
    target = given or known.backup_target
    if target is None:
        raise Invalid("BACKUP_TARGET is missing: s3://bucket/prefix, or a folder, best on another machine's disk")
    return place_of(target)


def chosen_backup(known: Settings, address: str | None) -> Backup:
    """The backup with this address, or the newest of those there; without one, of BACKUP_TARGET."""
    keys = backup_keys(known)
    if address is not None:
        with suppress(NotFound):
            return read_backup(*split(address), keys)
    return newest_backup(target_of(known, address), keys)


@asynccontextmanager
async def _owned(known: Settings) -> AsyncIterator[Database]:
    """The database as its owner. Raises ConsoleError if it is away when the audit line is written."""
    db = open_database(known.owner_url, known.redis_url, connections=1)
    try:
        yield db
    except (OSError, DBAPIError) as error:
        raise ConsoleError(f"It is done, and the audit trail lacks it: {str(error).splitlines()[0]}") from error
    finally:
        await db.close()


def time_text(moment: datetime) -> str:
    """A time as the commands print it."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def say(found: Struct, text: str, *, json_: bool) -> None:
    """Print what was done, as JSON or as a sentence."""
    click.echo(msgspec.json.format(msgspec.json.encode(found)).decode() if json_ else text)
