"""The events page: filters, search, folding, paging, and what comes in while it is open."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, expect

from console.connectivity import event_list
from console.connectivity.event_filter import SAME, EventFilter, faults, folded, read_filter
from console.connectivity.writes import record_events
from console.facts.network import NetworkEvent
from console.store.database import Database
from console.store.keyset import read_cursor
from tests.cast import ADAS_SIM, EVES_SIM, Cast
from tests.serving import Served

pytestmark = pytest.mark.one_edition
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
KINDS = {  # severity, type, operator, cause
    "begun": ("info", "Create PDP Context", "T-Mobile", None),
    "refused": ("warn", "Update GPRS Location", "Orange", "Roaming not allowed"),
    "blocked": ("critical", "SIM blocked", None, None),
}


async def happen(db: Database, organization_id: int, *ids: int, kind: str = "begun", iccid: str = ADAS_SIM) -> None:
    severity, name, operator, cause = KINDS[kind]
    rows = [
        {
            **{"id": number, "iccid": iccid, "time": datetime.now(UTC) - timedelta(minutes=1), "type": 3},
            **{"name": name, "severity": severity, "description": f"Event <{number}>", "operator": operator},
            **{"country": "DE" if operator else None, "cause": cause},
        }
        for number in ids
    ]
    async with db.transaction() as transaction:
        await record_events(transaction, organization_id, rows, datetime.now(UTC))


def lines(html: str) -> list[int]:
    """The numbers of the events that are not folded."""
    return [int(number) for number, row in re.findall(r'<tr id="event-(\d+)"([^>]*)>', html) if "hidden" not in row]


async def test_an_address_says_which_events_are_listed(web: Served, db: Database, cast: Cast) -> None:
    await happen(db, cast.acme, 1, 2)
    await happen(db, cast.acme, 3, 4, 5, kind="refused")
    await happen(db, cast.acme, 6, kind="blocked")
    await happen(db, cast.evil, 7, kind="blocked", iccid=EVES_SIM)
    async with web.signed_in("vera") as vera:

        async def listed(query: str) -> list[int]:
            answer = await vera.get(f"/events?{query}")
            assert answer.status_code == 200, query
            return lines(answer.text)

        assert await listed("") == [6, 5, 2]
        assert await listed("fold=no") == [6, 5, 4, 3, 2, 1]
        assert await listed("fold=no&severity=warn&severity=critical") == [6, 5, 4, 3]
        assert await listed("fold=no&operator=unknown&operator=T-Mobile") == [6, 2, 1]
        assert await listed("fold=no&type=SIM+blocked") == [6]
        assert await listed("fold=no&operator=t-mobile&operator=UNKNOWN") == [6, 2, 1]
        assert await listed("fold=no&severity=Info&severity=CRITICAL") == [6, 2, 1]
        assert await listed("fold=no&q=roaming+4%3E") == [4]
        assert await listed(f"fold=no&sim={ADAS_SIM}&severity=critical") == [6]
        assert await listed("q=nothing-like-it") == []
        folded = (await vera.get("/events")).text
        assert "×3" in folded
        same = re.search(r'class="event-number"\s+href="([^"]+)"\s+data-fold-number\s*>×3', folded)
        assert same
        assert lines((await vera.get(same[1].replace("&amp;", "&"))).text) == [5, 4, 3]
        refused = (await vera.get("/events?before=nonsense")).status_code
        assert refused == 400


async def test_a_question_looks_at_so_many_events_and_goes_on_from_there(db: Database, cast: Cast) -> None:
    await happen(db, cast.acme, 1, kind="blocked")
    await happen(db, cast.acme, 2, 3, 4, 5)
    wanted = EventFilter(values={"type": ("SIM blocked",)})
    async with db.reading() as reading:
        first = await event_list.matching(reading, cast.acme, wanted, limit=2, most=3)
        assert (first.events, first.read_until is None, first.older is None) == ([], False, False)
        cursor = read_cursor(first.older or "")
        second = await event_list.matching(reading, cast.acme, wanted, limit=2, most=3, cursor=cursor)
    assert ([event.id for event in second.events], second.older, second.read_until) == (["1"], None, None)


def test_the_same_of_several_sims_is_one_line_and_the_latest_stands_for_it() -> None:
    def event(number: int, iccid: str, **changes: str) -> NetworkEvent:
        said = {"severity": "warn", "name": "x", "operator": "O", "country": "DE", "cause": "c"} | changes
        return NetworkEvent(id=str(number), iccid=iccid, time=NOON, type=3, description="", **said)

    found = folded([event(5, "a"), event(4, "b"), event(3, "a"), *(event(2, "a", **{name: "-"}) for name in SAME)])
    assert [(one.number, one.sims, one.folded) for one in found[:3]] == [(3, 2, False), (1, 1, True), (1, 1, True)]
    assert [(one.number, one.folded) for one in found[3:]] == [(1, False)] * len(SAME)


def test_what_an_address_asks_beyond_the_bounds_is_left_out_and_named() -> None:
    many = [("type", str(number)) for number in range(21)]
    assert len(read_filter(many, "").values["type"]) == 20
    assert faults(many, "a " * 9) == [
        "“type” has more than 20 values: the others were left out.",
        "The search has more than 8 words: the others were left out.",
    ]
    assert faults([("cause", "\0"), ("other", "x")], "a") == ["A value of “cause” can't be: it was left out."]
    assert read_filter([("cause", "\0"), ("other", "x"), ("severity", "")], "").active is False


async def test_an_open_page_takes_what_its_filter_asks_for_and_folds_it(page: Page, db: Database, cast: Cast) -> None:
    await happen(db, cast.acme, 1, kind="refused")
    await page.goto("/events?severity=WARN&operator=orange&q=orange")
    await expect(page.locator("[data-live-badge]")).to_have_attribute("data-state", "live")
    await happen(db, cast.acme, *range(100, 250))  # more than a list holds
    await happen(db, cast.acme, 2, 3, kind="refused")
    await expect(page.locator("#event-3 [data-fold-number]")).to_have_text("×3")
    assert await page.locator("#events > tr").count() == 3
    assert await page.locator("#events > tr:visible").count() == 1


def test_a_sim_pasted_in_two_ways_is_one_value() -> None:
    spaced = f"{ADAS_SIM[:4]} {ADAS_SIM[4:]}"
    assert read_filter([("sim", ADAS_SIM), ("sim", spaced)], "").values == {"sim": (ADAS_SIM,)}
