"""Commands about the keys that seal stored secrets."""

import click

from console.acting import acting
from console.cli.printing import at_the_shell, with_database
from console.notifications.writes import reseal_channels
from console.organizations.sealing import key_id, keys_in
from console.organizations.writes import reseal
from console.reports.writes import reseal_heartbeats
from console.settings import Settings
from console.store.database import Database
from console.users.factors_writes import reseal_second_factors

AT_ONCE = 50  # organizations, second factors and channels each, in one transaction


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
                channels, channels_left = await reseal_channels(transaction, settings.secret_key, limit=AT_ONCE)
                addresses, addresses_left = await reseal_heartbeats(transaction, settings.secret_key, limit=AT_ONCE)
                left += users_left + channels_left + addresses_left
                counts = {"second_factors": users, "channels": channels, "heartbeats": addresses}
                act.after = {"organizations": sealed, **counts, "left": left}
            total += sealed + sum(counts.values())
            click.echo(
                f"{sealed} organizations, {users} second factors, {channels} channels and {addresses} heartbeats sealed"
                f" with the key {newest}, {left} left"
            )
            if not left:
                return total

    with_database(work)
    click.echo("Every stored secret is sealed with the newest key.")
