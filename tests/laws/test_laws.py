"""Each law holds in the source as it is, and no exception outlives its reason."""

import pytest

from tests.laws.exceptions import ALLOWED, Allowed, not_allowed
from tests.laws.laws import LAWS
from tests.laws.tree import Tree, read_tree

pytestmark = pytest.mark.xdist_group("laws")  # one process alone keeps the syntax trees: a million objects


@pytest.fixture(scope="module")
def source() -> Tree:
    return read_tree()


@pytest.mark.parametrize("law", LAWS)
def test_the_law_holds(law: str, source: Tree) -> None:
    assert not_allowed(law, LAWS[law](source)) == []


@pytest.mark.parametrize("allowed", ALLOWED, ids=lambda one: f"{one.law}: {one.begins}")
def test_what_is_allowed_is_still_there(allowed: Allowed, source: Tree) -> None:
    assert any(violation.startswith(allowed.begins) for violation in LAWS[allowed.law](source)), "delete the exception"
