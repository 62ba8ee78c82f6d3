"""Commands about users."""

import sys
from datetime import UTC, datetime

import click

from console.acting import acting
from console.audit.rules import INSTALLATION
from console.cli.printing import as_json, at_the_shell, org_option, role_option, show, the_organization, with_database
from console.errors import NotFound
from console.members.reads import ListedUser, every_user, memberships_of
from console.members.rights_writes import disable_everywhere
from console.members.writes import put_user
from console.organizations.rules import Role
from console.settings import Settings
from console.store.database import Database
from console.users import reads, writes


def _password(given: bool) -> str:
    if given or not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    answer: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return answer


async def _organization_of(db: Database, name: str) -> int:
    """Whose audit trail has what is done to this user: that of the organization that they were in last."""
    async with db.reading() as reading:
        user_id = await reads.id_of(reading, name)
        if user_id is None:
            raise NotFound(f"There is no user {name.strip().lower()!r}", name=name)
        memberships = await memberships_of(reading, user_id)
    return memberships[0].organization_id if memberships else INSTALLATION


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
        async with (
            db.transaction() as transaction,
            acting(transaction, at_the_shell(), "user.add", name, organization_id=organization_id) as act,
        ):
            act.after = {"role": role}
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
        organization_id = await _organization_of(db, name)
        async with (
            db.transaction() as transaction,
            acting(transaction, at_the_shell(), "user.change_password", name, organization_id=organization_id),
        ):
            await writes.change_password(transaction, name, password)

    with_database(work)
    click.echo(f"{name} has a new password.")


@user.command("reset-2fa")
@click.argument("name")
def user_reset_second_factor(name: str) -> None:
    """Remove a user's second factor, for who has lost it; their sessions end."""

    async def work(_: Settings, db: Database) -> None:
        organization_id = await _organization_of(db, name)
        async with (
            db.transaction() as transaction,
            acting(transaction, at_the_shell(), "user.reset_factor", name, organization_id=organization_id),
        ):
            await writes.reset_second_factor(transaction, name)

    with_database(work)
    click.echo(f"{name} has no second factor, and signs in with the password alone.")


@user.command("disable")
@click.argument("name")
def user_disable(name: str) -> None:
    """Let a user in no more; their sessions, API keys and links end."""

    async def work(_: Settings, db: Database) -> None:
        organization_id = await _organization_of(db, name)
        async with (
            db.transaction() as transaction,
            acting(transaction, at_the_shell(), "user.disable", name, organization_id=organization_id),
        ):
            await disable_everywhere(transaction, at_the_shell(), name, datetime.now(UTC))

    with_database(work)
    click.echo(f"{name} can sign in no more.")
