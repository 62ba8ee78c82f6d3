"""The command and its parts. Exit code 0: done; 1: it failed, with one sentence why; 2: it was called wrongly."""

import sys

import click

from console.cli import api_keys, demo, inspection, organizations, servers, tail, users
from console.errors import ConsoleError
from console.settings import SettingsError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sim-console", prog_name="console")
def console() -> None:
    """A realtime operations console for fleets of 1NCE SIM cards."""


for command in (
    servers.up_command,
    servers.web,
    servers.worker,
    servers.migrate,
    servers.simulate,
    inspection.doctor,
    inspection.config,
    organizations.org,
    users.user,
    api_keys.key,
    tail.tail,
    demo.demo,
):
    console.add_command(command)


def main() -> None:
    """Run the command; faults that a person can mend end in a sentence, not in a trace."""
    try:
        console()
    except (SettingsError, ConsoleError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        sys.exit(1)
    except OSError as error:
        print(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}", file=sys.stderr)  # noqa: T201
        sys.exit(1)
