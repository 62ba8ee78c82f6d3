"""The overview says where SIMs went offline: the greatest loss first, each line a link to the list that it counts."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
import sqlalchemy as sa

from console.connectivity.tables import operator_samples
from console.connectivity.writes import sample_fleet
from console.pages import fleet_chart, fleet_numbers
from console.pages.fleet_places import MOST_LINES, Line
from console.sims import reads
from console.sims.rules import SimFilter, having
from console.sims.tables import sims
from console.store.database import Database
from tests.cast import Cast, add_sim

pytestmark = pytest.mark.one_edition
NOW = datetime.now(UTC)
BEFORE = NOW.replace(second=0, microsecond=0) - timedelta(minutes=16)


async def put_sims(db: Database, cast: Cast, where: list[tuple[str | None, str | None, str]]) -> None:
    async with db.transaction() as transaction:
        for number, (operator, country, connection) in enumerate(where):
            iccid = f"8988228066610000{number:03d}"
            await add_sim(
                transaction, cast.acme, iccid, operator=operator, country=country, connection=connection, rat="LTE"
            )


async def shown(db: Database, cast: Cast, by: str) -> list[tuple[str | None, str | None, int, int, int | None]]:
    async with db.reading() as reading:
        found = (await fleet_numbers.fleet(reading, cast.acme, NOW))[f"by_{by}"]
        for line in found.lines:
            total = await reads.count(reading, cast.acme, having(**dict(parse_qsl(urlsplit(line.href).query))))
            assert total == line.sims, line
    return [(line.operator, line.country, line.sims, line.online, line.difference) for line in found.lines]


async def test_the_greatest_loss_comes_first_and_each_line_leads_to_its_sims(db: Database, cast: Cast) -> None:
    await put_sims(
        db, cast, [("A", "PL", "online"), ("B & C", "ES", "online"), ("B & C", "ES", "online"), (None, None, "online")]
    )
    assert {line[4] for line in await shown(db, cast, "operator")} == {None}
    async with db.transaction() as transaction:
        await sample_fleet(transaction, cast.acme, BEFORE)
    await put_sims(db, cast, [("A", "PL", "offline"), ("B & C", "ES", "offline"), ("D", "ES", "online")])
    assert await shown(db, cast, "operator") == [
        ("B & C", "ES", 1, 0, -2),
        ("A", "PL", 1, 0, -1),
        (None, None, 1, 1, 0),
        (None, "DE", 1, 1, 0),
        (None, "FR", 1, 0, 0),
        ("D", "ES", 1, 1, 1),
    ]
    assert (await shown(db, cast, "country"))[:2] == [(None, "ES", 2, 1, -1), (None, "PL", 1, 0, -1)]


async def test_a_place_that_all_have_left_is_still_a_loss(db: Database, cast: Cast) -> None:
    await put_sims(db, cast, [("A", "PL", "online")])
    async with db.transaction() as transaction:
        await sample_fleet(transaction, cast.acme, BEFORE)
    await put_sims(db, cast, [("A", "CZ", "online")])
    assert (await shown(db, cast, "operator"))[0] == ("A", "PL", 0, 0, -1)


async def test_of_many_places_the_others_are_one_line_and_none_is_lost(db: Database, cast: Cast) -> None:
    await put_sims(db, cast, [(f"Operator {number}", "DE", "online") for number in range(MOST_LINES + 5)])
    async with db.reading() as reading:
        found = (await fleet_numbers.fleet(reading, cast.acme, NOW))["by_operator"]
        total = await reads.count(reading, cast.acme, SimFilter())
    assert len(found.lines) == MOST_LINES
    assert isinstance(found.rest, Line)
    assert sum(line.sims for line in found.lines) + found.rest.sims == total
    assert found.others == 7  # with the two countries of the cast's SIMs


async def test_a_sample_from_before_the_first_statuses_is_compared_with_nothing(db: Database, cast: Cast) -> None:
    async with db.transaction() as transaction:
        await transaction.connection.execute(sa.update(sims).values(connection=None, operator=None))
        await sample_fleet(transaction, cast.acme, BEFORE)
    await put_sims(db, cast, [("A", "PL", "online")])
    async with db.transaction() as transaction:
        await transaction.connection.execute(sa.update(sims).values(connection="online", operator="A", country="PL"))
        await sample_fleet(transaction, cast.acme, BEFORE + timedelta(minutes=10))
    async with db.reading() as reading:
        fleet = await fleet_numbers.fleet(reading, cast.acme, NOW)
        chart = await fleet_chart.fleet_chart(reading, cast.acme, NOW, fleet_chart.SPANS["1h"])
    assert {tile.difference for tile in fleet["counts"]["tiles"]} == {None}
    assert {line.difference for line in fleet["by_operator"].lines} == {None}
    assert [number for number in chart.online if number is not None] == [fleet["counts"]["online"]]


async def test_samples_of_operators_are_kept_for_a_day(db: Database, cast: Cast) -> None:
    for minute in (BEFORE - timedelta(days=1, minutes=1), BEFORE - timedelta(hours=23), BEFORE):
        async with db.transaction() as transaction:
            await sample_fleet(transaction, cast.acme, minute)
    async with db.reading() as reading:
        times = set((await reading.execute(sa.select(operator_samples.c.time))).scalars())
    assert times == {BEFORE - timedelta(hours=23), BEFORE}
