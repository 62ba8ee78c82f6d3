"""What a table prints can be copied: no terminal's width breaks an address into parts."""

import io

import pytest
from msgspec import Struct
from rich.console import Console

from console.cli import printing

ADDRESS = "https://console.example.com/forwarder/acme." + "x" * 60


class Row(Struct):
    """As `console org list` prints it."""

    slug: str
    address: str


@pytest.mark.parametrize(("width", "terminal"), [(40, True), (40, False), (300, True)])
def test_an_address_is_printed_in_one_piece(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: int, terminal: bool
) -> None:
    printed = io.StringIO()
    monkeypatch.setattr(
        printing, "Console", lambda: Console(file=printed, width=width, force_terminal=terminal, no_color=True)
    )
    printing.show([Row("[b]acme", ADDRESS), Row("evil", "")], json_=False)
    text = printed.getvalue() + capsys.readouterr().out
    assert ADDRESS in text
    assert "[b]acme" in text, "a name is no markup"
    assert "evil" in text
