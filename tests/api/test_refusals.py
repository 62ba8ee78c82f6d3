"""Every refusal has the same envelope, the request's id, and says what is left of the caller's minute."""

import re
import time
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from console.api_keys.writes import put_key
from console.http.rate_limit import ACTIONS_A_MINUTE, REQUESTS_A_MINUTE, WINDOW_SECONDS
from console.organizations.rules import Permission
from console.store.database import Database
from tests.api.conftest import Promise
from tests.cast import ADAS_SIM, EVES_SIM, Cast
from tests.serving import Served

pytestmark = pytest.mark.one_edition
LIMITS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
OURS = re.compile(r"req_[0-9a-f]{24}")


def envelope(answer: httpx.Response, promise: Promise) -> dict[str, Any]:
    """The error in this answer, which is as every error is."""
    assert answer.headers["content-type"] == "application/json"
    assert promise.error(answer.json()) == []
    error: dict[str, Any] = answer.json()["error"]
    assert error["request_id"] == answer.headers["X-Request-ID"]
    assert answer.headers.get_list("X-Request-ID") == [error["request_id"]]
    assert all(answer.headers[name].isdigit() for name in LIMITS)
    return error


REFUSED = [
    ("GET", "/sims?page=x", 400, "BAD_REQUEST"),
    ("GET", "/sims?cursor=nonsense", 400, "BAD_REQUEST"),
    ("GET", "/sims?q=%00", 400, "BAD_REQUEST"),
    ("GET", "/silences/113880010275", 404, "NOT_FOUND"),
    ("DELETE", "/notification-channels/113880010275", 404, "NOT_FOUND"),
    ("GET", "/usage?since=yesterday", 400, "BAD_REQUEST"),
    ("GET", "/usage?since=2026-11-20T10:00:00", 400, "BAD_REQUEST"),
    ("GET", "/usage?since=2026-11-20T10:00:00Z&until=2026-11-20T09:00:00Z", 400, "BAD_REQUEST"),
    ("GET", "/usage?by=week", 400, "BAD_REQUEST"),
    ("GET", "/quotas?service=water", 400, "BAD_REQUEST"),
    ("GET", f"/sims/{ADAS_SIM}/events?severity=odd", 400, "BAD_REQUEST"),
    ("GET", "/jobs?limit=0", 400, "BAD_REQUEST"),
    ("GET", "/sims/8988228066600000009", 404, "SIM_NOT_FOUND"),
    ("GET", f"/sims/{EVES_SIM}", 404, "SIM_NOT_FOUND"),
    ("GET", "/nothing-here", 404, "NOT_FOUND"),
    ("GET", "/nothing/at/all", 404, "NOT_FOUND"),
    ("POST", "/nothing-here", 404, "NOT_FOUND"),
    ("PUT", "/sims", 405, "METHOD_NOT_ALLOWED"),
    ("DELETE", "/usage", 405, "METHOD_NOT_ALLOWED"),
    ("GET", "/sims/12", 422, "INVALID"),
    ("GET", "/sims?sort=colour", 422, "INVALID"),
    ("GET", "/sims?quota=some", 422, "INVALID"),
    ("GET", "/usage?since=2020-01-01T00:00:00Z", 422, "INVALID"),
    ("GET", "/sims?q=pump&q=valve", 422, "INVALID"),
    ("GET", "/sims?page=1&page=1", 422, "INVALID"),
    ("GET", "/usage?by=hour&by=day", 422, "INVALID"),
    ("GET", "/alerts?iccid=8988228066600000001&iccid=8988228066600000002", 422, "INVALID"),
]


async def test_each_refusal_reports_its_code_and_the_id_of_the_request(
    web: Served, cast: Cast, promise: Promise
) -> None:
    async with web.program(cast.acme_key) as ada:
        for method, path, status, code in REFUSED:
            answer = await ada.request(method, path)
            assert answer.status_code == status, path
            error = envelope(answer, promise)
            assert error["code"] == code, path
            assert OURS.fullmatch(error["request_id"])
            if status == 405:
                assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_the_stream_asked_without_an_upgrade_is_refused_as_all_of_the_api_is(
    web: Served, cast: Cast, promise: Promise, method: str
) -> None:
    async with web.program(cast.acme_key) as ada:
        answer = await ada.request(method, "/stream")
    assert answer.status_code == 405
    assert envelope(answer, promise)["code"] == "METHOD_NOT_ALLOWED"


