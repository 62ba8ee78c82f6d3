"""The demo: an organization with three users, for `console up` with the simulated 1NCE."""

import secrets
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec
import sqlalchemy as sa

from console.cli.printing import with_database
from console.members.writes import put_user
from console.organizations.rules import Role
from console.organizations.writes import put
from console.settings import Settings
from console.store.database import Database
from console.users import writes
from console.users.tables import users

PEOPLE = {"ada": Role.ADMIN, "otto": Role.OPERATOR, "vera": Role.VIEWER}


@click.command(hidden=True)
@click.option("--folder", type=click.Path(path_type=Path), required=True)
def demo(folder: Path) -> None:
    """Make the demo's organization and users if they are not there; print how to sign in, as JSON."""
    path = folder / "sign_ins.json"
    known: dict[str, str] = msgspec.json.decode(path.read_bytes()) if path.exists() else {}
    passwords = {name: known.get(name) or f"{name[0]}-{secrets.token_urlsafe(12)}" for name in PEOPLE}
    path.touch(mode=0o600)
    path.write_bytes(msgspec.json.encode(passwords))

    async def work(settings: Settings, db: Database) -> None:
        now = datetime.now(UTC)
        async with db.transaction() as transaction:
            organization_id = await put(
                transaction,
                settings,
                "demo",
                "Demo",
                now,
                client_id=settings.once_client_id,
                client_secret=settings.once_client_secret,
                streamer_username=settings.streamer_username,
                streamer_password=settings.streamer_password,
            )
            there = set((await transaction.connection.execute(sa.select(users.c.name))).scalars())
            for name, role in PEOPLE.items():
                if name not in there:
                    await put_user(transaction, organization_id, name, role, passwords[name], now)
                elif name not in known:
                    await writes.change_password(transaction, name, passwords[name])

    with_database(work)
    people = [{"name": name, "role": role.value, "password": passwords[name]} for name, role in PEOPLE.items()]
    click.echo(msgspec.json.encode({"sign_ins": people}).decode())
