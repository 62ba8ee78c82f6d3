"""`console secrets rotate` and `console audit verify`, as they are typed."""

import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from console.audit.keys import audit_keys
from console.audit.writes import add_line, seal_lines
from console.settings import Settings
from console.store.database import Database
from tests.audit.test_sealing import behind_its_back, line_of
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
    assert "2 organizations, 0 second factors, 0 channels and 0 heartbeats sealed" in rotated.stdout
    holds = console(settings, "audit", "verify", secret_key=both)
    assert (holds.returncode, holds.stdout) == (0, "installation: the lines up to 0 hold\n")
    await behind_its_back(db, "DELETE FROM audit_unsealed")
    broken = console(settings, "audit", "verify", secret_key=both)
    assert broken.returncode == 1
    assert "has no number and does not wait for one" in broken.stdout
    assert "The audit trail was changed" in broken.stderr


async def test_a_head_that_was_kept_elsewhere_is_compared(db: Database, settings: Settings, cast: Cast) -> None:
    async with db.transaction() as transaction:
        await add_line(transaction, line_of(cast.acme))
        head = (await seal_lines(transaction, audit_keys(settings), datetime.now(UTC)))[cast.acme]
    held, another = f"acme:{head.number}:{head.hmac.hex()}", f"acme:{head.number}:{'0' * 64}"
    for heads, status, said in (
        ((held,), 0, f"acme: the lines up to {head.number} hold"),
        ((held, another), 1, f"line {head.number} is another than the one that was kept"),
        (("acme:1",), 2, "is no ORGANIZATION:NUMBER:HMAC"),
        ((f"none:1:{'0' * 64}",), 1, "There is no trail of 'none'"),
    ):
        options = [part for one in heads for part in ("--head", one)]
        found = console(settings, "audit", "verify", *options, secret_key=settings.secret_key)
        assert (found.returncode, said in " ".join((found.stdout + found.stderr).split())) == (status, True), found
