"""Commands about the keys that seal stored secrets."""

import click

from console.acting import acting
from console.cli.printing import at_the_shell, with_database
from console.organizations.sealing import key_id, keys_in
from console.organizations.writes import reseal
from console.settings import Settings
from console.store.database import Database
from console.users.factors.writes import reseal_second_factors

AT_ONCE = 50  # organizations, and second factors, in one transaction


@click.group("secrets")
def stored_secrets() -> None:
    """Stored secrets, and the keys that seal them."""


@stored_secrets.command("rotate")
def secrets_rotate() -> None:
    """Seal all stored secrets with the newest key of SECRET_KEY=new,old; then the old one can go.

    It can be stopped at any time: the next run goes on with what an older key has sealed.
    """

    async def work(settings: Settings, db: Database) -> int:
        total, newest = 0, key_id(keys_in(settings.secret_key)[0])
        while True:
            async with (
                db.transaction() as transaction,
                acting(transaction, at_the_shell(), "secrets.rotate", newest) as act,
            ):
                sealed, left = await reseal(transaction, settings.secret_key, limit=AT_ONCE)
                users, users_left = await reseal_second_factors(transaction, settings.secret_key, limit=AT_ONCE)
                act.after = {"organizations": sealed, "second_factors": users, "left": left + users_left}
            total += sealed + users
            click.echo(
                f"{sealed} organizations and {users} second factors sealed with the key {newest},"
                f" {left + users_left} left"
            )
            if not left + users_left:
                return total

    with_database(work)
    click.echo("Every stored secret is sealed with the newest key.")
