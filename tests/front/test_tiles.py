"""The figures of the overview: what is wrong comes first, each with its difference to fifteen minutes ago."""

from datetime import UTC, datetime, time, timedelta

import pytest
import sqlalchemy as sa
from msgspec import structs

from console.connectivity.reads import FleetSample
from console.connectivity.tables import fleet_samples
from console.connectivity.usual import Usual, usual
from console.pages import fleet_numbers
from console.pages.fleet_tiles import tiles
from console.sims.counts_reads import Counts
from console.store.database import Database
from tests.cast import ADAS_SIM, Cast, add_sim

NOW = datetime(2026, 3, 14, 12, 0, 30, tzinfo=UTC)
FOUND = {"total": 8, "online": 5, "attached": 2, "offline": 1, "blocked": 0, "quota_exhausted": 0, "quota_low": 2}


def test_figures_over_their_threshold_come_first() -> None:
    assert [tile.name for tile in tiles(FOUND, None)] == ["online", "offline", "blocked", "quota exhausted"]
    wrong = tiles({**FOUND, "blocked": 1, "quota_exhausted": 2}, None)
    assert [(tile.name, tile.over_threshold) for tile in wrong[:3]] == [
        ("blocked", True),
        ("quota exhausted", True),
        ("online", False),
    ]


def test_fewer_online_than_usual_at_this_hour_come_first() -> None:
    band = Usual(low=100, high=120, days=7)
    for online, first in ((97, True), (99, False), (130, False)):
        found = tiles(FOUND | {"online": online}, None, band)
        assert [tile.over_threshold for tile in found if tile.kind == "online"] == [first]
        assert [tile.usual for tile in found if tile.usual] == [band]


@pytest.mark.one_edition
async def test_the_usual_is_of_this_hour_of_the_days_before(db: Database, cast: Cast) -> None:
    none = dict.fromkeys(("attached", "offline", "blocked", "unknown"), 0)
    rows = [(1, 0, 90), (2, 20, 80), (2, 45, 10), (3, -25, 100), (0, 1, 5), (9, 0, 7)]
    for number, (days, minutes, online) in enumerate(rows):
        time = NOW - timedelta(days=days, minutes=minutes)
        row = {"organization_id": cast.acme, "time": time, "online": online, **none}
        async with db.engine.begin() as connection:
            await connection.execute(sa.insert(fleet_samples).values(row))
            found = await usual(connection, cast.acme, NOW)
        assert (found is not None) == (number >= 3)
    assert found == Usual(low=80, high=100, days=3)


@pytest.mark.one_edition
@pytest.mark.parametrize("clock", [time(0), time(0, 10), time(12), time(22, 45), time(23, 15), time(23, 59)])
async def test_days_make_the_usual_whatever_the_hour(db: Database, cast: Cast, clock: time) -> None:
    now = datetime.combine(NOW.date(), clock, UTC)
    known = {"organization_id": cast.acme, "online": 90, "attached": 0, "offline": 0, "blocked": 0, "unknown": 0}
    for day in (1, 2, 3):
        rows = [known | {"time": now - timedelta(days=day, minutes=minutes)} for minutes in (30, 0, -30)]
        async with db.engine.begin() as connection:
            await connection.execute(sa.insert(fleet_samples), rows)
            found = await usual(connection, cast.acme, now)
        assert (found.days if found else None) == (3 if day == 3 else None)


def test_a_difference_that_is_not_known_is_not_zero() -> None:
    before = FleetSample(time=NOW, online=8, attached=2, offline=0, blocked=0, unknown=0, exhausted=1)
    known = {tile.name: tile.difference for tile in tiles(FOUND, before)}
    assert known == {
        "online": -3,
        "offline": 1,
        "blocked": 0,
        "quota exhausted": -1,
    }
    assert {tile.difference for tile in tiles(FOUND, None)} == {None}
    older = structs.replace(before, exhausted=None)
    assert {tile.name for tile in tiles(FOUND, older) if tile.difference is None} == {"quota exhausted"}


def test_figures_are_compared_with_a_sample_that_knew_as_much() -> None:
    def found(unknown: int) -> Counts:
        return Counts(total=100, connection={"unknown": unknown}, status={}, quota={}, missing=0)

    half = FleetSample(time=NOW, online=60, attached=0, offline=0, blocked=0, unknown=40)
    assert fleet_numbers.comparable(half, found(36))
    assert not fleet_numbers.comparable(half, found(34))
    assert fleet_numbers.comparable(half, found(90))
    assert not fleet_numbers.comparable(structs.replace(half, online=30), found(40))


async def test_figures_are_compared_with_the_sample_of_fifteen_minutes_ago(db: Database, cast: Cast) -> None:
    async with db.transaction() as transaction:
        await add_sim(transaction, cast.acme, ADAS_SIM, connection="blocked")
    none = dict.fromkeys(("attached", "offline", "blocked", "unknown"), 0)
    for minutes, online in ((40, 90), (16, 70), (14, 80)):
        async with db.engine.begin() as writing:
            time = NOW.replace(second=0) - timedelta(minutes=minutes)
            await writing.execute(
                sa.insert(fleet_samples).values(organization_id=cast.acme, time=time, online=online, **none)
            )
    async with db.reading() as reading:
        found = (await fleet_numbers.fleet(reading, cast.acme, NOW))["counts"]
        later = (await fleet_numbers.fleet(reading, cast.acme, NOW + timedelta(hours=3)))["counts"]
    assert (found["tiles"][0].name, found["tiles"][0].difference) == ("blocked", 1)
    assert {tile.name: tile.difference for tile in found["tiles"]}["online"] == found["online"] - 70
    assert {tile.difference for tile in later["tiles"]} == {None}
