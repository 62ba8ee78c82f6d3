"""Filters with several values, exclusions, tags and custom fields agree with a predicate written without SQL."""

import html
import re
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio

from console.connectivity.writes import record_statuses
from console.sims.annotations_rules import AnnotationChanges
from console.sims.annotations_writes import annotate
from console.sims.filter_parameters import FilterRefused, parameters_of, read_filter
from console.sims.writes import record_inventory
from console.store.database import Database
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, Cast, listed, placed
from tests.serving import Served

pytestmark = pytest.mark.one_edition
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
FLEET = [f"89882280667{number:08d}" for number in range(12)]
EVERYBODY = sorted([*FLEET, ADAS_SIM, ADAS_OTHER_SIM])
SITES = ("Berlin", "Paris", None)
TAGS: tuple[list[str], ...] = (["pump"], ["pump", "cold"], [])
ASKED = [
    "country=DE&country=FR",
    "country_not=DE",
    "country_not=DE&country_not=unknown",
    "country=DE&country=unknown&connection_not=online",
    "connection_not=unknown&connection_not=online",
    "country=DE&country_not=DE",
    "operator=Telekom, Inc.&operator=Orange",
    "label=none&label=meter",
    "label_not=has",
    "label_not=meter",
    "tag=pump&tag=cold",
    "tag_not=cold",
    "field.site=Berlin&field.site=Paris",
    "field.site_not=Berlin",
    "field.site=Berlin&field.site_not=Paris&tag=pump&country_not=unknown",
    "quota_not=unknown",
]


def asked(text: str) -> list[tuple[str, str]]:
    return [(name, value) for name, _, value in (one.partition("=") for one in text.split("&"))]


def meets(sim: dict[str, Any], name: str, values: set[str]) -> bool:
    """What the filter means, said without SQL."""
    field = name.removesuffix("_not")
    if field == "tag":
        found = values <= set(sim["tags"]) if name == field else bool(values & set(sim["tags"]))
    elif field.startswith("field."):
        found = sim["custom_fields"].get(field.removeprefix("field.")) in values
    elif field == "label":
        label = sim["label"]
        found = any(
            label is None if value == "none" else label is not None and (value == "has" or label.startswith(value))
            for value in values
        )
    else:
        found = (sim["data_quota" if field == "quota" else field] or "unknown") in values
    return found == (name == field)