async def test_a_refused_field_is_named(web: Served, cast: Cast) -> None:
    async with web.program(cast.acme_key) as ada:
        faults = (await ada.get("/sims?page_size=501&page=0")).json()["error"]["details"]["faults"]
        sorted_by = (await ada.get("/sims?sort=colour")).json()["error"]
    assert {fault["key"] for fault in faults} <= {"page", "page_size"}
    assert faults
    assert "'colour'" in sorted_by["message"]
    assert "last_seen_at" in sorted_by["message"]


async def test_a_field_that_a_body_has_twice_is_named(web: Served, db: Database, cast: Cast) -> None:
    async with db.transaction() as transaction:
        key = await put_key(transaction, cast.acme, "edits", list(Permission), datetime.now(UTC))
    bodies = {
        '{"tags": {"add": ["a"]}, "note": "x", "note": "y"}': "note",
        '{"tags": {"add": ["a"], "add": ["b"]}}': "add",
        '{"note": "x", "n\\u006fte": "y"}': "note",
    }
    async with web.program(key) as ada:
        ada.headers["Content-Type"] = "application/json"
        for body, name in bodies.items():
            answer = await ada.patch(f"/sims/{ADAS_SIM}", content=body)
            error = answer.json()["error"]
            assert (answer.status_code, error["code"], error["details"]) == (422, "INVALID", {"field": name}), body
        empty = await ada.patch(f"/sims/{ADAS_SIM}", content="")
        once = await ada.patch(f"/sims/{ADAS_SIM}", content='{"note": "x", "custom_fields": {"note": "y"}}')
    assert (empty.status_code, once.status_code) == (400, 200), (empty.text, once.text)


async def test_without_a_key_that_opens_there_is_no_answer(web: Served, cast: Cast, promise: Promise) -> None:
    wrong: list[tuple[str, str]] = [
        ("X-API-Key", "iot_key_wrong"),
        ("X-API-Key", cast.acme_key[:-1]),
        ("X-API-Key", cast.acme_key.upper()),
        ("Authorization", f"Basic {cast.acme_key}"),
        ("Authorization", "Bearer"),
        ("Authorization", cast.acme_key),
        ("Cookie", f"session={cast.acme_key}"),
    ]
    async with web.stranger() as stranger:
        for name, value in [("X-Nothing", "at all"), *wrong]:
            answer = await stranger.get("/api/v1/sims", headers={name: value})
            assert answer.status_code == 401, (name, value)
            assert envelope(answer, promise)["code"] == "NOT_SIGNED_IN"
            assert answer.headers["WWW-Authenticate"] == "Bearer"
        odd = await stranger.get("/api/v1/sims", headers=[(b"X-API-Key", b"iot_key_\xc3\xa9\xff")])
        assert odd.status_code == 401


async def test_a_key_opens_in_either_header(web: Served, cast: Cast) -> None:
    async with web.stranger() as stranger:
        for name, value in (
            ("X-API-Key", cast.acme_key),
            ("Authorization", f"Bearer {cast.acme_key}"),
            ("Authorization", f"bearer {cast.acme_key}"),
        ):
            assert (await stranger.get("/api/v1/sims", headers={name: value})).status_code == 200


async def test_a_page_of_another_site_gets_403_in_the_envelope_of_its_endpoint(web: Served) -> None:
    async with web.stranger() as stranger:
        answer = await stranger.post("/sign-in", headers={"Origin": "https://evil.example"}, data={"name": "ada"})
    assert answer.status_code == 403
    assert OURS.fullmatch(answer.headers["X-Request-ID"])


async def test_an_id_that_the_program_gave_is_kept_if_it_is_well_formed(
    web: Served, cast: Cast, promise: Promise
) -> None:
    async with web.program(cast.acme_key) as ada:
        for path in ("/sims/12", "/nothing-here"):
            for given in ("order-4711", "a" * 128, "2026-11-20T10:00:00.000_x"):
                answer = await ada.get(path, headers={"X-Request-ID": given})
                assert answer.headers["X-Request-ID"] == given
                if answer.status_code >= 400:
                    assert envelope(answer, promise)["request_id"] == given
            for given in ("short", "a" * 129, "with a space", "<script>1", "-begins-so", 'quo"ted-text'):
                answer = await ada.get(path, headers={"X-Request-ID": given})
                assert OURS.fullmatch(answer.headers["X-Request-ID"]), given


