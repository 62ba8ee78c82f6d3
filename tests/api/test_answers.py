"""Every operation answers, and its answer is what the document promises."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from console.api_keys.writes import put_key
from console.organizations.rules import PERMISSIONS, Role
from console.store.database import Database
from tests.api.conftest import Promise
from tests.cast import ADAS_SIM, Cast
from tests.serving import Served


async def test_every_reading_operation_answers_as_it_promises(
    web: Served, full: Cast, promise: Promise, db: Database
) -> None:
    async with db.transaction() as transaction:
        key = await put_key(transaction, full.acme, "admin", PERMISSIONS[Role.ADMIN], datetime.now(UTC))
    async with web.program(key) as ada, web.signed_in("ada"):
        served = (await ada.get("/openapi.json")).json()
        assert served == promise.document
        reading = {name: one for name, one in promise.operations().items() if one[1] == "get"}
        for name, (path, method, operation) in reading.items():
            address = web.address + re.sub(
                r"{\w+}", "1", path.replace("{iccid}", ADAS_SIM).replace("{day}", "2026-11-19")
            )
            answer = await ada.request(method, address)
            assert answer.status_code == 200, name
            ((kind, content),) = operation["responses"]["200"]["content"].items()
            assert answer.headers["content-type"].partition(";")[0] == kind
            if kind != "application/json":
                continue
            assert promise.broken_by(answer.json(), content["schema"]) == [], name
            if "items" in answer.json():
                assert answer.json()["items"], f"{name}: nothing was looked at"


@pytest.mark.one_edition
async def test_amounts_are_whole_and_times_are_utc(web: Served, full: Cast) -> None:
    async with web.program(full.acme_key) as ada:
        used: dict[str, Any] = (await ada.get(f"/sims/{ADAS_SIM}/usage?by=hour")).json()
        left = (await ada.get(f"/sims/{ADAS_SIM}/quotas")).json()["items"][0]
        sim = (await ada.get(f"/sims/{ADAS_SIM}")).json()
    assert (used["data_bytes"], used["sms"]) == (2048, 1)
    assert (left["service"], left["left_bytes"], left["total_bytes"]) == ("data", 900, 1000)
    assert (sim["data_left_bytes"], sim["sms_left"]) == (900, None)
    assert sim["last_seen_at"].endswith("Z")
    assert left["expires_at"].endswith("Z")


@pytest.mark.one_edition
async def test_a_time_with_any_zone_is_understood_and_answered_in_utc(web: Served, cast: Cast) -> None:
    span = {"since": "2026-11-20T12:00:00+02:00", "until": "2026-11-20T11:00:00Z", "by": "hour"}
    async with web.program(cast.acme_key) as ada:
        answer = (await ada.get("/usage", params=span)).json()
    assert (answer["since"], answer["until"]) == ("2026-11-20T10:00:00Z", "2026-11-20T11:00:00Z")


@pytest.mark.one_edition
async def test_a_sim_is_found_with_and_without_its_check_digit(web: Served, cast: Cast) -> None:
    async with web.program(cast.acme_key) as ada:
        for iccid in (ADAS_SIM, ADAS_SIM + "2"):
            for path in ("", "/usage", "/quotas", "/connectivity", "/events", "/sms"):
                assert (await ada.get(f"/sims/{iccid}{path}")).status_code == 200
        assert (await ada.get(f"/sims/{ADAS_SIM}2")).json()["iccid"] == ADAS_SIM


@pytest.mark.one_edition
async def test_what_is_no_iccid_is_said_to_be_none(web: Served, cast: Cast, promise: Promise) -> None:
    arabic = ADAS_SIM.translate({ord(str(n)): chr(0x660 + n) for n in range(10)})
    async with web.program(cast.acme_key) as ada:
        for text in (
            "12",
            ADAS_SIM[:-1],
            ADAS_SIM + "77",
            ADAS_SIM[:-1] + "x",
            ADAS_SIM + "7",
            "-" + ADAS_SIM[1:],
        ):
            answer = await ada.get(f"/sims/{text}")
            assert answer.status_code == 422, text
            assert answer.json()["error"]["code"] == "INVALID"
            assert promise.error(answer.json()) == []
        assert (await ada.get(f"/sims/{arabic}")).json()["iccid"] == ADAS_SIM
