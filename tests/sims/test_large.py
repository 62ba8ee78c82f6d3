"""What keeps lists of a large fleet cheap: counts that the database keeps, orders of indexes, memory of walks."""

import random
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from console.quotas.writes import COMPARE, keep_days_left, record_quotas
from console.sims import reads
from console.sims.filter_parameters import read_filter
from console.sims.rules import SimFilter, without_excluded
from console.sims.watching_writes import unwatch
from console.store.database import Database
from jobs.polling.met import MetSims
from tests.cast import Cast, add_sim

pytestmark = pytest.mark.one_edition
FLEET = [f"89882280669{number:08d}" for number in range(30)]
MB = 1 << 20
NOW = datetime.now(UTC)
ANNOTATED = """
INSERT INTO sim_annotations (organization_id, iccid, tags, custom_fields, edited_at, edited_by)
VALUES (:o, :i, :t, jsonb_build_object('site', CAST(:s AS text)), now(), 'ada')
"""
FILTERS = (
    "label_not=pump",
    "label=has",
    "label=none",
    "label=has&rat_not=LTE",
    "tag_not=north",
    "tag_not=north&tag_not=south",
    "field.site_not=Berlin",
    "label_not=pump&field.site_not=Berlin",
    "label_not=pump&field.site_not=Berlin&tag_not=north",
    "days_left=exhausted",
    "days_left=unmeasured",
    "days_left=unknown",
    "days_left=7",
    "days_left=exhausted&days_left=unmeasured&days_left=unknown",
    "days_left_not=exhausted",
    "days_left_not=unknown",
    "days_left_not=unmeasured&label_not=pump",
)


async def fleet(db: Database, cast: Cast) -> None:
    """SIMs with and without labels, tags, fields and quotas; one is not watched."""
    chance = random.Random(7)
    async with db.transaction() as transaction:
        for number, iccid in enumerate(FLEET):
            label = chance.choice([None, "pump-1", "valve-2"])
            await add_sim(transaction, cast.acme, iccid, label=label, rat=chance.choice(["LTE", "2G"]))
            tags, site = (
                chance.choice([["north"], ["south"], ["north", "south"], []]),
                chance.choice(["Berlin", "Rome"]),
            )
            await transaction.connection.execute(
                sa.text(ANNOTATED),
                {"o": cast.acme, "i": iccid, "t": tags, "s": site},
            )
            if number % 4:
                left = 0 if number % 5 == 0 else 50 * MB
                row = {**dict.fromkeys(COMPARE), "iccid": iccid, "service": "data", "status": "active"}
                row |= {"left": left, "total": 500 * MB, "accumulated": 500 * MB}
                await record_quotas(transaction, cast.acme, [row], NOW, streamer_alive=True)
        await unwatch(transaction, cast.acme, FLEET[1], cast.ada.name, NOW)


def asked(query: str) -> SimFilter:
    """The filter of an address."""
    return read_filter([(name, value) for name, _, value in (one.partition("=") for one in query.split("&"))])


@pytest.mark.parametrize("query", FILTERS)
async def test_a_list_is_as_long_as_it_says(db: Database, cast: Cast, query: str) -> None:
    await fleet(db, cast)
    async with db.snapshot() as reading:
        rows = await reads.rows(reading, cast.acme, asked(query), limit=100)
        assert await reads.count(reading, cast.acme, asked(query)) == len(rows)


async def test_bands_that_do_not_add_up_are_counted_sim_by_sim(db: Database, cast: Cast) -> None:
    await fleet(db, cast)
    async with db.transaction() as transaction:  # as a version that knows no rank
        await transaction.connection.execute(sa.text("UPDATE sim_days_left SET rank = NULL"))
    for query in ("days_left=unmeasured", "days_left_not=exhausted"):
        async with db.snapshot() as reading:
            rows = await reads.rows(reading, cast.acme, asked(query), limit=100)
            assert await reads.count(reading, cast.acme, asked(query)) == len(rows)
    async with db.transaction() as transaction:
        await keep_days_left(transaction, cast.acme, FLEET)


def test_what_few_are_left_out_of_is_counted_by_these() -> None:
    found = without_excluded(asked("label_not=pump"))
    assert found is not None
    assert found == (SimFilter(), asked("label=pump"))
    assert without_excluded(asked("rat=LTE&label_not=pump")) == (asked("rat=LTE"), asked("rat=LTE&label=pump"))
    for query in ("tag_not=north&tag_not=south", "label=pump", "status_not=disabled", "label_not=a&tag_not=b"):
        assert without_excluded(asked(query)) is None


def test_the_question_for_a_number_grows_with_the_filters_and_no_faster() -> None:
    def length(filters: int) -> int:
        query = "&".join(f"field.f{number}_not=x" for number in range(filters))
        return len(str(reads.number(1, asked(query))))

    assert length(20) - length(10) <= 1.1 * (length(12) - length(2))


@pytest.mark.parametrize(
    ("sort", "index"),
    [
        ("status", "sims_status_idx"),
        ("-operator", "sims_operator_idx"),
        ("rat", "sims_rat_idx"),
        ("connection", "sims_connected_idx"),
    ],
)
async def test_a_column_is_read_in_the_order_of_its_index(db: Database, cast: Cast, sort: str, index: str) -> None:
    await fleet(db, cast)
    column, way = sort.removeprefix("-"), "DESC" if sort.startswith("-") else "ASC"
    where = f"organization_id = :o AND {column} IS NOT NULL"
    query = f"SELECT iccid FROM sim_states WHERE {where} ORDER BY {column} {way}, iccid {way} LIMIT 5"
    async with db.snapshot() as reading:
        for setting in ("enable_seqscan", "enable_sort", "enable_bitmapscan", "enable_incremental_sort"):
            await reading.execute(sa.text(f"SET LOCAL {setting} = off"))
        plan = (await reading.execute(sa.text(f"EXPLAIN {query}"), {"o": cast.acme})).scalars().all()
    assert any(index in line for line in plan), plan


def test_a_walk_knows_whom_it_has_met() -> None:
    met = MetSims()
    assert FLEET[0] not in met
    met.add(FLEET[5:1:-1])
    met.add(FLEET[2:4])
    assert [one in met for one in FLEET[:7]] == [False, False, True, True, True, True, False]
    met.add([FLEET[0]])
    assert FLEET[0] in met
