"""Commands about API keys."""

from datetime import UTC, datetime

import click

from console.acting import acting
from console.api_keys import reads as key_reads
from console.api_keys.revoking import revoke
from console.api_keys.rules import LONGEST_DAYS, USUAL_DAYS, WALL, prefix_of
from console.api_keys.writes import put_key
from console.cli.printing import as_json, at_the_shell, org_option, show, the_organization, with_database
from console.errors import NotFound
from console.organizations.rules import PERMISSIONS, Permission, Role
from console.settings import Settings
from console.store.database import Database


@click.group()
def key() -> None:
    """API keys of programs."""


@key.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), help="All scopes that this role has.")
@click.option("--scope", "scopes", type=click.Choice([one.value for one in Permission]), multiple=True)
@click.option(
    "--days", type=click.IntRange(1, LONGEST_DAYS), help=f"It ends after so many days [default: {USUAL_DAYS}]."
)
@click.option("--without-end", is_flag=True, help="It never ends, if the organization allows that.")
@click.option("--wall", "for_wall", is_flag=True, help="It opens the page for a wall screen and nothing else.")
@click.option("--network", "networks", multiple=True, help="Accept it from here alone, like 192.0.2.0/24.")
@org_option
def key_add(
    name: str,
    role: str | None,
    scopes: tuple[str, ...],
    days: int | None,
    without_end: bool,
    networks: tuple[str, ...],
    for_wall: bool,
    slug: str | None,
) -> None:
    """Make an API key; it is printed once. --scope can be given several times.

    With --wall a screen opens the wall at `/wall/key#<key>`: what follows `#` is sent to no server.
    """
    if [role is not None, bool(scopes), for_wall].count(True) != 1:
        raise click.UsageError("Say what it may do: --scope, once or more, or --role, or --wall")
    if without_end and days is not None:
        raise click.UsageError("Say --days or --without-end")
    lasts = None if without_end else days or USUAL_DAYS
    permissions = PERMISSIONS[Role(role)] if role else frozenset(Permission(scope) for scope in scopes)
    noted = [WALL] if for_wall else sorted(permissions)

    async def work(_: Settings, db: Database) -> str:
        organization_id = await the_organization(db, slug)
        async with (
            db.transaction() as transaction,
            acting(transaction, at_the_shell(), "key.add", name, organization_id=organization_id) as act,
        ):
            key = await put_key(
                transaction,
                organization_id,
                name,
                permissions,
                datetime.now(UTC),
                days=lasts,
                networks=networks,
                created_by="console key add",
                for_wall=for_wall,
            )
            act.after = {"scopes": noted, "days": lasts, "networks": networks, "prefix": prefix_of(key)}
            return key

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
        async with db.reading() as reading:
            found = await key_reads.by_prefix(reading, prefix)
        if found is None:
            raise NotFound(f"There is no API key {prefix!r} in use", prefix=prefix)
        async with (
            db.transaction() as transaction,
            acting(transaction, at_the_shell(), "key.revoke", prefix, organization_id=found.organization_id) as act,
        ):
            await revoke(transaction, at_the_shell(), act, prefix, datetime.now(UTC))

    with_database(work)
    click.echo(f"{prefix} is not accepted any more.")
