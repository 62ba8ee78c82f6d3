"""The settings that `console up` hands to the programs it starts."""

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from console.trial.secrets_file import secret_of

SIMULATED_REQUESTS_PER_SECOND = "50"  # five times 1NCE's own: a trial knows its whole fleet after a minute
ONCE_CLIENT = ("demo", "demo-secret")


def given(name: str, environment: Mapping[str, str]) -> bool:
    """Whether the person has set this already, either itself or as NAME_FILE."""
    return any(environment.get(one, "").strip() for one in (name, f"{name}_FILE"))


def first_user_command(environment: Mapping[str, str], settings: Mapping[str, str], folder: Path) -> str:
    """The command, to be typed in another terminal, that makes the first user of a console without a demo.

    It names only what we made up: what the person has set is theirs, may be secret, and is known to their terminal.
    """
    named = {name: settings[name] for name in ("DATABASE_URL", "REDIS_URL") if not given(name, environment)}
    if not given("SECRET_KEY", environment):
        named["SECRET_KEY_FILE"] = str(folder / "secret_key")
    found = [f"{name}={shlex.quote(value)}" for name, value in named.items()]
    return " ".join([*found, shlex.quote(sys.executable), "-m console user add NAME --role admin"])


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
