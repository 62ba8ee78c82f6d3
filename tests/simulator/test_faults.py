"""Faults on order: what a client sees, and what was done nevertheless."""

from __future__ import annotations

import time

import httpx
import pytest

from tests.simulator.conftest import Simulated


def _routes(simulated: Simulated, handler: str) -> dict[str, int]:
    totals: dict[str, dict[str, int]] = simulated.sim("GET", "requests")["totals"]
    return dict(totals.get(handler, {}))


def test_a_status_is_answered_as_often_as_ordered(simulated: Simulated) -> None:
    simulated.sim(
        "POST", "faults", {"path": "/v2/sims$", "kind": "status", "status": 503, "times": 2, "retry_after": 7}
    )
    answers = [simulated.get("/v2/sims") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert answers[0].headers["retry-after"] == "7"


def test_a_fault_strikes_only_the_paths_and_the_method_it_is_meant_for(simulated: Simulated) -> None:
    iccid, other = simulated.iccids()[:2]
    simulated.sim("POST", "faults", {"path": f"{iccid}/status", "kind": "status", "status": 500, "method": "GET"})
    assert simulated.get(f"/v2/sims/{iccid}/status").status_code == 500
    assert simulated.get(f"/v2/sims/{iccid}").status_code == 200
    assert simulated.get(f"/v2/sims/{other}/status").status_code == 200
    assert simulated.post(f"/v2/sims/{iccid}/status").status_code == 404


def test_a_delay_goes_with_another_fault(simulated: Simulated) -> None:
    simulated.sim(
        "POST",
        "faults",
        [
            {"path": "/v2/sims$", "kind": "delay", "seconds": 0.3, "times": 1},
            {"path": "/v2/sims$", "kind": "status", "status": 502, "times": 1},
        ],
    )
    begin = time.monotonic()
    assert simulated.get("/v2/sims").status_code == 502
    assert time.monotonic() - begin >= 0.3


def test_drop_before_hangs_up_without_doing_it(simulated: Simulated) -> None:
    iccid = simulated.some("OFFLINE")
    lines = len(simulated.sim("GET", "ledger"))
    before = simulated.get(f"/v2/sims/{iccid}/quota/data").json()["accumulated_total_volume"]
    simulated.sim("POST", "faults", {"path": "/topup$", "kind": "drop_before", "times": 1})
    with pytest.raises(httpx.RemoteProtocolError):
        simulated.post(f"/v2/sims/{iccid}/topup?payment_method=creditcard")
    assert len(simulated.sim("GET", "ledger")) == lines
    assert simulated.get(f"/v2/sims/{iccid}/quota/data").json()["accumulated_total_volume"] == before


def test_drop_after_does_it_and_then_hangs_up(simulated: Simulated) -> None:
    iccid = simulated.some("OFFLINE")
    lines = len(simulated.sim("GET", "ledger"))
    before = simulated.get(f"/v2/sims/{iccid}/quota/data").json()["accumulated_total_volume"]
    simulated.sim("POST", "faults", {"path": "/topup$", "kind": "drop_after", "times": 1})
    with pytest.raises(httpx.RemoteProtocolError):
        simulated.post(f"/v2/sims/{iccid}/topup?payment_method=creditcard")
    assert len(simulated.sim("GET", "ledger")) == lines + 1
    assert simulated.get(f"/v2/sims/{iccid}/quota/data").json()["accumulated_total_volume"] == before + 500
    dropped = _routes(simulated, "POST /management-api/v2/sims/{iccid}/topup")["dropped"]
    assert dropped >= 1


def test_what_was_done_may_be_answered_late_or_cut_off_and_each_write_is_noted(simulated: Simulated) -> None:
    iccid, before = simulated.some("OFFLINE"), len(simulated.sim("GET", "ledger"))
    path, top_up = f"{iccid}/topup$", f"/v2/sims/{iccid}/topup?payment_method=creditcard"
    late = {"path": path, "kind": "delay_after", "seconds": 0.3, "times": 1}
    simulated.sim("POST", "faults", [late, {"path": path, "kind": "cut", "times": 1}])
    began = time.monotonic()
    assert simulated.post(top_up).status_code == 201
    assert time.monotonic() - began >= 0.3
    with pytest.raises(httpx.RemoteProtocolError):
        simulated.post(top_up)
    simulated.sim("POST", "faults", {"path": path, "kind": "drop_before", "times": 1})
    with pytest.raises(httpx.RemoteProtocolError):
        simulated.post(top_up)
    assert len(simulated.sim("GET", "ledger")) == before + 2
    writes = [one for one in simulated.sim("GET", "writes") if iccid in one["path"]]
    assert [one["status"] for one in writes[-3:]] == ["201", "201", "dropped"]


def test_an_expired_token_is_good_for_nothing_until_the_next_sign_in(simulated: Simulated) -> None:
    simulated.get("/v2/sims")
    old = simulated.token
    simulated.sim("POST", "faults", {"path": "/v2/sims$", "kind": "expire_token", "times": 1})
    assert [simulated.get("/v2/sims").status_code for _ in range(2)] == [401, 401]
    simulated.sign_in()
    assert simulated.token != old
    assert simulated.get("/v2/sims").status_code == 200


@pytest.mark.parametrize(("fault", "status"), [({}, 200), ({"status": 504}, 504)])
def test_a_malformed_answer_is_html(simulated: Simulated, fault: dict[str, int], status: int) -> None:
    simulated.sim("POST", "faults", {"path": "/v2/sims$", "kind": "malformed", "times": 1, **fault})
    answer = simulated.get("/v2/sims")
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.text.startswith("<!DOCTYPE html>")


def test_an_empty_answer_has_no_body(simulated: Simulated) -> None:
    simulated.sim("POST", "faults", {"path": "/status$", "kind": "empty", "times": 1})
    answer = simulated.get(f"/v2/sims/{simulated.iccids()[0]}/status")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("headers", [{}, {"retry_after": 7}])
@pytest.mark.parametrize(("kind", "status"), [("status", 429), ("malformed", 503)])
def test_a_refusal_says_how_long_to_wait_or_does_not(
    simulated: Simulated, kind: str, status: int, headers: dict[str, int]
) -> None:
    simulated.sim("POST", "faults", {"path": "/v2/sims$", "kind": kind, "status": status, "times": 1, **headers})
    answer = simulated.get("/v2/sims")
    assert answer.status_code == status
    assert answer.headers.get("retry-after") == ("7" if headers else None)


def test_a_field_can_be_renamed_or_left_out_throughout(simulated: Simulated) -> None:
    fault = {"path": "/v2/sims", "kind": "renamed", "field": "status"}
    simulated.sim("POST", "faults", {**fault, "to": "state", "times": 2})
    renamed = [simulated.get("/v2/sims").json()[0], simulated.get(f"/v2/sims/{simulated.some('ONLINE')}/status").json()]
    assert [("status" in one, "state" in one) for one in renamed] == [(False, True)] * 2
    assert "description" in renamed[1]["state"]
    simulated.sim("POST", "faults", {**fault, "times": 1})
    assert "status" not in simulated.get("/v2/sims").json()[0]
    assert "status" in simulated.get("/v2/sims").json()[0]


def test_faults_are_listed_with_their_hits_and_ended(simulated: Simulated) -> None:
    simulated.sim("POST", "faults", {"path": "/oauth/token", "kind": "status", "status": 500})
    simulated.client.post("/management-api/oauth/token")
    assert [(fault["kind"], fault["hits"]) for fault in simulated.sim("GET", "faults")] == [("status", 1)]
    assert simulated.sim("DELETE", "faults") == {"ended": 1}
    assert simulated.sim("GET", "faults") == []


@pytest.mark.parametrize(
    "fault",
    [
        {"path": "(", "kind": "delay"},
        {"path": "x", "kind": "storm"},
        {"path": "x", "kind": "status"},
        {"kind": "x"},
        {"path": "x", "kind": "renamed"},
    ],
)
def test_no_such_fault_is_refused(simulated: Simulated, fault: dict[str, str]) -> None:
    assert simulated.client.post("/_sim/faults", json=fault).status_code == 400
    assert simulated.sim("GET", "faults") == []
