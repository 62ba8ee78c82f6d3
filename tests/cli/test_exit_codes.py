"""Commands that can't do their work end with 1 and one message, whatever failed beneath them."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

pytestmark = pytest.mark.one_edition
NOWHERE = {
    "DATABASE_URL": "postgresql://ada:hidden@127.0.0.1:1/console",
    "REDIS_URL": "redis://:hidden@127.0.0.1:1/0",
    "SECRET_KEY": "of-a-test-0123456789abcdef0123456789",
}


@pytest.fixture
def port_in_use() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def console(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command without a database and without Redis."""
    command, environment = [sys.executable, "-m", "console", *arguments], {**os.environ, **NOWHERE}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=60)


@pytest.mark.parametrize("command", [("web",), ("simulate", "--sims", "1")], ids=["web", "simulate"])
def test_a_port_in_use_ends_a_server_with_one(command: tuple[str, ...], port_in_use: int) -> None:
    ended = console(*command, "--port", str(port_in_use))
    assert (ended.returncode, "Traceback" in ended.stderr) == (1, False)
    assert "address already in use" in ended.stdout + ended.stderr


def test_the_doctor_does_not_blame_1nce_for_the_database() -> None:
    ended = console("doctor")
    assert ended.returncode == 1
    assert "FAIL 1NCE: not asked" in ended.stdout
    assert "ONCE_BASE_URL" not in ended.stdout
    assert "hidden" not in ended.stdout + ended.stderr
