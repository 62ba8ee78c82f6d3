"""Commands about the audit trail."""

import click

from console.audit.heads import kept_head
from console.audit.keys import audit_keys
from console.audit.reads import chains
from console.audit.rules import INSTALLATION
from console.audit.verifying import Verification, verify
from console.cli.printing import with_database
from console.errors import ConsoleError
from console.organizations.reads import every
from console.settings import Settings
from console.store.database import Database


@click.group()
def audit() -> None:
    """The audit trail."""


@audit.command("verify")
def audit_verify() -> None:
    """Look whether every line is as it was sealed; names the first of each organization that is not, and exits by 1."""

    async def work(settings: Settings, db: Database) -> list[tuple[str, Verification]]:
        found = []
        async with db.reading() as reading:
            slugs = {one.id: one.slug for one in await every(reading)} | {INSTALLATION: "installation"}
            for organization_id in await chains(reading):
                known = await kept_head(db.redis, organization_id)
                holds = await verify(reading, organization_id, audit_keys(settings), known)
                found.append((slugs.get(organization_id, str(organization_id)), holds))
        return found

    faults = []
    for slug, found in with_database(work):
        holds = f"{slug}: the lines up to {found.number} hold"
        click.echo(f"{holds}; {found.fault}" if found.fault else holds)
        faults += [found.fault] if found.fault else []
    if faults:
        raise ConsoleError("The audit trail was changed")
