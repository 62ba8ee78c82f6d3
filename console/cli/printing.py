"""How the command prints: a table for people, JSON for programs."""

import asyncio
import getpass
import os
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import click
import msgspec
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy.exc import DBAPIError

from console.acting import Actor, ActorKind
from console.errors import NotFound, NotReady
from console.organizations import reads as organization_reads
from console.organizations.rules import Role
from console.settings import Settings, from_environment
from console.store.database import Database, open_database
from console.unicode_text import visible

Found = TypeVar("Found")
as_json = click.option("--json", "json_", is_flag=True, help="Print JSON.")

role_option = click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
org_option = click.option("--org", "slug", help="Short name of the organization; needed if there are several.")


def settings() -> Settings:
    """The settings of this process."""
    return from_environment(os.environ)


def with_database(work: Callable[[Settings, Database], Awaitable[Found]], *, as_owner: bool = False) -> Found:
    """Do something with the database, as its owner or as the application, and say it plainly if there is none."""

    async def run() -> Found:
        known = settings()
        db = open_database(known.owner_url if as_owner else known.database_url, known.redis_url, connections=2)
        try:
            return await work(known, db)
        except (OSError, DBAPIError) as error:
            raise NotReady(f"The database can't be used: {str(error).splitlines()[0]}") from error
        finally:
            await db.close()

    return asyncio.run(run())


def at_the_shell() -> Actor:
    """Whoever types the command, by the name that the operating system knows."""
    try:
        name = os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):  # a container's user need not have one
        name = f"uid {os.getuid()}"
    return Actor(kind=ActorKind.CLI, name=name)


def show(rows: Sequence[msgspec.Struct], *, json_: bool) -> None:
    """Print these as a table, or as one JSON array. Where a table is too wide for the terminal, line by line.

    No cell is broken into lines, so that an address can be copied.
    """
    found = [msgspec.to_builtins(row) for row in rows]
    if json_:
        click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
        return
    if not found:
        click.echo("None yet.")
        return
    lines = [[_cell(value) for value in row.values()] for row in found]
    names, console = list(found[0]), Console()
    columns = zip(names, *lines, strict=True)
    wide = 1 + sum(3 + max(cell_len(text) for text in column) for column in columns)
    if wide > console.width and console.is_terminal:
        for line in lines:
            click.echo("\n".join(f"{name}: {text}" for name, text in zip(names, line, strict=True)) + "\n")
        return
    table = Table(*names)
    for line in lines:
        table.add_row(*map(Text, line))
    console.width = max(wide, console.width)
    console.print(table)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        value = [f"{name}: {one}" for name, one in value.items()]
    return ", ".join(map(_plain, value)) if isinstance(value, list) else _plain(value)


def _plain(value: Any) -> str:
    return visible(str(value), "?")


async def the_organization(db: Database, slug: str | None) -> int:
    """The organization with this short name, or the only one there is."""
    async with db.reading() as connection:
        found = await organization_reads.every(connection)
    chosen = [one for one in found if slug in (None, one.slug)]
    if len(chosen) != 1:
        known = ", ".join(one.slug for one in found) or "none yet: `console org add` makes one"
        raise NotFound(f"Say which organization with --org (there are: {known})")
    return chosen[0].id