@pytest_asyncio.fixture
async def fleet(db: Database, cast: Cast) -> Cast:
    """A dozen SIMs that differ in what can be filtered by."""
    rows = [
        placed(
            iccid,
            NOW,
            connection=("online", "offline", None)[number % 3],
            country=("DE", "FR", "ES", None)[number % 4],
            operator=("Telekom, Inc.", "Orange", None)[number % 3],
        )
        for number, iccid in enumerate(FLEET)
    ]
    inventory = [listed(iccid, label=f"meter {n}" if n % 2 else None) for n, iccid in enumerate(FLEET)]
    async with db.transaction() as transaction:
        await record_inventory(transaction, cast.acme, inventory, NOW)
        await record_statuses(transaction, cast.acme, rows, NOW, "poll")
        for number, iccid in enumerate(FLEET):
            fields: dict[str, str | None] = {"site": SITES[number % 3]}
            changes = AnnotationChanges(tags=TAGS[number // 4], custom_fields=fields)
            await annotate(transaction, cast.acme, iccid, changes, "ada", NOW)
    return cast


async def test_the_api_and_the_page_find_what_was_asked_for(web: Served, fleet: Cast) -> None:
    async with web.program(fleet.acme_key) as ada, web.signed_in("vera") as vera:
        everything = (await ada.get("/sims", params={"page_size": 500})).json()["items"]
        for number, text in enumerate(ASKED):
            parameters: Any = asked(text)
            grouped = {name: {value for other, value in parameters if other == name} for name, _ in parameters}
            expected = [one["iccid"] for one in everything if all(meets(one, *each) for each in grouped.items())]
            answer = (await ada.get("/sims", params=[*parameters, ("page_size", "500")])).json()
            assert [one["iccid"] for one in answer["items"]] == expected, text
            assert answer["total"] == len(expected), text
            shown = await vera.post(
                "/sims/waiting", params=parameters, json={"shown": expected, "total": len(expected)}
            )
            assert (shown.json()["total"], shown.json()["left"]) == (len(expected), []), text
            if number % 4 == 0:
                page = (await vera.get("/sims", params=parameters)).text
                assert [iccid for iccid in EVERYBODY if f'id="sim-{iccid}"' in page] == expected, text
        for wrong in ({"contry_not": "DE"}, {"site": "Berlin"}, {"field.": "x"}, {"quota": ["low", "nothing"]}):
            assert (await ada.get("/sims", params=wrong)).status_code == 422, wrong
        assert (await ada.get("/sims", params={"country": [str(n) for n in range(51)]})).status_code == 422


async def test_lists_are_sorted_by_tags_and_custom_fields_and_walked_by_cursor(web: Served, fleet: Cast) -> None:
    async with web.program(fleet.acme_key) as ada:
        for sort in ("field.site,-label", "-field.site", "tags", "-tags,field.site", "field.nobody_has_it"):
            whole = (await ada.get("/sims", params={"sort": sort, "page_size": 500})).json()["items"]
            walked, cursor = list[str](), ""
            while cursor is not None:
                part = (await ada.get("/sims", params={"sort": sort, "page_size": 5, "cursor": cursor})).json()
                walked += [one["iccid"] for one in part["items"]]
                cursor = part["next_cursor"]
            assert walked == [one["iccid"] for one in whole], sort
            assert len(walked) == 14
        sites = [one["custom_fields"].get("site") for one in whole_of(await ada.get("/sims?sort=-field.site"))]
        assert sites == ["Paris"] * 4 + ["Berlin"] * 4 + [None] * 6
        tags = [one["tags"] for one in whole_of(await ada.get("/sims?sort=tags"))]
        assert tags == [["cold", "pump"]] * 4 + [["pump"]] * 4 + [[]] * 6
        assert (await ada.get("/sims?sort=field.1x")).status_code == 422
        assert (await ada.get("/sims?sort=site")).status_code == 422


def whole_of(answer: Any) -> Any:
    return answer.json()["items"]


async def test_the_page_says_what_it_is_filtered_by_and_leads_to_less_and_to_the_opposite(
    web: Served, fleet: Cast
) -> None:
    async with web.signed_in("vera") as vera:
        text = (await vera.get("/sims?country=DE&country=XX&connection_not=online&field.site=Berlin&sort=label")).text
        links = {
            name: html.unescape(href)
            for href, name in re.findall(r'<a href="([^"]+)"\s+hx-get="[^"]+"\s+aria-label="([^"]+)"', text)
        }
        assert links == {
            "Connection is not: change to is": (
                "/sims?sort=label&connection=online&country=DE&country=XX&field.site=Berlin"
            ),
            "Remove Connection is not online": "/sims?sort=label&country=DE&country=XX&field.site=Berlin",
            "Country is: change to is not": (
                "/sims?sort=label&connection_not=online&country_not=DE&country_not=XX&field.site=Berlin"
            ),
            "Remove Country is DE": "/sims?sort=label&connection_not=online&country=XX&field.site=Berlin",
            "Remove Country is XX": "/sims?sort=label&connection_not=online&country=DE&field.site=Berlin",
            "Site is: change to is not": (
                "/sims?sort=label&connection_not=online&country=DE&country=XX&field.site_not=Berlin"
            ),
            "Remove Site is Berlin": "/sims?sort=label&connection_not=online&country=DE&country=XX",
        }
        assert text.count("(unknown value)") == 2  # in the chip, and among the choices
        ticked = re.findall(r'name="([^"]+)"\s+value="([^"]*)"\s+form="sims-filter"\s+checked', text)
        assert ticked == [
            ("connection_not", "online"), ("country", "DE"), ("country", "XX"), ("field.site", "Berlin"),
        ]  # fmt: skip
        assert "Nothing was searched for" in (await vera.get("/sims?field.1x=y")).text


def test_parameters_survive_being_read_and_written() -> None:
    for text in ASKED:
        once = parameters_of(read_filter(asked(text)))
        assert sorted(once) == sorted(asked(text))
        assert read_filter(once) == read_filter(asked(text))


@pytest.mark.parametrize(
    ("field", "written", "value"),
    [
        ("country", " \uff4e\uff4c ", "NL"),
        ("country", "Unknown", "unknown"),
        ("operator", " UNKNOWN", "unknown"),
        ("rat", "Unknown", "unknown"),
        ("apn", "Unknown", "unknown"),
        ("connection", "\uff2fnline ", "online"),
        ("label", " HAS", "has"),
        ("label", "None", "none"),
        ("label", "Has it", "Has it"),
    ],
)
def test_a_value_is_read_in_every_spelling(field: str, written: str, value: str) -> None:
    assert parameters_of(read_filter([(field, written)])) == [(field, value)]


@pytest.mark.parametrize("wrong", [("tag", "a;b"), ("field.1x", "y"), ("field.site", "a\0b"), ("country", "x" * 201)])
def test_what_no_sim_can_have_is_refused(wrong: tuple[str, str]) -> None:
    with pytest.raises(FilterRefused):
        read_filter([wrong])


def test_too_many_filters_at_once_are_refused() -> None:
    with pytest.raises(FilterRefused):
        read_filter((f"field.a{number}", "x") for number in range(21))
