"""Changing, resetting and topping up a SIM, and the ledger that says what took effect."""

from __future__ import annotations

from itertools import count
from typing import Any

from tests.simulator import documents
from tests.simulator.conftest import Simulated

FULL = {"label": "depot-7", "imei_lock": False, "status": "Enabled"}


def _lines(simulated: Simulated, iccid: str) -> list[tuple[str, dict[str, Any]]]:
    return [(line["kind"], line["detail"]) for line in simulated.sim("GET", "ledger") if line["iccid"] == iccid]


def _untouched(simulated: Simulated, connection: str) -> str:
    """One of those that no test has asked anything of."""
    touched = {line["iccid"] for line in simulated.sim("GET", "ledger")}
    return next(one for n in count() if (one := simulated.some(connection, n)) not in touched)


def test_a_change_is_answered_without_a_body_and_takes_effect(simulated: Simulated) -> None:
    iccid = _untouched(simulated, "ONLINE")
    answer = simulated.put(f"/v2/sims/{iccid}", json={"iccid": iccid, **FULL, "imei_lock": True})
    assert (answer.status_code, answer.content) == (200, b"")
    sim = simulated.get(f"/v2/sims/{iccid}").json()
    assert (sim["label"], sim["imei_lock"], sim["status"]) == ("depot-7", True, "Enabled")
    event = simulated.get(f"/v2/sims/{iccid}/events").json()[0]
    assert event["detail"]["data_service_failure_cause"] == "IMEI_LOCK_ENFORCED"
    simulated.put(f"/v2/sims/{iccid}", json={**FULL, "imei_lock": True})
    assert _lines(simulated, iccid) == [("change", {"label": "depot-7", "imei_lock": True})]


def test_a_key_that_is_left_out_falls_back_to_its_default(simulated: Simulated) -> None:
    iccid = _untouched(simulated, "ATTACHED")
    simulated.put(f"/v2/sims/{iccid}", json={**FULL, "imei_lock": True, "status": "Disabled"})
    simulated.put(f"/v2/sims/{iccid}", json={})
    sim = simulated.get(f"/v2/sims/{iccid}").json()
    assert "label" not in sim
    assert (sim["imei_lock"], sim["status"]) == (False, "Enabled")


def test_a_sim_that_never_was_in_a_device_cannot_be_locked(simulated: Simulated) -> None:
    first = int(simulated.sim("GET", "fleet")["first_iccid"])
    iccid = next(str(first + n) for n in range(300) if simulated.truth(str(first + n))["imei"] is None)
    answer = simulated.put(f"/v2/sims/{iccid}", json={"imei_lock": True})
    assert answer.status_code == 409
    documents.check(documents.SIMS, "PUT", "/v2/sims/{iccid}", 409, answer.json())
    assert _lines(simulated, iccid) == []


def test_a_reset_is_queued_and_then_suspends_and_activates(simulated: Simulated) -> None:
    iccid = _untouched(simulated, "ONLINE")
    answer = simulated.post(f"/v2/sims/{iccid}/reset")
    assert (answer.status_code, answer.content) == (201, b"")
    assert simulated.truth(iccid)["connection"] == "ONLINE"
    simulated.sim("POST", "step", {"seconds": 3})
    events = simulated.get(f"/v2/sims/{iccid}/events?pageSize=5").json()
    assert [event["event_type"]["id"] for event in events[::-1]] == [9, 5, 16, 15, 8]
    simulated.sim("POST", "step", {"seconds": 60})
    assert simulated.truth(iccid)["connection"] == "ONLINE"
    assert _lines(simulated, iccid) == [("reset", {})]


def test_a_topup_by_card_is_paid_and_there_at_once(simulated: Simulated) -> None:
    iccid = _untouched(simulated, "ATTACHED")
    before = simulated.get(f"/v2/sims/{iccid}/quota/data").json()
    answer = simulated.post(f"/v2/sims/{iccid}/topup?payment_method=creditcard")
    assert (answer.status_code, answer.content) == (201, b"")
    assert answer.headers["location"].startswith(f"{simulated.address}/management-api/v2/orders/")
    after = simulated.get(f"/v2/sims/{iccid}/quota/data").json()
    assert after["accumulated_total_volume"] == before["accumulated_total_volume"] + 500
    assert after["volume"] == after["total_volume"] == round(before["volume"] + 500, 6)
    sms = simulated.get(f"/v2/sims/{iccid}/quota/sms").json()
    assert sms["accumulated_total_volume"] >= 500
    order = int(answer.headers["location"].rsplit("/", 1)[1])
    assert _lines(simulated, iccid) == [("topup", {"order": order, "payment_method": "creditcard", "paid": True})]


def test_a_topup_by_transfer_waits_for_its_money(simulated: Simulated) -> None:
    iccid = _untouched(simulated, "ATTACHED")
    order = simulated.post(f"/v2/sims/{iccid}/topup?payment_method=none").headers["location"].rsplit("/", 1)[1]
    detail = {"order": int(order), "payment_method": "banktransfer", "paid": False}
    assert _lines(simulated, iccid) == [("topup", detail)]
    volume = simulated.truth(iccid)["volume"]
    simulated.sim("POST", f"orders/{order}/pay")
    assert simulated.truth(iccid)["volume"] == round(volume + 500, 6)
    assert simulated.client.post(f"/_sim/orders/{order}/pay").status_code == 404


def test_a_method_that_the_account_may_not_use_is_refused(simulated: Simulated) -> None:
    iccid = simulated.some("ATTACHED")
    answer = simulated.post(f"/v2/sims/{iccid}/topup?payment_method=boleto")
    assert (answer.status_code, answer.json()) == (400, {"message": "Payment method used is not valid."})
    documents.check(documents.SIMS, "POST", "/v2/sims/{iccid}/topup", 400, answer.json())
