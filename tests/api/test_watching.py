"""Watching, editing and syncing SIMs by the API: who may, what is refused, what is said."""

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from console.api_keys.writes import put_key
from console.iccid import check_digit
from console.organizations.rules import PERMISSIONS, Role
from console.sims.watching_rules import SYNCS_PER_MINUTE
from console.store.database import Database
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, EVES_SIM, Cast, add_sim
from tests.serving import Served

pytestmark = pytest.mark.one_edition
UNKNOWN = "8988228066600000077"
WRONG = UNKNOWN + str((int(check_digit(UNKNOWN)) + 1) % 10)
CHANGES: list[tuple[str, str, Any]] = [
    ("POST", "/sims", {"iccid": UNKNOWN}),
    ("PATCH", f"/sims/{ADAS_SIM}", {"note": "x"}),
    ("DELETE", f"/sims/{ADAS_SIM}", None),
    ("POST", f"/sims/{ADAS_SIM}/sync", None),
    ("POST", "/sims/sync-all", None),
]


async def operator_key(db: Database, organization_id: int) -> str:
    async with db.transaction() as transaction:
        return await put_key(transaction, organization_id, "operator", PERMISSIONS[Role.OPERATOR], datetime.now(UTC))


async def job_requests(db: Database) -> list[tuple[str, Any]]:
    async with db.reading() as reading:
        rows = await reading.execute(sa.text("SELECT job, arguments FROM job_requests ORDER BY id"))
        return [(row.job, row.arguments) for row in rows]


async def test_a_viewer_changes_nothing(web: Served, cast: Cast, db: Database) -> None:
    async with web.program(cast.acme_key) as viewer, web.program("iot_key_none") as nobody:
        before = (await viewer.get("/sims")).json()
        for method, path, body in CHANGES:
            assert (await viewer.request(method, path, json=body)).status_code == 403, path
            assert (await nobody.request(method, path, json=body)).status_code == 401, path
        assert (await viewer.get("/sims")).json() == before
    assert await job_requests(db) == []


BODIES = [
    (b'\xef\xbb\xbf{"note": "marked"}', 200),
    (b'{"note": "caf\xe9"}', 200),
    (b'{"note": "half \\ud83d"}', 200),
    (b'{"note": "a\x00b"}', 200),
    (b'{"note": "a\\u0000b"}', 422),
    (b'{"note": "a\\u0001b"}', 422),
    (('{"note": "' + "\u0301\u0323" * 15_000 + '"}').encode(), 200),
    (('{"tags": ["' + "\u0301\u0323" * 15_000 + '"]}').encode(), 200),
    (('{"custom_fields": {"' + "\u0301\u0323" * 15_000 + '": "x"}}').encode(), 422),
    (b'{"note": ' + b"[" * 30_000, 400),
    (b'{"custom_fields": ' + b'{"a": ' * 9_000, 400),
    (b"\xff\xfe", 400),
    (b"note=1", 400),
    (b"null", 400),
    (b"", 400),
]


async def test_a_body_of_odd_bytes_or_depth_is_read_or_refused(web: Served, cast: Cast, db: Database) -> None:
    async with web.program(await operator_key(db, cast.acme)) as ada:
        answered = [(await ada.patch(f"/sims/{ADAS_SIM}", content=body)).status_code for body, _ in BODIES]
    assert answered == [status for _, status in BODIES]


async def test_an_operator_may_do_each(web: Served, cast: Cast, db: Database) -> None:
    statuses = []
    async with web.program(await operator_key(db, cast.acme)) as ada:
        for method, path, body in reversed(CHANGES):
            statuses.append((await ada.request(method, path, json=body)).status_code)
    assert statuses == [202, 202, 204, 200, 201]


async def test_another_organizations_sims_are_not_there(web: Served, cast: Cast, db: Database) -> None:
    async with web.program(await operator_key(db, cast.evil)) as eve, web.program(cast.acme_key) as ada:
        for method, path, body in CHANGES[1:4]:
            answer = await eve.request(method, path, json=body)
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "SIM_NOT_FOUND"), path
        asked = (await eve.post("/sims", json={"iccid": ADAS_SIM})).json()
        assert (asked["watch"], asked["sim"]) == ("requested", None)
        assert (await eve.get("/sims")).json()["total"] == 1
        found = (await ada.get(f"/sims/{ADAS_SIM}")).json()
    assert (found["watched"], found["note"]) == (True, None)


async def test_an_unknown_iccid_is_asked_for_once(web: Served, cast: Cast, db: Database) -> None:
    async with web.program(await operator_key(db, cast.acme)) as ada:
        spelled = f"{UNKNOWN[:4]} {UNKNOWN[4:8]}-{UNKNOWN[8:]}{check_digit(UNKNOWN)}"
        first = await ada.post("/sims", json={"iccid": spelled, "tags": ["New"]})
        again = await ada.post("/sims", json={"iccid": UNKNOWN})
        tagged = await ada.post("/sims", json={"iccid": UNKNOWN, "tags": ["other"]})
        assert (await ada.get(f"/sims/{UNKNOWN}")).status_code == 404
        assert (await ada.get("/sims")).json()["total"] == 2
        async with db.transaction() as transaction:
            await add_sim(transaction, cast.acme, UNKNOWN)
        confirmed = (await ada.get(f"/sims/{UNKNOWN}")).json()
    assert (first.status_code, again.status_code, tagged.status_code) == (201, 200, 409)
    assert (first.json()["iccid"], first.json()["watch"]) == (UNKNOWN, "requested")
    assert first.headers["Location"] == f"/api/v1/sims/{UNKNOWN}"
    assert await job_requests(db) == [("sync_sim", {"iccid": UNKNOWN})]
    assert confirmed["tags"] == ["new"]


