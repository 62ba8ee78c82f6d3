"""Commands about organizations, users and API keys."""

import sys
from datetime import UTC, datetime

import click
from msgspec import Struct

from console.auth import reads, writes
from console.auth.rules import Role
from console.cli.printing import as_json, show, with_database
from console.errors import NotFound
from console.organizations import reads as organization_reads
from console.organizations.writes import change_forwarder, put
from console.settings import Settings
from console.store.database import Database
from console.streamer.forwarder_address import forwarder_token

role_option = click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
org_option = click.option("--org", "slug", help="Short name of the organization; needed if there are several.")


async def the_organization(db: Database, slug: str | None) -> int:
    """The organization with this short name, or the only one there is."""
    async with db.reading() as connection:
        found = await organization_reads.every(connection)
    chosen = [one for one in found if slug in (None, one.slug)]
    if len(chosen) != 1:
        known = ", ".join(one.slug for one in found) or "none yet: `console org add` makes one"
        raise NotFound(f"Say which organization with --org (there are: {known})")
    return chosen[0].id


def _password(given: bool) -> str:
    if given or not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    answer: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return answer


@click.group()
def org() -> None:
    """Organizations and their accounts at 1NCE."""


@org.command("add")
@click.argument("slug")
@click.option("--name", help="As people read it.")
@click.option("--client-id", envvar="ONCE_CLIENT_ID", help="Of the 1NCE Management API.")
@click.option("--client-secret", envvar="ONCE_CLIENT_SECRET", help="Better given by the environment.")
@click.option("--streamer-username", envvar="STREAMER_USERNAME")
@click.option("--streamer-password", envvar="STREAMER_PASSWORD")
def org_add(
    slug: str,
    name: str | None,
    client_id: str | None,
    client_secret: str | None,
    streamer_username: str | None,
    streamer_password: str | None,
) -> None:
    """Add an organization, or give a known one this name and account."""

    async def work(settings: Settings, db: Database) -> int:
        async with db.transaction() as transaction:
            return await put(
                transaction,
                settings,
                slug,
                name or slug,
                datetime.now(UTC),
                client_id=client_id,
                client_secret=client_secret,
                streamer_username=streamer_username,
                streamer_password=streamer_password,
            )

    click.echo(f"Organization {slug} has number {with_database(work)}.")


class Addressed(Struct, frozen=True, kw_only=True):
    """An organization, and where 1NCE's pushes to it go."""

    id: int
    slug: str
    name: str
    streamer: str
    forwarder: str


async def _addressed(settings: Settings, db: Database, found: organization_reads.Organization) -> Addressed:
    async with db.reading() as connection:
        turn = await organization_reads.forwarder_generation(connection, found.id)
    origin = settings.public_origin[0] if settings.public_origin else ""
    return Addressed(
        id=found.id,
        slug=found.slug,
        name=found.name,
        streamer=f"{origin}/streamer/{found.slug}",
        forwarder=f"{origin}/forwarder/{forwarder_token(settings.secret_key, found.slug, turn)}",
    )


@org.command("list")
@as_json
def org_list(json_: bool) -> None:
    """List the organizations, with the addresses to enter in 1NCE's portal."""

    async def work(settings: Settings, db: Database) -> list[Addressed]:
        async with db.reading() as connection:
            every = await organization_reads.every(connection)
        return [await _addressed(settings, db, found) for found in every]

    show(with_database(work), json_=json_)


@org.command("forwarder")
@org_option
@click.option("--new", is_flag=True, help="Make a new one first; the one before opens nothing any more.")
def org_forwarder(slug: str | None, new: bool) -> None:
    """Print the address for 1NCE's SMS Forwarder. Who knows it can put messages on the screen: keep it to yourself."""

    async def work(settings: Settings, db: Database) -> str:
        organization_id = await the_organization(db, slug)
        if new:
            async with db.transaction() as transaction:
                await change_forwarder(transaction, organization_id)
        async with db.reading() as connection:
            found = await organization_reads.by_id(connection, organization_id)
        assert found is not None
        return (await _addressed(settings, db, found)).forwarder

    click.echo(with_database(work))


@click.group()
def user() -> None:
    """Users."""


@user.command("add")
@click.argument("name")
@role_option
@org_option
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def user_add(name: str, role: str, slug: str | None, password_stdin: bool) -> None:
    """Add a user; asks for the password."""
    password = _password(password_stdin)

    async def work(_: Settings, db: Database) -> int:
        organization_id = await the_organization(db, slug)
        async with db.transaction() as transaction:
            return await writes.put_user(transaction, organization_id, name, Role(role), password, datetime.now(UTC))

    with_database(work)
    click.echo(f"{name} can sign in.")


@user.command("list")
@as_json
def user_list(json_: bool) -> None:
    """List the users."""

    async def work(_: Settings, db: Database) -> list[reads.User]:
        async with db.reading() as connection:
            return await reads.every_user(connection)

    show(with_database(work), json_=json_)


@user.command("passwd")
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def user_passwd(name: str, password_stdin: bool) -> None:
    """Give a user a new password; their sessions end."""
    password = _password(password_stdin)

    async def work(_: Settings, db: Database) -> None:
        async with db.transaction() as transaction:
            await writes.change_password(transaction, name, password)

    with_database(work)
    click.echo(f"{name} has a new password.")


@user.command("disable")
@click.argument("name")
def user_disable(name: str) -> None:
    """Let a user in no more; their sessions end."""

    async def work(_: Settings, db: Database) -> None:
        async with db.transaction() as transaction:
            await writes.disable_user(transaction, name, datetime.now(UTC))

    with_database(work)
    click.echo(f"{name} can sign in no more.")


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
            return await writes.put_key(transaction, organization_id, name, Role(role), datetime.now(UTC))

    click.echo(with_database(work))


@key.command("list")
@as_json
def key_list(json_: bool) -> None:
    """List the API keys, without their secrets."""

    async def work(_: Settings, db: Database) -> list[reads.ApiKey]:
        async with db.reading() as connection:
            return await reads.every_key(connection)

    show(with_database(work), json_=json_)


@key.command("revoke")
@click.argument("prefix")
def key_revoke(prefix: str) -> None:
    """End an API key, named by the part that `list` shows."""

    async def work(_: Settings, db: Database) -> None:
        async with db.transaction() as transaction:
            await writes.revoke_key(transaction, prefix, datetime.now(UTC))

    with_database(work)
    click.echo(f"{prefix} opens nothing any more.")
