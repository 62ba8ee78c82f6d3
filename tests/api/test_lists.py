"""Lists: pages that agree with their counts, walks that meet everything once, filters and searches that mean it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from console.api_keys.writes import put_key
from console.connectivity.writes import record_statuses
from console.organizations.rules import Permission
from console.sims.annotations_rules import AnnotationChanges
from console.sims.annotations_writes import annotate
from console.sims.rules import SORTS
from console.sims.watching_writes import unwatch
from console.sims.writes import record_inventory
from console.store.database import Database
from console.store.keyset import Cursor
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, EVES_SIM, Cast, listed, placed
from tests.serving import Served

pytestmark = pytest.mark.one_edition
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
FLEET = [f"89882280667{number:08d}" for number in range(22)]
LABELS = ["100%", "100 percent", "a_b", "axb", "O'Neil", 'say "hi"', "Zürich", "水泵", "back\\slash", None]


@pytest_asyncio.fixture
async def ties(db: Database, cast: Cast) -> Cast:
    """Two dozen SIMs, with the same values again and again, and with none."""
    statuses = [
        placed(
            iccid,
            NOW,
            connection=("online", "attached", None)[n % 3],
            country=("DE", None)[n % 2],
            operator=("Telekom", "Orange", None)[n % 3],
            rat=("LTE", None)[n % 2],
            last_seen_at=NOW - timedelta(hours=n % 4) if n % 5 else None,
        )
        for n, iccid in enumerate(FLEET)
    ]
    inventory = [
        listed(iccid, label=LABELS[n % 10], status=("enabled", "disabled", None)[n % 3], imsi=f"90140510{n:07d}")
        for n, iccid in enumerate(FLEET)
    ]
    async with db.transaction() as transaction:
        await record_inventory(transaction, cast.acme, inventory, NOW)
        await record_statuses(transaction, cast.acme, statuses, NOW, "poll")
    return cast


async def asked(program: httpx.AsyncClient, path: str, **query: Any) -> dict[str, Any]:
    answer = await program.get(path, params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def walk(program: httpx.AsyncClient, **query: Any) -> list[dict[str, Any]]:
    """Every page of the list of SIMs, by its cursors."""
    pages = [await asked(program, "/sims", **query)]
    while pages[-1]["next_cursor"] is not None:
        pages.append(await asked(program, "/sims", **query, cursor=pages[-1]["next_cursor"]))
        assert len(pages) < 100
    return pages


async def test_a_walk_in_any_order_meets_every_sim_once_and_its_counts_agree(web: Served, ties: Cast) -> None:
    orders = [sign + field for field in SORTS for sign in ("", "-")]
    orders += ["country,-label", "-connection,operator", "rat,country,status,-last_seen_at", ""]
    async with web.program(ties.acme_key) as ada:
        for order in orders:
            whole = [sim["iccid"] for sim in (await asked(ada, "/sims", sort=order, page_size=500))["items"]]
            pages = await walk(ada, sort=order, page_size=13)
            walked = [sim["iccid"] for page in pages for sim in page["items"]]
            assert walked == whole, order
            assert sorted(walked) == sorted([*FLEET, ADAS_SIM, ADAS_OTHER_SIM]), order
            assert {(page["total"], page["pages"]) for page in pages} == {(24, 2)}, order
            assert len(pages) == 2


async def test_the_plain_list_is_the_list_by_iccid_to_the_letter(web: Served, ties: Cast, db: Database) -> None:
    """The plain one is read by a prepared statement, and counted by what the database keeps."""
    changes = AnnotationChanges(tags=["pump"], note="On the roof", custom_fields={"site": "Zürich"})
    async with db.transaction() as transaction:
        await annotate(transaction, ties.acme, FLEET[3], changes, "ada", NOW)
        await unwatch(transaction, ties.acme, FLEET[1], "ada", NOW)
    async with web.program(ties.acme_key) as ada:
        for size in (1, 7, 23, 500):
            plain, sorted_by = await walk(ada, page_size=size), await walk(ada, sort="iccid", page_size=size)
            assert plain == sorted_by
            assert {page["total"] for page in plain} == {23}
        for some in ({"fields": "imsi,tags,custom_fields", "page_size": 4}, {"fields": "label"}):
            assert (await asked(ada, "/sims", **some)) == await asked(ada, "/sims", **some, sort="iccid")
        assert plain[0]["items"][-1]["imsi"].startswith("…"), "a viewer sees the last four digits"
        for sim in (await asked(ada, "/sims", sort="iccid"))["items"]:
            assert (await asked(ada, f"/sims/{sim['iccid']}")) == sim
        assert not (await asked(ada, f"/sims/{FLEET[1]}"))["watched"]
        assert (await ada.get("/sims", params={"cursor": Cursor("iccid", [7]).text()})).status_code == 400
        assert (await ada.get("/sims", params={"cursor": Cursor("iccid", ["a\0"]).text()})).status_code == 400
        for iccid in [*FLEET, ADAS_SIM, ADAS_OTHER_SIM]:
            async with db.transaction() as transaction:
                await unwatch(transaction, ties.acme, iccid, "ada", NOW)
        empty = await asked(ada, "/sims")
    assert (empty["items"], empty["total"], empty["next_cursor"]) == ([], 0, None)


async def test_turned_pages_are_those_of_the_walk(web: Served, ties: Cast) -> None:
    async with web.program(ties.acme_key) as ada:
        walked = await walk(ada, sort="-country", page_size=10)
        for number, page in enumerate(walked, start=1):
            turned = await asked(ada, "/sims", sort="-country", page_size=10, page=number)
            assert turned["items"] == page["items"]
            assert (turned["page"], turned["page_size"], turned["total"], turned["pages"]) == (number, 10, 24, 3)
        beyond = await asked(ada, "/sims", page=99)
        assert (beyond["items"], beyond["total"], beyond["next_cursor"]) == ([], 24, None)


async def test_what_1nce_has_not_said_comes_last_either_way(web: Served, ties: Cast) -> None:
    async with web.program(ties.acme_key) as ada:
        for order in ("label", "-label", "last_seen_at", "-last_seen_at", "operator", "-rat"):
            field = order.removeprefix("-")
            values = [sim[field] for sim in (await asked(ada, "/sims", sort=order, page_size=100))["items"]]
            said = [value for value in values if value is not None]
            assert values == said + [None] * (len(values) - len(said)), order
            assert 0 < len(said) < len(values)


async def test_a_page_has_one_to_five_hundred_items(web: Served, cast: Cast) -> None:
    async with web.program(cast.acme_key) as ada:
        for path in ("/sims", "/quotas", "/connectivity", "/events", f"/sims/{ADAS_SIM}/events"):
            for size in (1, 500):
                assert (await asked(ada, path, page_size=size))["page_size"] == size
            assert (await ada.get(path, params={"page_size": 501})).status_code == 400, path
        for wrong in ("0", "-1", "many", "", "1.5", "١"):
            assert (await ada.get("/sims", params={"page_size": wrong})).status_code == 400, wrong
        for wrong in ("0", "-1", "first", "1000001", "9" * 30):
            assert (await ada.get("/sims", params={"page": wrong})).status_code == 400, wrong


async def test_a_cursor_of_another_order_or_list_is_refused(web: Served, ties: Cast) -> None:
    async with web.program(ties.acme_key) as ada:
        cursors = {
            order: (await asked(ada, "/sims", sort=order, page_size=5))["next_cursor"]
            for order in ("", "label", "-label", "country", "last_seen_at")
        }
        for order, cursor in cursors.items():
            for other in cursors:
                answer = await ada.get("/sims", params={"sort": other, "cursor": cursor, "page_size": 5})
                assert answer.status_code == (200 if other == order else 400), (order, other)
                assert other == order or "cursor" in answer.json()["error"]["message"]
        for path in ("/quotas", "/connectivity", "/events", f"/sims/{ADAS_SIM}/events"):
            assert (await ada.get(path, params={"cursor": cursors[""]})).status_code == 400, path


async def test_a_cursor_that_nobody_wrote_is_refused(web: Served, cast: Cast) -> None:
    forged = [
        "x",
        "é",
        "WyJpY2NpZCIsbnVsbF0",  # ["iccid", null]
        "WyJpY2NpZCIsIlx1MDAwMCJd",  # ["iccid", "\\u0000"]
        "WyJpY2NpZCIsMV0",  # ["iccid", 1]
        "bnVsbA",
        "W10",
        "W1tdXQ",
        "eyJhIjoxfQ",
        "A" * 3000,
    ]
    async with web.program(cast.acme_key) as ada:
        for cursor in forged:
            answer = await ada.get("/sims", params={"cursor": cursor})
            assert answer.status_code == 400, cursor
            assert "cursor" in answer.json()["error"]["message"]


async def test_a_cursor_shows_nothing_of_another_organization(web: Served, ties: Cast) -> None:
    async with web.program(ties.acme_key) as ada, web.program(ties.eve_key) as eve:
        cursor = (await asked(ada, "/sims", page_size=1))["next_cursor"]
        assert [sim["iccid"] for sim in (await asked(eve, "/sims", cursor=cursor))["items"]] in ([], [EVES_SIM])


async def test_each_filter_lets_through_what_it_names(web: Served, ties: Cast) -> None:
    async with web.program(ties.acme_key) as ada:
        everything = (await asked(ada, "/sims", page_size=500))["items"]
        for field, words in {
            "connection": ("online", "attached", "offline", "blocked"),
            "status": ("enabled", "disabled"),
            "country": ("DE", "FR", "de", "ES"),
        }.items():
            for word in (*words, "unknown"):
                wanted = None if word == "unknown" else word.upper() if field == "country" else word
                found = await asked(ada, "/sims", page_size=500, **{field: word})
                expected = [sim["iccid"] for sim in everything if sim[field] == wanted]
                assert [sim["iccid"] for sim in found["items"]] == expected, (field, word)
                assert found["total"] == len(expected)
        assert (await asked(ada, "/sims", label="none"))["total"] == 2
        assert (await asked(ada, "/sims", label="has"))["total"] == 22
        assert (await asked(ada, "/sims", label="pump"))["total"] == 2
        assert (await asked(ada, "/sims", quota="unknown"))["total"] == 24
        assert (await asked(ada, "/sims", connection="online", country="DE", status="enabled"))["total"] == 5
        assert (await asked(ada, "/sims", connection="nowhere"))["total"] == 0


async def test_a_search_takes_every_sign_as_itself(web: Served, ties: Cast, db: Database) -> None:
    expected: dict[str, set[str | None]] = {
        "100%": {"100%"},
        "00%": {"100%"},
        "%": set(),
        "_": set(),
        "a_": {"a_b"},
        "ax": {"axb"},
        "a_b": {"a_b"},
        "O'Neil": {"O'Neil"},
        "'ne": {"O'Neil"},
        "o'": {"O'Neil"},
        '"hi"': {'say "hi"'},
        "k\\s": {"back\\slash"},
        "\\": set(),
        "zürich": {"Zürich"},
        "ZÜRICH": {"Zürich"},
        "水泵": {"水泵"},
        ADAS_SIM: {"pump-1"},
        ADAS_SIM + "2": {"pump-1"},
        ADAS_SIM[:-1]: {"pump-1", "pump-2"},
        EVES_SIM: set(),
        "percent 100": {"100 percent"},
        "pump 0002": {"pump-2"},
        "90140510": {*LABELS},
        "; DROP TABLE sims --": set(),
        "\U0001f600": set(),
        "   ": {*LABELS, "pump-1", "pump-2"},
    }
    scopes = [Permission.SIMS_READ, Permission.IDENTIFIERS_READ]
    async with db.transaction() as transaction:
        key = await put_key(transaction, ties.acme, "a program that reads IMSIs", scopes, datetime.now(UTC))
    async with web.program(key) as ada:
        for words, labels in expected.items():
            found = await asked(ada, "/sims", q=words, page_size=500)
            assert {sim["label"] for sim in found["items"]} == labels, words
            assert found["total"] == len(found["items"])
        for start, found_labels in {"a_": {"a_b"}, "100%": {"100%"}, "%": set(), "back\\": {"back\\slash"}}.items():
            items = (await asked(ada, "/sims", label=start))["items"]
            assert {sim["label"] for sim in items} == found_labels, start
