"""The figures of the overview: what is wrong comes first, each with its difference to fifteen minutes ago."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from msgspec import structs

from console.connectivity.reads import FleetSample
from console.connectivity.tables import fleet_samples
from console.pages import fleet_numbers
from console.sims.counts.reads import Counts
from console.store.database import Database
from tests.cast import ADAS_SIM, Cast, add_sim

NOW = datetime(2026, 3, 14, 12, 0, 30, tzinfo=UTC)
FOUND = {"online": 5, "attached": 2, "offline": 1, "blocked": 0, "unknown": 0, "quota_exhausted": 0}


def test_figures_over_their_threshold_come_first() -> None:
    assert [tile.name for tile in fleet_numbers.tiles(FOUND, None)][:2] == ["online", "attached"]
    wrong = fleet_numbers.tiles({**FOUND, "blocked": 1, "quota_exhausted": 2}, None)
    assert [(tile.name, tile.alarm) for tile in wrong[:3]] == [
        ("blocked", True),
        ("quota exhausted", True),
        ("online", False),
    ]


def test_a_difference_that_is_not_known_is_not_zero() -> None:
    before = FleetSample(time=NOW, online=8, attached=2, offline=0, blocked=0, unknown=0, exhausted=1)
    known = {tile.name: tile.difference for tile in fleet_numbers.tiles(FOUND, before)}
    assert known == {
        "online": -3,
        "attached": 0,
        "offline": 1,
        "blocked": 0,
        "unknown": 0,
        "quota exhausted": -1,
    }
    assert {tile.difference for tile in fleet_numbers.tiles(FOUND, None)} == {None}
    older = structs.replace(before, exhausted=None)
    assert {tile.name for tile in fleet_numbers.tiles(FOUND, older) if tile.difference is None} == {"quota exhausted"}


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
