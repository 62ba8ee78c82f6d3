"""Commands about the audit trail."""

import re
from collections.abc import Sequence

import click

from console.audit.chain import Head
from console.audit.heads import kept_head
from console.audit.keys import audit_keys
from console.audit.reads import chains
from console.audit.rules import INSTALLATION
from console.audit.verifying import Verification, verify
from console.cli.printing import with_database
from console.errors import ConsoleError, NotFound
from console.organizations.reads import every
from console.settings import Settings
from console.store.database import Database


@click.group()
def audit() -> None:
    """The audit trail."""


def _heads(_: click.Context, __: click.Parameter, texts: Sequence[str]) -> list[tuple[str, Head]]:
    """The organization's short name and head in each text, as a daily report has them: `acme:4711:9f2c...`."""
    found = [re.fullmatch(r"([^:]+):(\d{1,18}):([0-9a-fA-F]{64})", text) for text in texts]
    if wrong := [text for text, one in zip(texts, found, strict=True) if one is None]:
        raise click.BadParameter(f"{wrong[0][:100]} is no ORGANIZATION:NUMBER:HMAC")
    return [(one[1], Head(int(one[2]), bytes.fromhex(one[3]))) for one in found if one]


@audit.command("verify")
@click.option(
    "--head",
    "heads",
    multiple=True,
    callback=_heads,
    metavar="ORGANIZATION:NUMBER:HMAC",
    help="A head that was kept elsewhere (daily reports have one each): whether the trail still holds it. Repeatable.",
)
def audit_verify(heads: Sequence[tuple[str, Head]]) -> None:
    """Look whether every line is as it was sealed; names the first of each organization that is not, and exits by 1."""

    async def work(settings: Settings, db: Database) -> list[tuple[str, Verification]]:
        found = []
        async with db.reading() as reading:
            slugs = {one.id: one.slug for one in await every(reading)} | {INSTALLATION: "installation"}
            ids = dict.fromkeys([*await chains(reading), *(key for key in slugs if slugs[key] in dict(heads))])
            names = {key: slugs.get(key, str(key)) for key in ids}
            if unknown := [slug for slug, _ in heads if slug not in names.values()]:
                raise NotFound(f"There is no trail of {unknown[0]!r}")
            for organization_id, name in names.items():
                kept = await kept_head(db.redis, organization_id)
                known = [*([kept] if kept else []), *(head for slug, head in heads if slug == name)]
                found.append((name, await verify(reading, organization_id, audit_keys(settings), known)))
        return found

    faults = []
    for slug, found in with_database(work):
        holds = f"{slug}: the lines up to {found.number} hold"
        click.echo(f"{holds}; {found.fault}" if found.fault else holds)
        faults += [found.fault] if found.fault else []
    if faults:
        raise ConsoleError("The audit trail was changed")
