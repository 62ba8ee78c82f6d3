"""The settings that `console up` hands to the programs it starts."""

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from console.trial.faults import EmbeddedFault, refused
from console.trial.folder import FolderLock
from console.trial.secrets_file import secret_of, write_private

SIMULATED_REQUESTS_PER_SECOND = "50"  # five times 1NCE's own: a trial knows its whole fleet after a minute
KEPT = "settings.json"  # in the folder: what commands in another terminal need
ONCE_CLIENT = ("demo", "demo-secret")


def given(name: str, environment: Mapping[str, str]) -> bool:
    """Whether the person has set this already, either itself or as NAME_FILE."""
    return any(environment.get(one, "").strip() for one in (name, f"{name}_FILE"))


def keep_for_commands(environment: Mapping[str, str], settings: Mapping[str, str], folder: Path) -> None:
    """Keep what `console --data FOLDER` needs, readable by its owner alone.

    Only what was made up here: what the person has set is theirs, may be secret, and is known to their terminal.
    """
    made = {name: value for name, value in settings.items() if environment.get(name) != value}
    write_private(folder / KEPT, msgspec.json.encode(made).decode())


def kept_for_commands(folder: Path) -> dict[str, str]:
    """The settings of the `console up` that runs with this folder. Raises an EmbeddedFault if none runs."""
    if not FolderLock(folder).is_held():
        raise EmbeddedFault(f"No console runs with the data in {folder}: start it with console up --data {folder}")
    try:
        return msgspec.json.decode((folder / KEPT).read_bytes(), type=dict[str, str])
    except FileNotFoundError as error:
        raise EmbeddedFault(f"The console with the data in {folder} is still starting: try again soon.") from error
    except OSError as error:
        raise refused(folder, error) from error


def command_for(data: str) -> str:
    """What begins each command about a console that runs with this folder, to be typed in another terminal."""
    program = sys.argv[0] if Path(sys.argv[0]).name == "console" else f"{sys.executable} -m console"
    return f"{program} --data {shlex.quote(data)}"


def for_children(
    environment: Mapping[str, str],
    folder: Path,
    port: int,
    *,
    database_url: str | None,
    database_owner_url: str | None,
    redis_url: str | None,
    simulator_port: int | None,
) -> dict[str, str]:
    """The environment of the children: the person's own, and what it leaves open. What the person has set stays.

    Only the address and the account of the simulated 1NCE are not theirs to choose when it is used.
    """
    made = {
        "APP_ENV": "development",
        "SECRET_KEY": secret_of(folder / "secret_key"),
        "AUDIT_KEY": "1:" + secret_of(folder / "audit_key"),
        "PUBLIC_ORIGIN": f"http://127.0.0.1:{port},http://localhost:{port}",
    }
    if not given("STREAMER_USERNAME", environment) and not given("STREAMER_PASSWORD", environment):
        made |= {"STREAMER_USERNAME": "streamer", "STREAMER_PASSWORD": secret_of(folder / "streamer_password")}
    if database_url is not None:
        made["DATABASE_URL"] = database_url
    if database_owner_url is not None:
        made["DATABASE_OWNER_URL"] = database_owner_url
    if redis_url is not None:
        made["REDIS_URL"] = redis_url
    children = dict(environment) | {name: value for name, value in made.items() if not given(name, environment)}
    if simulator_port is not None:
        for name in ("ONCE_BASE_URL_FILE", "ONCE_CLIENT_SECRET_FILE"):
            children.pop(name, None)
        children["ONCE_BASE_URL"] = f"http://127.0.0.1:{simulator_port}/management-api"
        children["ONCE_CLIENT_ID"], children["ONCE_CLIENT_SECRET"] = ONCE_CLIENT
        if not given("ONCE_REQUESTS_PER_SECOND", environment):
            children["ONCE_REQUESTS_PER_SECOND"] = SIMULATED_REQUESTS_PER_SECOND
    return children | {"PYTHONUNBUFFERED": "1"}
