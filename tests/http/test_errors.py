"""The tree of errors in the docstring of console/errors.py is the tree of classes."""

import pytest

import console.app  # noqa: F401 - so that every class that there is has been defined
from console import errors
from console.errors import ConsoleError


def classes(one: type[ConsoleError] = ConsoleError, depth: int = 0) -> list[tuple[int, type[ConsoleError]]]:
    """This class and those of console/errors.py below it, each with its depth in the tree."""
    below = [each for each in one.__subclasses__() if each.__module__ == errors.__name__]
    return [(depth, one), *(found for each in below for found in classes(each, depth + 1))]


def drawn(depth: int, one: type[ConsoleError]) -> str:
    """How the docstring shows a class, without its sentence."""
    return f"{'    ' * depth}{one.__name__}".ljust(28) + f"{one.status}  {one.code}".ljust(29)


@pytest.mark.one_edition
def test_the_docstring_shows_every_class_with_its_status_and_code() -> None:
    lines = [
        line.replace("│", " ").replace("├── ", "    ").replace("└── ", "    ")
        for line in str(errors.__doc__).split("\n")
    ]
    shown = [line[:57] for line in lines if line[28:31].isdigit()]
    assert shown == [drawn(depth, one) for depth, one in classes()]


@pytest.mark.one_edition
def test_every_class_has_one_sentence() -> None:
    for _, one in classes():
        assert one.__doc__, one
        assert one.__doc__.endswith("."), one
        assert "\n" not in one.__doc__, one
