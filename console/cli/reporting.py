"""The command that prints a daily report: the kept one, or one made of what is known now."""

from datetime import UTC, date, datetime

import click
import msgspec
from rich.console import Console
from rich.table import Table

from console.cli.printing import as_json, the_organization, with_database
from console.errors import Invalid
from console.reports.figures import figures
from console.reports.reads import kept, settings_of
from console.reports.rules import DailyReport, due_day
from console.reports.words import said_of, sections, title_of
from console.settings import Settings
from console.store.database import Database


@click.command()
@click.option("--organization", "--org", "slug", help="Its short name; needed if there are several.")
@click.option("--day", "text", help="A UTC day that is over, like 2026-11-20; else the latest that is due.")
@as_json
def report(slug: str | None, text: str | None, json_: bool) -> None:
    """The daily report: as it was made, or of what is known now if none is kept; then it is not kept either."""

    async def work(_settings: Settings, db: Database) -> DailyReport:
        organization_id, now = await the_organization(db, slug), datetime.now(UTC)
        async with db.reading() as reading:
            hour = (await settings_of(reading, organization_id)).hour
            day = due_day(now, hour) if text is None else _day(text, now)
            return await kept(reading, organization_id, day) or await figures(reading, organization_id, day, now)

    found = with_database(work)
    if json_:
        click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
    else:
        _show(found)


def _day(text: str, now: datetime) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter("write it as 2026-11-20", param_hint="--day") from error
    if day >= now.date():
        raise Invalid("This day is not over", day=text)
    return day


def _show(found: DailyReport) -> None:
    screen = Console(highlight=False, markup=False)
    screen.print(f"{title_of(found)}\n{said_of(found)}")
    for section in sections(found):
        screen.print(f"\n{section.title}")
        width = max(len(name) for name, _ in section.figures)
        for name, value in section.figures:
            screen.print(f"  {name:<{width}}  {value}")
        if section.note:
            screen.print(f"  {section.note}")
        if section.table is not None and section.table.rows:
            table = Table(*section.table.heads)
            for row in section.table.rows:
                table.add_row(*row)
            screen.print(table)
