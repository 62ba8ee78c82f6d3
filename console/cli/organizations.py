"""Commands about organizations: their names, their logins at 1NCE, the addresses that 1NCE posts to."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TextIO

import click
from msgspec import Struct

from console.acting import acting
from console.cli.printing import as_json, at_the_shell, org_option, show, the_organization, with_database
from console.organizations import reads as organization_reads
from console.organizations import writes as organization_writes
from console.organizations.names import checked_name
from console.settings import ONCE_BASE_URL, Settings
from console.store.database import Database
from console.streamer.forwarder_address import forwarder_token


@click.group()
def org() -> None:
    """Organizations and their accounts at 1NCE."""


def _with_credentials(command: Callable[..., None]) -> Callable[..., None]:
    """The options about an organization's login at 1NCE. Secrets come from files: arguments can be seen by others."""
    file = click.File(encoding="utf-8")
    for option in (
        click.option("--name", help="As people read it."),
        click.option("--client-id", help="Of the 1NCE Management API."),
        click.option("--client-secret-file", type=file, help="A file with its secret; - for standard input."),
        click.option("--streamer-username", help="What 1NCE's Data Streamer signs in with."),
        click.option("--streamer-password-file", type=file, help="A file with its password; - for standard input."),
        click.option("--base-url", help="Of the 1NCE Management API, if it is not 1NCE's own."),
        click.option("--requests-per-second", type=click.FloatRange(0.01), help="Never exceeded."),
    ):
        command = option(command)
    return command


def _credentials(
    client_id: str | None,
    client_secret_file: TextIO | None,
    streamer_username: str | None,
    streamer_password_file: TextIO | None,
) -> dict[str, str]:
    given = {
        "once_client_id": client_id,
        "once_client_secret": client_secret_file and client_secret_file.read().strip(),
        "streamer_username": streamer_username,
        "streamer_password": streamer_password_file and streamer_password_file.read().strip(),
    }
    return {name: value for name, value in given.items() if value}


@org.command("add")
@click.argument("slug")
@_with_credentials
def org_add(
    slug: str, name: str | None, base_url: str | None, requests_per_second: float | None, **options: Any
) -> None:
    """Add an organization. Nothing but what is given here is stored: no ONCE_* of the environment."""
    credentials = _credentials(**options)
    for one, other in (("once_client_id", "once_client_secret"), ("streamer_username", "streamer_password")):
        if (one in credentials) != (other in credentials):
            raise click.UsageError("A name and its secret go together: give both or none")

    async def work(settings: Settings, db: Database) -> int:
        async with (
            db.transaction() as transaction,
            acting(transaction, at_the_shell(), "organization.add", slug) as act,
        ):
            columns = {
                "name": checked_name(name or slug),
                "once_base_url": base_url or ONCE_BASE_URL,
                "once_requests_per_second": requests_per_second or 10.0,
            }
            act.organization_id = await organization_writes.add(
                transaction, settings.secret_key, slug, datetime.now(UTC), columns, credentials
            )
            act.after = columns | credentials
            return act.organization_id

    click.echo(f"Organization {slug} has number {with_database(work)}.")


@org.command("set")
@click.argument("slug")
@_with_credentials
def org_set(
    slug: str, name: str | None, base_url: str | None, requests_per_second: float | None, **options: Any
) -> None:
    """Change what is named here of an organization, and nothing else."""
    credentials = _credentials(**options)
    given = {"name": name, "once_base_url": base_url, "once_requests_per_second": requests_per_second}
    columns = {column: value for column, value in given.items() if value is not None}
    if not (credentials or columns):
        raise click.UsageError("Name what is to change, for instance --name")

    async def work(settings: Settings, db: Database) -> int:
        async with (
            db.transaction() as transaction,
            acting(transaction, at_the_shell(), "organization.change", slug) as act,
        ):
            known = await organization_reads.shown(transaction.connection, slug)
            changes = columns if name is None else columns | {"name": checked_name(name)}
            act.before = {column: known.get(column) for column in (*columns, *credentials)}
            act.organization_id = await organization_writes.change(
                transaction, settings.secret_key, slug, changes, credentials
            )
            act.after = changes | credentials
            return act.organization_id

    with_database(work)
    click.echo(f"Organization {slug} is changed: {', '.join([*columns, *credentials])}.")


class OrganizationAddresses(Struct, frozen=True, kw_only=True):
    """An organization, and where 1NCE's pushes to it go."""

    id: int
    slug: str
    name: str
    streamer: str
    forwarder: str


async def _addresses_of(
    settings: Settings, db: Database, found: organization_reads.Organization
) -> OrganizationAddresses:
    async with db.reading() as connection:
        generation = await organization_reads.forwarder_generation(connection, found.id)
    origin = settings.public_origin[0] if settings.public_origin else ""
    return OrganizationAddresses(
        id=found.id,
        slug=found.slug,
        name=found.name,
        streamer=f"{origin}/streamer/{found.slug}",
        forwarder=f"{origin}/forwarder/{forwarder_token(settings.secret_key, found.slug, generation)}",
    )


@org.command("list")
@as_json
def org_list(json_: bool) -> None:
    """List the organizations, with the addresses to enter in 1NCE's portal."""

    async def work(settings: Settings, db: Database) -> list[OrganizationAddresses]:
        async with db.reading() as connection:
            every = await organization_reads.every(connection)
        return [await _addresses_of(settings, db, found) for found in every]

    show(with_database(work), json_=json_)


@org.command("forwarder")
@org_option
@click.option("--new", is_flag=True, help="Make a new one first; the one before opens nothing any more.")
def org_forwarder(slug: str | None, new: bool) -> None:
    """Print the address for 1NCE's SMS Forwarder. Who knows it can put messages on the screen: keep it to yourself."""

    async def work(settings: Settings, db: Database) -> str:
        organization_id = await the_organization(db, slug)
        if new:
            async with (
                db.transaction() as transaction,
                acting(
                    transaction, at_the_shell(), "organization.move_forwarder", slug, organization_id=organization_id
                ),
            ):
                await organization_writes.change_forwarder(transaction, organization_id)
        async with db.reading() as connection:
            found = await organization_reads.by_id(connection, organization_id)
        assert found is not None
        return (await _addresses_of(settings, db, found)).forwarder

    click.echo(with_database(work))
