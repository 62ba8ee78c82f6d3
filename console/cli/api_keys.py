"""Commands about API keys."""

from datetime import UTC, datetime

import click

from console.api_keys import reads as key_reads
from console.api_keys.writes import put_key, revoke_key
from console.cli.printing import as_json, org_option, role_option, show, the_organization, with_database
from console.organizations.rules import Role
from console.settings import Settings
from console.store.database import Database


@click.group()
def key() -> None:
    """API keys of programs."""


@key.command("add")
@click.argument("name")
@role_option
@org_option
def key_add(name: str, role: str, slug: str | None) -> None:
    """Make an API key; it is printed once."""

    async def work(_: Settings, db: Database) -> str:
        organization_id = await the_organization(db, slug)
        async with db.transaction() as transaction:
            return await put_key(transaction, organization_id, name, Role(role), datetime.now(UTC))

    click.echo(with_database(work))


@key.command("list")
@as_json
def key_list(json_: bool) -> None:
    """List the API keys, without their secrets."""

    async def work(_: Settings, db: Database) -> list[key_reads.ApiKey]:
        async with db.reading() as connection:
            return await key_reads.every_key(connection)

    show(with_database(work), json_=json_)


@key.command("revoke")
@click.argument("prefix")
def key_revoke(prefix: str) -> None:
    """End an API key, named by the part that `list` shows."""

    async def work(_: Settings, db: Database) -> None:
        async with db.transaction() as transaction:
            await revoke_key(transaction, prefix, datetime.now(UTC))

    with_database(work)
    click.echo(f"{prefix} is not accepted any more.")
