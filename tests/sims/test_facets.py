"""How many SIMs each value of a filter would show, beside the other filters."""

import pytest

from console.sims.counts.facets import facets
from console.sims.counts.reads import Kind
from console.sims.rules import Criterion, SimFilter, having

NUMBERS = (("online", "DE", 5), ("online", "FR", 2), ("offline", "DE", 3), (None, None, 1))
KINDS = [
    Kind(connection=connection, status="enabled", quota=None, missing=False, operator=None, country=country, sims=sims)
    for connection, country, sims in NUMBERS
]


@pytest.mark.parametrize(
    ("wanted", "connection", "country"),
    [
        (SimFilter(), {"online": 7, "offline": 3, "unknown": 1}, {"DE": 8, "FR": 2, "unknown": 1}),
        (having(connection="online"), {"online": 7, "offline": 3, "unknown": 1}, {"DE": 5, "FR": 2}),
        (having(connection="offline", country="FR"), {"online": 2}, {"DE": 3}),
        (
            SimFilter(criteria=(Criterion("country", ("DE", "unknown"), excluded=True),)),
            {"online": 2},
            {"DE": 8, "FR": 2, "unknown": 1},
        ),
        (having(status="disabled"), {}, {}),
    ],
)
def test_a_value_is_counted_beside_the_other_fields(
    wanted: SimFilter, connection: dict[str, int], country: dict[str, int]
) -> None:
    found = facets(KINDS, wanted)
    assert (found["connection"], found["country"]) == (connection, country)


@pytest.mark.parametrize("wanted", [SimFilter(q="pump"), having(tag="north"), having(label="has", country="DE")])
def test_what_is_not_counted_by_kind_has_no_numbers(wanted: SimFilter) -> None:
    assert facets(KINDS, wanted) == {}
