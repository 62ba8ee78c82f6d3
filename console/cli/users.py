"""Commands about users."""

import sys
from datetime import UTC, datetime

import click

from console.cli.printing import as_json, org_option, role_option, show, the_organization, with_database
from console.members.reads import ListedUser, every_user
from console.members.writes import put_user
from console.organizations.rules import Role
from console.settings import Settings
from console.store.database import Database
from console.users import writes


def _password(given: bool) -> str:
    if given or not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    answer: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return answer


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
            return await put_user(transaction, organization_id, name, Role(role), password, datetime.now(UTC))

    with_database(work)
    click.echo(f"{name} can sign in.")


@user.command("list")
@as_json
def user_list(json_: bool) -> None:
    """List the users."""

    async def work(_: Settings, db: Database) -> list[ListedUser]:
        async with db.reading() as connection:
            return await every_user(connection)

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
