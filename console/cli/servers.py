"""Commands that run for long: the web server, the worker, the simulated 1NCE, and `up`, which runs them all."""

import asyncio
import os
import sys
from typing import TYPE_CHECKING

import click

from console import log
from console.settings import Settings, from_environment
from console.trial.options import UpOptions

if TYPE_CHECKING:
    from console.store.database import Database


@click.command("up")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, envvar="PORT", show_default=True)
@click.option("--sims", type=click.IntRange(0, 1_000_000), default=2000, envvar="SIMS", show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--speed", type=click.FloatRange(0.01, 1000), default=1.0, show_default=True)
@click.option("--data", type=click.Path(), default=".data", show_default=True, help="Where the data is kept.")
def up_command(port: int, sims: int, seed: int, speed: float, data: str) -> None:
    """Everything at once: database, Redis, a simulated 1NCE, a worker and the web server."""
    from console.trial.plan import up

    sys.exit(asyncio.run(up(UpOptions(port=port, sims=sims, seed=seed, speed=speed, data=data))))


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=8000, envvar="PORT", show_default=True)
def web(host: str, port: int) -> None:
    """The web server: pages, JSON API, live streams."""
    from console.web import serve

    known = from_environment(os.environ)
    log.set_up(known.log_level)
    serve(known, host, port)


@click.command()
def worker() -> None:
    """A worker: polls 1NCE, takes in its pushes."""
    from_environment(os.environ)  # a wrong one is said here, before the worker starts
    os.execv(sys.executable, [sys.executable, "-m", "jobs"])


@click.command()
def migrate() -> None:
    """Bring the database up to this version, as DATABASE_OWNER_URL; give the role of DATABASE_URL what it needs."""
    from console.cli.printing import with_database
    from console.migrate import migrate as bring_up_to_date

    async def work(known: Settings, db: "Database") -> tuple[str | None, str | None]:
        async with db.engine.connect() as connection:
            return await connection.run_sync(bring_up_to_date, known.database_url)

    before, after = with_database(work, as_owner=True)
    click.echo(f"The database is at {after}" + ("" if before == after else f" (was {before or 'empty'})"))


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []},
    add_help_option=False,
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def simulate(arguments: tuple[str, ...]) -> None:
    """A simulated 1NCE: --port P --sims N --seed S --speed X."""
    os.execv(sys.executable, [sys.executable, "-m", "simulator", *arguments])
