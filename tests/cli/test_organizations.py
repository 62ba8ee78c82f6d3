"""`console org`: what is given is stored, and nothing else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from console.organizations import reads
from console.settings import Settings
from console.store.database import Database
from tests.cast import Cast

pytestmark = pytest.mark.one_edition
OTHERS = {
    "ONCE_CLIENT_ID": "of-another",
    "ONCE_CLIENT_SECRET": "of-another",
    "ONCE_BASE_URL": "http://127.0.0.1:1/management-api",
    "STREAMER_USERNAME": "of-another",
    "STREAMER_PASSWORD": "of-another",
}


def org(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `console org` in an environment that names another organization's account."""
    known = {"DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url, "SECRET_KEY": settings.secret_key}
    command = [sys.executable, "-m", "console", "org", *arguments]
    environment = {**os.environ, **known, **OTHERS}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


async def stored(db: Database, settings: Settings, slug: str) -> reads.Credentials:
    async with db.reading() as connection:
        found = await reads.credentials(connection, settings.secret_key, slug=slug)
    assert found is not None
    return found


async def test_a_new_organization_takes_nothing_from_the_environment(db: Database, settings: Settings) -> None:
    assert org(settings, "add", "fresh").returncode == 0
    found = await stored(db, settings, "fresh")
    assert (found.once_client_id, found.once_client_secret) == (None, None)
    assert (found.streamer_username, found.streamer_password) == (None, None)
    assert found.once_base_url == "https://api.1nce.com/management-api"


async def test_a_known_organization_is_not_added_again(db: Database, settings: Settings, cast: Cast) -> None:
    async with db.reading() as connection:
        before = await reads.every(connection)
    refused = org(settings, "add", "acme", "--name", "Another")
    assert refused.returncode == 1
    assert "org set" in refused.stderr
    async with db.reading() as connection:
        assert await reads.every(connection) == before


async def test_only_what_is_named_is_changed(db: Database, settings: Settings, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("first\n")
    login = ("--client-id", "mine", "--client-secret-file", str(secret))
    assert org(settings, "add", "fresh", "--name", "Fresh", *login).returncode == 0
    secret.write_text("second\n")
    assert org(settings, "set", "fresh", "--client-secret-file", str(secret)).returncode == 0
    found = await stored(db, settings, "fresh")
    assert (found.once_client_id, found.once_client_secret) == ("mine", "second")
    async with db.reading() as connection:
        assert {one.slug: one.name for one in await reads.every(connection)}["fresh"] == "Fresh"
    assert org(settings, "set", "fresh").returncode == 2
    assert org(settings, "set", "nobody", "--name", "Nobody").returncode == 1
    assert org(settings, "add", "half", "--client-id", "mine").returncode == 2
