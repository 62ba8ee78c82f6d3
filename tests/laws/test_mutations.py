"""The tests of the tests: a mutation breaks one law, and that law finds it."""

import pytest

from tests.laws.exceptions import not_allowed
from tests.laws.importing import ROOMS, ROOT_FILES
from tests.laws.laws import LAWS
from tests.laws.mutations import MUTATIONS, Mutation
from tests.laws.tree import Tree, read_tree

pytestmark = pytest.mark.xdist_group("laws")  # one process alone keeps the syntax trees: a million objects


@pytest.fixture(scope="module")
def source() -> Tree:
    return read_tree()


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda one: f"{one.law}: {one.path}: {one.text[:50]!r}")
def test_a_law_finds_what_breaks_it(mutation: Mutation, source: Tree) -> None:
    broken = source.changed(mutation.path, mutation.text, mutation.instead_of)
    law = LAWS[mutation.law]
    found = set(not_allowed(mutation.law, law(broken))) - set(law(source))
    module = mutation.path.removesuffix(".py").replace("/", ".")
    assert any((mutation.found_as or mutation.path) in one or module in one for one in found)


def test_too_many_rooms_are_found(source: Tree) -> None:
    rooms = {f"console/room_{number}/__init__.py": '"""A room."""\n' for number in range(ROOMS)}
    assert LAWS["rooms_are_few"](Tree({**source.texts, **rooms}, {}))


def test_too_many_files_outside_the_rooms_are_found(source: Tree) -> None:
    files = {f"console/file_{number}.py": '"""A file."""\n' for number in range(ROOT_FILES)}
    assert LAWS["rooms_are_few"](Tree({**source.texts, **files}, {}))


def test_each_law_is_tried() -> None:
    assert LAWS.keys() - {mutation.law for mutation in MUTATIONS} == {"rooms_are_few"}
