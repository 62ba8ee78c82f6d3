"""Where a SIM stands in a list, and its neighbours: as the list itself says, whatever it is sorted and filtered by."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest

from console.connectivity.writes import record_statuses
from console.sims import neighbours as standing
from console.sims import reads, writes
from console.sims.annotations_rules import AnnotationChanges
from console.sims.annotations_writes import annotate
from console.sims.filter_parameters import read_filter
from console.sims.neighbours import neighbours
from console.sims.rules import SimFilter, parse_sort
from console.store.database import Database
from tests.cast import ADAS_SIM, EVES_SIM, Cast, listed, placed
from tests.serving import Served

pytestmark = pytest.mark.one_edition
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
ICCIDS = [f"89882280667{number:08d}" for number in range(11)]


async def fill(db: Database, cast: Cast) -> None:
    seen = [NOW - timedelta(hours=number % 4) if number % 5 else None for number in range(len(ICCIDS))]
    rows = [
        placed(iccid, NOW, country=("DE", "FR", None)[n % 3], operator=("A", None)[n % 2], last_seen_at=seen[n])
        for n, iccid in enumerate(ICCIDS)
    ]
    labels = [listed(iccid, label=f"Pump-{n % 6}" if n % 4 else None) for n, iccid in enumerate(ICCIDS)]
    async with db.transaction() as transaction:
        await writes.record_inventory(transaction, cast.acme, labels, NOW)
        await record_statuses(transaction, cast.acme, rows, NOW, "poll")
        for number, iccid in enumerate(ICCIDS[:9]):
            changes = AnnotationChanges(tags=["a", "b"][: number % 3], custom_fields={"site": f"s{number % 2}"})
            await annotate(transaction, cast.acme, iccid, changes, "ada", NOW)


@pytest.mark.parametrize("query", ["", "q=pump", "q=pump&country_not=DE"])
async def test_every_sim_stands_where_the_list_has_it(db: Database, cast: Cast, query: str) -> None:
    await fill(db, cast)
    parameters = parse_qsl(query)
    wanted = read_filter(parameters, dict(parameters).get("q", ""))
    sorts = (
        "-iccid",
        "label",
        "country,-label",
        "-operator,country",
        "-last_seen_at",
        "tags,-label",
        "data_left_bytes",
    )
    async with db.reading() as connection:
        for text in sorts:
            sort = parse_sort(text)
            found = await reads.rows(connection, cast.acme, wanted, sort=sort, limit=50)
            assert len(found) > 2
            iccids = [None, *(sim.iccid for sim in found), None]
            for number, sim in enumerate(found, 1):
                place = await neighbours(connection, cast.acme, wanted, sort=sort, sim=sim)
                expected = (len(found), True, number, iccids[number - 1], iccids[number + 1])
                assert (place.total, place.is_listed, place.number, place.previous, place.next) == expected, text


async def test_a_sim_that_no_longer_matches_stands_between_those_that_do(db: Database, cast: Cast) -> None:
    await fill(db, cast)
    wanted = read_filter([("country", "DE")])
    async with db.reading() as connection:
        other = await reads.one(connection, cast.acme, ICCIDS[1])
        assert other is not None
        place = await neighbours(connection, cast.acme, wanted, sort=(), sim=other)
    assert (place.is_listed, place.number, place.previous, place.next) == (False, None, ICCIDS[0], ICCIDS[3])


async def test_no_more_sims_are_counted_than_the_bound(
    db: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(db, cast)
    monkeypatch.setattr(standing, "MOST_COUNTED", 5)
    async with db.reading() as connection:
        found = await reads.rows(connection, cast.acme, SimFilter(), sort=parse_sort("-last_seen_at"), limit=50)
        places = [
            await neighbours(connection, cast.acme, SimFilter(), sort=parse_sort("-last_seen_at"), sim=sim)
            for sim in found
        ]
    assert [place.number for place in places] == [1, 2, 3, 4, 5, *[None] * (len(found) - 5)]
    assert [place.next for place in places] == [sim.iccid for sim in found[1:]] + [None]


async def test_pages_name_their_list_and_what_it_can_t_be(web: Served, db: Database, cast: Cast) -> None:
    await fill(db, cast)
    async with web.signed_in("vera") as vera:
        for path in (f"/sims/{ICCIDS[3]}", f"/sims/{ICCIDS[3]}/place"):
            page = (await vera.get(path, params={"list": "country=DE&page_size=25&page=7"})).text
            assert '<strong data-watch="place">3</strong> of 5' in page
            assert "Country is DE" in page
            assert 'href="/sims?country=DE&amp;page_size=25" data-list-back' in page, "the page where it stands"
            assert f"/sims/{ICCIDS[6]}?list=country%3DDE" in page
        plain = (await vera.get(f"/sims/{ICCIDS[3]}")).text
        assert ("data-step" in plain, "data-place" in plain) == (False, False)
        strange = (await vera.get(f"/sims/{ADAS_SIM}", params={"list": "tag=a%3Bb&page=x&sort=size"})).text
        assert ("can't hold" in strange or "A tag" in strange, "data-step" in strange) == (True, False)
        odd = await vera.get(f"/sims/{ADAS_SIM}", params={"list": "&&=;%00%ff&page_size=1e9&x=y"})
        assert odd.status_code == 200
        assert (await vera.get(f"/sims/{ADAS_SIM}", params={"list": "a" * 30_000})).status_code == 400
        assert (await vera.get(f"/sims/{EVES_SIM}/place", params={"list": ""})).status_code == 404
