"""Editing, watching and syncing on the pages; lists by tag and custom field there and in the API."""

import re
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from console.iccid import check_digit
from console.sims.annotations_rules import AnnotationChanges
from console.sims.annotations_writes import annotate
from console.store.database import Database
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, EVES_SIM, Cast
from tests.serving import Served

pytestmark = pytest.mark.one_edition
UNKNOWN = "8988228066600000077"
FORM = {"tags": "Pump, cold store", "note": "line 1\r\nline 2", "custom_fields": "Site = Hamburg\n", "edits": "0"}


async def test_lists_are_filtered_and_counted_by_tags_and_fields(web: Served, cast: Cast, db: Database) -> None:
    for iccid, tags, site in ((ADAS_SIM, ["pump", "cold"], "Berlin"), (ADAS_OTHER_SIM, ["pump"], "Paris")):
        async with db.transaction() as transaction:
            changes = AnnotationChanges(tags=tags, custom_fields={"site": site})
            await annotate(transaction, cast.acme, iccid, changes, "ada", datetime.now(UTC))
    both, first, second = [ADAS_SIM, ADAS_OTHER_SIM], [ADAS_SIM], [ADAS_OTHER_SIM]
    expected = {
        "tag=pump": both,
        "tag=PUMP&tag=cold": first,
        "tag=pump,cold": first,
        "tag_not=cold": second,
        "tag=pump&tag_not=cold": second,
        "field.site=Berlin": first,
        "field.Site=Paris&tag=pump": second,
        "field.site=berlin": [],
        "tag=pum": [],
        "field.customer=Berlin": [],
    }
    async with web.program(cast.acme_key) as program, web.signed_in("vera") as vera, web.program(cast.eve_key) as eve:
        for query, iccids in expected.items():
            found = (await program.get(f"/sims?{query}")).json()
            page = (await vera.get(f"/sims?{query}")).text
            assert ([one["iccid"] for one in found["items"]], found["total"]) == (iccids, len(iccids)), query
            assert re.findall(r'<tr id="sim-(\d+)"', page) == iccids, query
        assert (await eve.get("/sims?tag=pump")).json()["total"] == 0
        for query in ("tag=a%3Bb", "field.1=x", "fields.site=x"):
            assert (await program.get(f"/sims?{query}")).status_code == 422, query
        assert "Nothing was searched for" in (await vera.get("/sims?tag=a%3Bb")).text


async def test_a_form_edits_and_a_stale_one_is_refused(web: Served, cast: Cast) -> None:
    path = f"/sims/{ADAS_SIM}/annotations"
    async with web.signed_in("otto") as otto:
        saved = await otto.post(path, data=FORM)
        stale = await otto.post(path, data={**FORM, "note": "lost"})
        wrong = await otto.post(path, data={**FORM, "edits": "1", "custom_fields": "no sign"})
        page = (await otto.get(f"/sims/{ADAS_SIM}")).text
        removed = await otto.post(path, data={**FORM, "edits": "1", "custom_fields": ""})
        after = (await otto.get(f"/sims/{ADAS_SIM}")).text
    assert (saved.status_code, stale.status_code, wrong.status_code, removed.status_code) == (200, 412, 422, 200)
    assert "Somebody has changed" in stale.text
    assert "lost" in stale.text
    assert "has no =" in wrong.text
    assert "cold-store" in page
    assert "Hamburg" in page
    assert "Hamburg" not in after


async def test_a_viewer_is_offered_nothing_and_may_nothing(web: Served, cast: Cast) -> None:
    addresses = [f"/sims/{ADAS_SIM}/{what}" for what in ("annotations", "sync", "unwatch", "watch")]
    async with web.signed_in("vera") as vera, web.signed_in("otto") as otto:
        for address in [*addresses, "/sims/watch", "/sims/sync-all"]:
            assert (await vera.post(address, data={"iccid": UNKNOWN})).status_code == 403, address
        assert "Stop watching" not in (await vera.get(f"/sims/{ADAS_SIM}")).text
        assert "Stop watching" in (await otto.get(f"/sims/{ADAS_SIM}")).text
        assert "Sync all" not in (await vera.get("/sims")).text
        for what in ("annotations", "sync", "unwatch", "watch"):
            assert (await otto.post(f"/sims/{EVES_SIM}/{what}", data=FORM)).status_code == 404, what


async def test_a_sim_is_unwatched_and_watched_again(web: Served, cast: Cast) -> None:
    async with web.signed_in("otto") as otto:
        stopped = await otto.post(f"/sims/{ADAS_SIM}/unwatch")
        page, listed = (await otto.get(f"/sims/{ADAS_SIM}")).text, (await otto.get("/sims")).text
        await otto.post(f"/sims/{ADAS_SIM}/watch")
        back = (await otto.get("/sims")).text
    assert (stopped.status_code, stopped.headers["location"]) == (303, f"/sims/{ADAS_SIM}")
    assert "is not watched" in page
    assert f'id="sim-{ADAS_SIM}"' not in listed
    assert f'id="sim-{ADAS_SIM}"' in back


async def test_an_iccid_is_asked_for_and_a_wrong_digit_is_refused(web: Served, cast: Cast, db: Database) -> None:
    wrong = UNKNOWN + str((int(check_digit(UNKNOWN)) + 1) % 10)
    async with web.signed_in("otto") as otto, web.signed_in("eve") as eve:
        refused = await otto.post("/sims/watch", data={"iccid": wrong})
        asked = await otto.post("/sims/watch", data={"iccid": f"{UNKNOWN[:9]} {UNKNOWN[9:]}"})
        for address in ("/sims", "/sims/requests"):
            assert "not yet confirmed by 1NCE" in (await otto.get(address)).text
            assert UNKNOWN not in (await eve.get(address)).text
        assert (await otto.get(f"/sims/{wrong}")).status_code == 422
    assert (refused.status_code, asked.status_code) == (422, 200)
    assert f"should be {check_digit(UNKNOWN)}" in refused.text


async def test_a_button_pressed_twice_asks_once(web: Served, cast: Cast, db: Database) -> None:
    async with web.signed_in("otto") as otto:
        answers = [(await otto.post(f"/sims/{ADAS_SIM}/sync")).text for _ in range(2)]
    assert ["4 calls" in one for one in answers] == [True, True]
    assert ["Asked for already" in one for one in answers] == [False, True]
    async with db.reading() as reading:
        assert (await reading.execute(sa.text("SELECT count(*) FROM job_requests"))).scalar_one() == 1