@pytest.mark.parametrize("iccid", [WRONG, "", "12", "x" * 19, UNKNOWN + "00", UNKNOWN + "\0"])
async def test_what_is_no_iccid_is_refused_with_the_reason(web: Served, cast: Cast, db: Database, iccid: str) -> None:
    async with web.program(await operator_key(db, cast.acme)) as ada:
        answer = await ada.post("/sims", json={"iccid": iccid})
        assert answer.status_code == 422
        if iccid == WRONG:
            assert f"should be {check_digit(UNKNOWN)}" in answer.json()["error"]["message"]
    assert await job_requests(db) == []


async def test_a_patch_merges_and_conflicts_are_refused(web: Served, cast: Cast, db: Database) -> None:
    async with web.program(await operator_key(db, cast.acme)) as ada:
        path = f"/sims/{ADAS_SIM}"
        read = await ada.get(path)
        body = {"tags": ["Pump", "pump"], "custom_fields": {"site": "Berlin", "customer": "Acme"}}
        first = await ada.patch(path, json=body, headers={"If-Match": read.headers["ETag"]})
        stale = await ada.patch(path, json={"note": "lost"}, headers={"If-Match": read.headers["ETag"]})
        old = await ada.patch(path, json={"note": "lost", "edits": 0})
        second = await ada.patch(path, json={"custom_fields": {"site": None}, "edits": 1})
        assert (first.status_code, stale.status_code, old.status_code, second.status_code) == (200, 412, 412, 200)
        assert first.headers["ETag"] != read.headers["ETag"]
        found = await ada.get(path)
    assert second.json() == found.json()
    assert second.headers["ETag"] == found.headers["ETag"]
    assert (found.json()["tags"], found.json()["custom_fields"], found.json()["note"]) == (
        ["pump"],
        {"customer": "Acme"},
        None,
    )


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"note": "a\0b"}, 422),
        ({"note": "x" * 2001}, 422),
        ({"tags": ["x" * 41]}, 422),
        ({"custom_fields": {"no name!": "x"}}, 422),
        ({"custom_fields": {"site": 7}}, 400),
        ({"label": "mine"}, 400),
        ({"note": "a\u202eb"}, 200),
    ],
)
async def test_texts_are_cleaned_or_refused(web: Served, cast: Cast, db: Database, body: Any, status: int) -> None:
    async with web.program(await operator_key(db, cast.acme)) as ada:
        answer = await ada.patch(f"/sims/{ADAS_SIM}", json=body)
        assert answer.status_code == status, answer.text
        assert (await ada.get(f"/sims/{ADAS_SIM}")).json()["note"] == ("ab" if status == 200 else None)


async def test_a_sim_is_unwatched_and_watched_again(web: Served, cast: Cast, db: Database) -> None:
    async with web.program(await operator_key(db, cast.acme)) as ada:
        deleted = [(await ada.delete(f"/sims/{ADAS_SIM}")).status_code for _ in range(2)]
        assert (await ada.delete(f"/sims/{UNKNOWN}")).status_code == 404
        listed = [one["iccid"] for one in (await ada.get("/sims")).json()["items"]]
        kept = (await ada.get(f"/sims/{ADAS_SIM}")).json()
        back = await ada.post("/sims", json={"iccid": ADAS_SIM})
        assert (await ada.get("/sims")).json()["total"] == 2
    assert (deleted, listed) == ([204, 204], [ADAS_OTHER_SIM])
    assert (kept["label"], kept["watched"]) == ("pump-1", False)
    assert (back.status_code, back.json()["watch"]) == (201, "watched")


async def test_a_sync_asked_for_twice_is_one(web: Served, cast: Cast, db: Database) -> None:
    async with web.program(await operator_key(db, cast.acme)) as ada:
        one = [(await ada.post(f"/sims/{ADAS_SIM}/sync")).json() for _ in range(2)]
        everything = [(await ada.post("/sims/sync-all")).json() for _ in range(2)]
        assert (await ada.post(f"/sims/{EVES_SIM}/sync")).status_code == 404
    assert one[0] == one[1]
    assert everything[0] == everything[1]
    assert await job_requests(db) == [("sync_sim", {"iccid": ADAS_SIM}), ("sync_sims", {})]


async def test_nobody_burns_the_poll_budget(web: Served, cast: Cast, db: Database) -> None:
    async with db.transaction() as transaction:
        iccids = [f"89882280666000001{number:02}" for number in range(SYNCS_PER_MINUTE + 1)]
        for iccid in iccids:
            await add_sim(transaction, cast.acme, iccid)
    async with web.program(await operator_key(db, cast.acme)) as ada:
        answers = [await ada.post(f"/sims/{iccid}/sync") for iccid in iccids]
    assert [one.status_code for one in answers] == [202] * SYNCS_PER_MINUTE + [429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    assert len(await job_requests(db)) == SYNCS_PER_MINUTE
