"""Documents and templates say where things are: every room of the code has a row, and shared fragments one folder."""

import re
from pathlib import Path

import pytest

from tests.laws.tree import ROOT

ROOMS = (ROOT / "docs/architecture.md").read_text().partition("## Rooms")[2].partition("\n## ")[0]
MAP = (ROOT / "README.md").read_text().partition("| where | what |")[2].partition("\n\n")[0]
NOT_CODE = {"docs"}  # the README leads there by its links


def named_in(text: str) -> set[str]:
    """What stands there in code's type."""
    return {name.rstrip("/") for name in re.findall(r"`([\w./]+)`", text)}


def folders(below: Path) -> set[str]:
    return {path.name for path in below.iterdir() if path.is_dir() and not path.name.startswith((".", "_"))}


def test_every_room_and_every_file_above_them_has_a_row() -> None:
    files = {path.name for path in (ROOT / "console").glob("*.py") if not path.name.startswith("_")}
    assert (folders(ROOT / "console") | files) - named_in(ROOMS) == set()


def test_every_room_that_has_a_row_is_there() -> None:
    rooms = {name.split("/")[0] for name in re.findall(r"^\| `(\w+)/", ROOMS, re.MULTILINE)}
    assert rooms - folders(ROOT / "console") - {"jobs"} == set()


def test_every_folder_is_on_the_map() -> None:
    tracked = {path for path in folders(ROOT) if any((ROOT / path).rglob("*.*"))}
    assert {one for one in tracked - NOT_CODE if not one.endswith(".egg-info")} - named_in(MAP) == set()


@pytest.mark.parametrize("path", sorted((ROOT / "templates").glob("*.html")), ids=lambda path: path.name)
def test_what_templates_share_stands_in_parts(path: Path) -> None:
    assert not path.name.startswith("_"), "fragments of a page stand beside it, those of several in templates/parts/"
