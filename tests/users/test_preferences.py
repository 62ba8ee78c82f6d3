"""How the console is shown to a user is theirs: on every page and in files for spreadsheets, and nobody else's."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from console.organizations.preferences import DENSITIES, NUMBER_FORMATS, SIM_COLUMNS, WEEK_STARTS
from console.pages.navigation import PAGES
from console.store.database import Database
from console.users.preferences import START_PAGES
from tests.cast import ADAS_SIM, Cast, add_sim
from tests.serving import Served

pytestmark = pytest.mark.one_edition
FORM, LIST = "/settings/preferences", "/settings/sim-list"
ODD = ["x", "\0x", "Monday", "1.234.5", "/evil", "//evil.example", "x" * 5_000]


@pytest.mark.parametrize("name", ["week_start", "number_format", "density", "start_page", "sim_columns"])
async def test_only_what_there_is_can_be_chosen(web: Served, cast: Cast, name: str) -> None:
    async with web.signed_in("ada") as ada:
        before = (await ada.get("/settings")).text.split("<head")[0]
        for value in ODD:
            assert (await ada.post(FORM, data={name: value})).status_code == 422, value[:20]
        assert (await ada.post(LIST, data={name: ODD[1]})).status_code == 422
        assert (await ada.get("/settings")).text.split("<head")[0] == before


async def test_one_choice_leaves_the_others_and_other_users_alone(web: Served, cast: Cast) -> None:
    async with web.signed_in("ada") as ada, web.signed_in("vera") as vera:
        assert (await ada.post(FORM, data={"zone": "Asia/Kathmandu", "number_format": "1.234,5"})).status_code == 303
        assert (await ada.post(LIST, data={"density": "compact"})).status_code == 204
        head = (await ada.get("/settings")).text.split("<head")[0]
        assert 'data-own-zone="Asia/Kathmandu"' in head
        assert 'data-numbers=".,"' in head
        assert 'data-density="compact"' in head
        assert 'data-own-zone="UTC"' in (await vera.get("/settings")).text
        lines = (await ada.get("/audit?action=account.change_preferences")).text
        assert lines.count("Change how the console is shown to oneself") >= 2


@pytest.mark.parametrize("kept", DENSITIES)
async def test_a_preference_that_is_the_same_is_no_change(web: Served, cast: Cast, kept: str) -> None:
    async with web.signed_in("ada") as ada:
        for _ in range(2):
            assert (await ada.post(LIST, data={"density": kept})).status_code == 204


async def test_columns_are_kept_in_their_order_each_once_and_never_without_the_label(web: Served, cast: Cast) -> None:
    order = [*SIM_COLUMNS[:2], *("-" + name for name in SIM_COLUMNS[:1:-1])]
    async with web.signed_in("ada") as ada:
        assert (await ada.post(LIST, data={"sim_columns": " ".join(order)})).status_code == 204
        assert f'data-columns="{" ".join(order)}"' in (await ada.get("/sims")).text
        for wrong in (order[1:], [*order, "rat"], ["-label", *order[1:]], [*order[:-1], "evil"]):
            assert (await ada.post(LIST, data={"sim_columns": " ".join(wrong)})).status_code == 422, wrong


async def test_who_signs_in_begins_with_the_page_that_they_have_chosen(web: Served, cast: Cast) -> None:
    assert {one.path for one in PAGES} >= set(START_PAGES)
    async with web.signed_in("vera") as vera:
        assert (await vera.get("/start")).headers["location"] == "/"
        await vera.post(FORM, data={"start_page": "/sims"})
        assert (await vera.get("/start")).headers["location"] == "/sims"
        assert (await vera.get("/sign-in?next=/")).headers["location"] == "/start"
        assert (await vera.get("/sign-in?next=/usage")).headers["location"] == "/usage"


@pytest.mark.parametrize("number_format", NUMBER_FORMATS)
async def test_numbers_and_times_of_a_page_are_as_its_reader_has_them(
    web: Served, db: Database, cast: Cast, number_format: str
) -> None:
    seen = datetime.now(UTC).replace(hour=23, minute=30, second=0, microsecond=0) - timedelta(days=40)
    async with db.transaction() as transaction:
        await add_sim(transaction, cast.acme, ADAS_SIM, connection="online", session_started_at=seen)
    tenths = NUMBER_FORMATS[number_format][1]
    async with web.signed_in("ada") as ada, web.signed_in("vera") as vera:
        await ada.post(FORM, data={"number_format": number_format, "zone": "Europe/Berlin"})
        page = (await ada.get(f"/sims/{ADAS_SIM}")).text
        there = seen.astimezone(ZoneInfo("Europe/Berlin"))
        assert f"{there:%-d %b %H:%M}" in page, "the next day in Berlin"
        assert f"{tenths}0 %" in (await ada.get("/")).text
        assert ".0 %" in (await vera.get("/")).text
        assert f"{seen:%-d %b} 23:30" in (await vera.get(f"/sims/{ADAS_SIM}")).text


@pytest.mark.parametrize("week_start", WEEK_STARTS)
async def test_the_heat_of_the_week_begins_with_the_reader_s_day_on_the_page_and_in_its_file(
    web: Served, cast: Cast, week_start: str
) -> None:
    async with web.signed_in("ada") as ada:
        await ada.post(FORM, data={"week_start": week_start, "zone": "Asia/Tokyo", "number_format": "1.234,5"})
        page = (await ada.get("/usage")).text
        heat = page[page.index('class="heat"') :]
        days = re.findall(r'<th scope="row">(\w+)</th>', heat)
        assert (days[0], len(days)) == (week_start[:3].capitalize(), 7)
        assert "Hours of the week, Asia/Tokyo" in page
        file = (await ada.get("/usage.csv?table=hours")).text.removeprefix("\ufeff")
        rows = list(csv.reader(io.StringIO(file), delimiter=";"))
        assert [row[0] for row in rows] == ["weekday (Asia/Tokyo)", *days]


async def test_a_spreadsheet_has_the_reader_s_zone_and_marks_and_a_file_for_programs_has_not(
    web: Served, db: Database, cast: Cast
) -> None:
    async with db.transaction() as transaction:
        await add_sim(transaction, cast.acme, ADAS_SIM, last_seen_at=datetime(2026, 11, 20, 23, 30, tzinfo=UTC))
    async with web.signed_in("ada") as ada:
        await ada.post(FORM, data={"number_format": "1.234,5", "zone": "Asia/Kathmandu"})
        sheet = (await ada.get("/sims/export")).text.removeprefix("\ufeff")
        row = next(csv.DictReader(io.StringIO(sheet), delimiter=";"))
        assert row["last_seen_at"] == "2026-11-21T05:15:00+05:45"
        plain = next(csv.DictReader(io.StringIO((await ada.get("/sims/export?format=csv")).text)))
        assert plain["last_seen_at"] == "2026-11-20T23:30:00Z"