async def test_each_answer_says_what_is_left_of_the_minute(web: Served, cast: Cast) -> None:
    async with web.program(cast.acme_key) as ada, web.program(cast.eve_key) as eve:
        first = await ada.get("/sims")
        second = await ada.get("/sims/12")
        another = await eve.get("/sims")
    assert int(first.headers["X-RateLimit-Limit"]) == REQUESTS_A_MINUTE
    assert WINDOW_SECONDS <= int(second.headers["X-RateLimit-Reset"]) - time.time() + 1 <= 2 * WINDOW_SECONDS + 1
    left = [int(answer.headers["X-RateLimit-Remaining"]) for answer in (first, second, another)]
    assert left[0] - left[1] in (0, 1)  # 0: a new minute has begun between the two
    assert left[2] == REQUESTS_A_MINUTE - 1


async def use_up(db: Database, handle: str) -> None:
    """As if a whole minute had been used up in this one, and in the next."""
    minute = int(time.time() // WINDOW_SECONDS)
    for one in (minute, minute + 1):
        await db.redis.set(f"rate:{handle}:{one}", REQUESTS_A_MINUTE, ex=180)


async def test_one_request_too_many_is_answered_when_to_come_back(
    web: Served, cast: Cast, db: Database, promise: Promise
) -> None:
    await use_up(db, cast.ada.handle)
    async with web.program(cast.acme_key) as ada, web.program(cast.eve_key) as eve:
        answer = await ada.get("/sims")
        assert answer.status_code == 429
        error = envelope(answer, promise)
        assert error["code"] == "TOO_MANY_REQUESTS"
        assert int(answer.headers["Retry-After"]) == error["details"]["retry_after"]
        assert 1 <= error["details"]["retry_after"] <= 2 * WINDOW_SECONDS
        assert answer.headers["X-RateLimit-Remaining"] == "0"
        assert (await eve.get("/sims")).status_code == 200
        assert (await ada.get(web.address + "/health/ready")).status_code == 200


async def test_who_guesses_keys_is_slowed_down_by_network_and_others_are_not(
    web: Served, cast: Cast, db: Database
) -> None:
    await use_up(db, "network:127.0.0.1")
    async with web.stranger() as stranger, web.program(cast.acme_key) as ada:
        assert (await stranger.get("/api/v1/sims", headers={"X-API-Key": "iot_key_guess"})).status_code == 429
        assert (await ada.get("/sims")).status_code == 200


async def test_what_changes_something_has_a_limit_of_its_own_for_programs_and_people(
    web: Served, cast: Cast, db: Database
) -> None:
    minute = int(time.time() // WINDOW_SECONDS)
    async with web.signed_in("ada") as ada, web.program(cast.acme_key) as program:
        ada_id = await user_id_of(db, "ada")
        for handle in (cast.ada.handle, f"user:{ada_id}"):
            for one in (minute, minute + 1):
                await db.redis.set(f"rate:acts:{handle}:{one}", ACTIONS_A_MINUTE, ex=180)
        refused = await program.post("/sims", json={"iccid": ADAS_SIM})
        assert (refused.status_code, refused.headers["X-RateLimit-Limit"]) == (429, str(ACTIONS_A_MINUTE))
        assert "change something" in refused.json()["error"]["message"]
        assert int(refused.headers["Retry-After"]) >= 1
        assert (await program.get("/sims")).status_code == 200
        page = await ada.post("/saved-views", data={"name": "x", "query": "q=a"})
        assert (page.status_code, "Retry-After" in page.headers) == (429, True)
        assert (await ada.get("/sims")).status_code == 200


async def user_id_of(db: Database, name: str) -> int:
    async with db.reading() as reading:
        query = sa.text("SELECT id FROM users WHERE name = :name")
        return int((await reading.execute(query, {"name": name})).scalar_one())
