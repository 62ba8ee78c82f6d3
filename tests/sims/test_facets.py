"""How many SIMs each value of a filter would show, beside the other filters."""

import random
from datetime import UTC, datetime

import hypothesis
import msgspec
import pytest
import sqlalchemy as sa
from hypothesis import strategies as st

from console.pages.sim_filters import fieldsets
from console.sims import reads
from console.sims.counts_reads import COUNTED, Kind, kinds
from console.sims.facets import countries, facets, matching
from console.sims.rules import Criterion, SimFilter, having
from console.sims.tables import sims
from console.sims.watching_writes import unwatch
from console.store.database import Database
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, Cast, add_sim
from tests.serving import Served

NUMBERS = (("online", "DE", 5), ("online", "FR", 2), ("offline", "DE", 3), (None, None, 1))
KINDS = [
    Kind(
        connection=connection,
        status="enabled",
        quota=None,
        missing=False,
        operator=None,
        country=country,
        rat=None,
        apn=None,
        sims=sims,
    )
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


SPELLINGS = (("Orange", 4), ("ORANGE", 1), ("orange", 2), (None, 2))
VALUES = {
    "connection": ("online", "attached", "offline", "blocked", None),
    "status": ("enabled", "disabled", None),
    "quota": ("ok", "low", "exhausted", "expired", None),
    "operator": ("Orange", "ORANGE", "orange", "o2 – Ä", "O2 – ä", "İş Ǆ ΟΔΟΣ ẞ", None),
    "country": ("DE", "FR", "NL", None),
    "rat": ("LTE", "Lte", "2G", None),
    "apn": ("iot.1nce.net", "IOT.1NCE.NET", None),
}
CRITERIA = st.sampled_from(sorted(VALUES)).flatmap(
    lambda field: st.builds(
        Criterion,
        field=st.just(field),
        values=st.lists(
            st.sampled_from([value or "unknown" for value in VALUES[field]] + ["nothing"]), min_size=1, unique=True
        ).map(tuple),
        excluded=st.booleans(),
    )
)


@pytest.mark.one_edition
async def test_whatever_is_asked_is_counted_as_sql_counts_it(db: Database, cast: Cast) -> None:
    """The same filter in Python, over the kept counts, and in SQL, over each SIM."""
    chance = random.Random(4)
    async with db.transaction() as transaction:
        for number in range(60):
            iccid = f"89882280670{number:08d}"
            await add_sim(transaction, cast.acme, iccid)
            values = {name: chance.choice(found) for name, found in VALUES.items()}
            mine = sa.and_(sims.c.organization_id == cast.acme, sims.c.iccid == iccid)
            await transaction.connection.execute(sa.update(sims).where(mine).values(**values))
            if number % 9 == 0:
                await unwatch(transaction, cast.acme, iccid, "ada", datetime.now(UTC))
    assert {*VALUES} <= COUNTED
    async with db.snapshot() as reading:
        found = await kinds(reading, cast.acme)
        there = sa.select(sims.c.country).where(sims.c.organization_id == cast.acme, sims.c.country.is_not(None))
        assert countries(found) == sorted(set((await reading.execute(there)).scalars()))
        for wanted in some_filters():
            in_sql = len(await reads.keys(reading, cast.acme, wanted, limit=200))
            assert matching(found, wanted) == in_sql, wanted
    assert matching(found, SimFilter(q="pump")) is None
    assert matching(found, having(tag="cold")) is None


def test_values_that_a_filter_holds_for_the_same_are_counted_together() -> None:
    found = [msgspec.structs.replace(KINDS[0], operator=name, sims=sims) for name, sims in SPELLINGS]
    assert facets(found, SimFilter())["operator"] == {"Orange": 7, "unknown": 2}
    assert matching(found, having(operator="oRANGE")) == 7
    chosen = next(one for one in fieldsets(having(operator="oRANGE"), [], facets(found, SimFilter())) if one.typed)
    assert [(one.value, one.chosen, one.sims) for one in chosen.choices] == [
        ("Orange", True, 7),
        ("unknown", False, 2),
    ]


@pytest.mark.one_edition
@pytest.mark.parametrize(
    ("query", "total"),
    [("operator=ORANGE", 2), ("operator=orange&rat=lte", 1), ("apn=IOT.1nce.net", 2), ("operator_not=oRaNge", 0)],
)
async def test_operators_radios_and_apns_are_found_in_any_case(
    db: Database, cast: Cast, web: Served, query: str, total: int
) -> None:
    async with db.transaction() as transaction:
        await add_sim(transaction, cast.acme, ADAS_SIM, operator="Orange", rat="LTE", apn="iot.1nce.net")
        await add_sim(transaction, cast.acme, ADAS_OTHER_SIM, operator="ORANGE", rat="NB-IoT", apn="iot.1NCE.net")
    async with web.program(cast.acme_key) as program, web.signed_in("vera") as vera:
        assert (await program.get(f"/sims?{query}")).json()["total"] == total
        page = (await vera.get(f"/sims?{query}")).text
        assert page.count('<tr id="sim-8988') == total


def some_filters() -> list[SimFilter]:
    """Generated ones, always the same."""
    filters: list[SimFilter] = [SimFilter()]

    @hypothesis.settings(max_examples=30, database=None, derandomize=True)
    @hypothesis.given(st.lists(CRITERIA, max_size=3, unique_by=lambda one: one.field))
    def note(criteria: list[Criterion]) -> None:
        filters.append(SimFilter(criteria=tuple(criteria)))

    note()
    return filters
