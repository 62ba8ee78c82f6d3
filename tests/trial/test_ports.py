"""The simulated 1NCE comes back at the address at which organizations know it."""

import socket
from pathlib import Path

import pytest

from console.trial.ports import HOST, is_free, kept_port

pytestmark = pytest.mark.one_edition


def test_the_port_of_the_last_start_is_taken_again_unless_somebody_listens_there(tmp_path: Path) -> None:
    file = tmp_path / "port"
    first = kept_port(file)
    assert kept_port(file) == first
    with socket.create_server((HOST, first)):
        second = kept_port(file)
    assert second != first
    assert kept_port(file) == second


@pytest.mark.parametrize("text", ["", "x", "80", "99999999", "-1", "²", "\0"])
def test_what_is_no_port_is_replaced(tmp_path: Path, text: str) -> None:
    file = tmp_path / "port"
    file.write_text(text, encoding="utf-8")
    port = kept_port(file)
    assert is_free(port)
    assert file.read_text(encoding="ascii") == f"{port}\n"
