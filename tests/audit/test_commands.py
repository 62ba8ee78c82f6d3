"""`console secrets rotate` and `console audit verify`, as they are typed."""

import os
import subprocess
import sys

import pytest

from console.settings import Settings
from console.store.database import Database
from tests.audit.test_sealing import behind_its_back
from tests.cast import Cast

pytestmark = pytest.mark.one_edition


def console(settings: Settings, *arguments: str, secret_key: str) -> subprocess.CompletedProcess[str]:
    """Run the command with this SECRET_KEY."""
    known = {"DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url, "SECRET_KEY": secret_key}
    command = [sys.executable, "-m", "console", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **known})


async def test_the_keys_are_rotated_and_the_trail_is_verified(db: Database, settings: Settings, cast: Cast) -> None:
    both = "n" * 20 + "e" * 20 + "," + settings.secret_key
    rotated = console(settings, "secrets", "rotate", secret_key=both)
    assert (rotated.returncode, rotated.stderr) == (0, "")
    assert "2 organizations, 0 second factors and 0 channels sealed" in rotated.stdout
    holds = console(settings, "audit", "verify", secret_key=both)
    assert (holds.returncode, holds.stdout) == (0, "installation: the lines up to 0 hold\n")
    await behind_its_back(db, "DELETE FROM audit_unsealed")
    broken = console(settings, "audit", "verify", secret_key=both)
    assert broken.returncode == 1
    assert "has no number and does not wait for one" in broken.stdout
    assert "The audit trail was changed" in broken.stderr
