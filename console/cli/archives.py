"""The command that lists and reads archived months of usage."""

import sys

import click

from console.cli.archiving import archived_csv, archives_in
from console.cli.backup_files import backup_keys
from console.cli.backups import json_option, target_of, target_option
from console.cli.printing import settings, show


@click.command()
@click.argument("month", required=False)
@target_option
@json_option
def archive(month: str | None, target: str | None, json_: bool) -> None:
    """List the months of usage records that are archived in BACKUP_TARGET, or print one (like 2024-10) as CSV.

    `console backup` archives each month before its records are dropped.
    """
    known = settings()
    keys, place = backup_keys(known), target_of(known, target)
    if month is None:
        show(archives_in(place, keys), json_=json_)
        return
    for data in archived_csv(place, month, keys):
        sys.stdout.buffer.write(data)
