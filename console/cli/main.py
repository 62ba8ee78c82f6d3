"""The command and its parts. Exit code 0: done; 1: it failed, with one sentence why; 2: it was called wrongly."""

import gc
import os
import sys
from importlib import import_module
from pathlib import Path

import click

from console.errors import ConsoleError
from console.settings import SettingsError

COMMANDS = {  # where each is found; imported when it is called, because all together cost 2 s of processor time
    "up": "servers:up_command",
    "web": "servers:web",
    "worker": "servers:worker",
    "migrate": "servers:migrate",
    "simulate": "servers:simulate",
    "doctor": "inspection:doctor",
    "config": "inspection:config",
    "org": "organizations:org",
    "user": "users:user",
    "key": "api_keys:key",
    "audit": "audit:audit",
    "secrets": "secret_keys:stored_secrets",
    "archive": "archives:archive",
    "backup": "backups:backup",
    "restore": "backups:restore",
    "drill": "drilling:drill",
    "report": "reporting:report",
    "size": "sizing:size_command",
    "tail": "tail:tail",
    "demo": "demo:demo",
}


# What a web server imports are some 230,000 objects, which stay: to look through them again and again for circles, as
# Python does each 700, took a seventh of its start.
LOOKS_EVERY = 100_000


class Commands(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names, in the order of the alphabet."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name; None if there is none."""
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name].split(":")
        found: click.Command = getattr(import_module(f"console.cli.{module}"), name)
        return found


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sim-console", prog_name="console")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="The folder of a `console up` that runs on this machine: the command is for that console.",
)
def console(data: Path | None) -> None:
    """A realtime operations console for fleets of 1NCE SIM cards."""
    if data is not None:
        use_settings_of(data)


def use_settings_of(folder: Path) -> None:
    """Take the settings that this `console up` made up before those of the environment."""
    from console.trial import EmbeddedFault
    from console.trial.environment import kept_for_commands

    try:
        made = kept_for_commands(folder)
    except EmbeddedFault as fault:
        raise click.ClickException(str(fault)) from fault
    for name, value in made.items():
        os.environ.pop(f"{name}_FILE", None)
        os.environ[name] = value


def main() -> None:
    """Run the command; faults that a person can mend end in a sentence, not in a trace."""
    gc.set_threshold(LOOKS_EVERY)
    try:
        console()
    except (SettingsError, ConsoleError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        sys.exit(1)
    except OSError as error:
        print(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}", file=sys.stderr)  # noqa: T201
        sys.exit(1)
