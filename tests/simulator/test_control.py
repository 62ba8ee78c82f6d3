"""The control API: what a test sets is so at once, and what the network would report is reported."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.simulator.conftest import Simulated


def _status(simulated: Simulated, iccid: str) -> dict[str, Any]:
    status: dict[str, Any] = simulated.get(f"/v2/sims/{iccid}/status").json()
    return status


def _new_events(simulated: Simulated, iccid: str, after: int) -> list[int]:
    events = simulated.get(f"/v2/sims/{iccid}/events?pageSize=1000").json()
    return [event["event_type"]["id"] for event in events[::-1] if event["id"] > after]


def _last_event(simulated: Simulated, iccid: str) -> int:
    events = simulated.get(f"/v2/sims/{iccid}/events?pageSize=1").json()
    return int(events[0]["id"]) if events else 0


def test_a_sim_set_online_has_a_session_at_once(simulated: Simulated) -> None:
    iccid = simulated.some("OFFLINE")
    last = _last_event(simulated, iccid)
    simulated.set(iccid, connection="ONLINE")
    status = _status(simulated, iccid)
    assert status["status"]["description"] == "ONLINE"
    assert len(status["pdp_contexts"]) >= 1
    assert _new_events(simulated, iccid, last) == [1, 2, 3]


def test_a_sim_set_offline_is_gone_from_the_network(simulated: Simulated) -> None:
    iccid = simulated.some("ONLINE")
    last = _last_event(simulated, iccid)
    simulated.set(iccid, connection="OFFLINE")
    status = _status(simulated, iccid)
    assert status["status"]["description"] == "OFFLINE"
    assert "pdp_contexts" not in status
    assert _new_events(simulated, iccid, last) == [5, 16, 15]


def test_a_blocked_sim_is_blocked_until_it_is_set_otherwise(simulated: Simulated) -> None:
    iccid = simulated.some("ONLINE")
    last = _last_event(simulated, iccid)
    simulated.set(iccid, connection="BLOCKED")
    assert _status(simulated, iccid)["status"]["description"] == "BLOCKED"
    assert _new_events(simulated, iccid, last) == [5, 11]
    simulated.set(iccid, connection="ATTACHED")
    assert _status(simulated, iccid)["status"]["description"] == "ATTACHED"


def test_a_sim_can_be_moved_to_another_operator(simulated: Simulated) -> None:
    iccid = simulated.some("ONLINE")
    last = _last_event(simulated, iccid)
    simulated.set(iccid, operator="Telia")
    status = _status(simulated, iccid)
    assert status["location"]["operator"]["name"] == "Telia"
    assert status["location"]["country"]["iso_code"] == "se"
    assert status["pdp_contexts"][0]["mcc"] == "240"
    assert _new_events(simulated, iccid, last) == [5, 1, 2, 3]
    simulated.set(iccid, country="fr", cell=4321)
    assert _status(simulated, iccid)["pdp_contexts"][0]["ci"] == "4321"
    assert _status(simulated, iccid)["location"]["country"]["iso_code"] == "fr"


def test_label_and_status_show_in_the_inventory_at_once(simulated: Simulated) -> None:
    iccid = simulated.some("ATTACHED")
    simulated.get("/v2/sims?pageSize=100")
    simulated.set(iccid, label="cellar-meter", status="Disabled")
    sim = simulated.get(f"/v2/sims/{iccid}").json()
    assert (sim["label"], sim["status"]) == ("cellar-meter", "Disabled")
    assert _status(simulated, iccid)["status"]["description"] == "OFFLINE"
    simulated.set(iccid, label=None, status="Enabled")
    assert "label" not in simulated.get(f"/v2/sims/{iccid}").json()


def test_a_quota_set_to_nothing_ends_the_session_and_refuses_the_next(simulated: Simulated) -> None:
    iccid = simulated.some("ONLINE")
    last = _last_event(simulated, iccid)
    simulated.set(iccid, volume=0)
    assert _new_events(simulated, iccid, last) == [18, 19, 5]
    events = simulated.get(f"/v2/sims/{iccid}/events").json()
    assert events[0]["detail"]["data_service_failure_cause"] == "QUOTA_EXHAUSTED"
    quota = simulated.get(f"/v2/sims/{iccid}/quota/data").json()
    assert quota["status"] == {"id": 0, "description": "EXHAUSTED"}
    assert quota["volume"] <= 0
    assert simulated.get(f"/v2/sims/{iccid}").json()["quota_status"]["id"] == 2
    refused = simulated.client.post(f"/_sim/sims/{iccid}", json={"connection": "ONLINE"})
    assert refused.status_code == 409
    simulated.set(iccid, topups=1, connection="ONLINE")
    assert simulated.get(f"/v2/sims/{iccid}").json()["quota_status"]["id"] == 0


def test_a_locked_sim_in_another_device_is_cut_off_until_it_is_locked_anew(simulated: Simulated) -> None:
    iccid = simulated.some("ONLINE")
    simulated.set(iccid, imei_lock=True, held=True)
    simulated.set(iccid, connection="ONLINE")
    simulated.set(iccid, imei="3526510700000101")
    event = simulated.get(f"/v2/sims/{iccid}/events?pageSize=1").json()[0]
    assert (event["event_type"]["id"], event["detail"]["data_service_failure_cause"]) == (5, "IMEI_LOCK_BREACHED")
    refused = simulated.client.post(f"/_sim/sims/{iccid}", json={"connection": "ONLINE"})
    assert refused.status_code == 409
    simulated.set(iccid, imei_lock=False)
    simulated.set(iccid, imei_lock=True, connection="ONLINE")


def test_data_used_by_order_is_reported_and_taken_from_the_quota(simulated: Simulated) -> None:
    iccid = simulated.some("ONLINE")
    before = simulated.truth(iccid)
    after = simulated.set(iccid, use=1.5)
    assert round(before["volume"] - after["volume"], 6) == 1.5
    assert round(after["reported"] - before["reported"], 6) == round(1.5 + before["used"] - before["reported"], 6)
    assert after["reported"] == after["used"]
    other = simulated.some("OFFLINE", 1)
    assert simulated.client.post(f"/_sim/sims/{other}", json={"use": 1}).status_code == 409
    assert simulated.set(other, connection="ONLINE", use=1)["used"] >= 1


def test_a_held_sim_does_nothing_while_the_others_live(simulated: Simulated) -> None:
    iccid = simulated.some("ONLINE")
    simulated.set(iccid, held=True, connection="ATTACHED")
    held = simulated.truth(iccid)
    changes = simulated.sim("GET", "fleet")["changes"]
    simulated.sim("POST", "step", {"seconds": 3600})
    assert simulated.truth(iccid) == held
    assert simulated.sim("GET", "fleet")["changes"] > changes


def test_a_fleet_that_stands_still_does_not_change(looked_at: Simulated) -> None:
    before = {iccid: looked_at.truth(iccid) for iccid in looked_at.iccids()}
    time.sleep(0.5)
    assert {iccid: looked_at.truth(iccid) for iccid in looked_at.iccids()} == before


def test_a_fleet_lives_when_it_is_resumed_and_stops_when_it_is_paused(simulated: Simulated) -> None:
    before = simulated.sim("GET", "fleet")
    assert before["still"] is True
    simulated.sim("POST", "resume", {"speed": 200})
    time.sleep(0.5)
    after = simulated.sim("POST", "pause")
    assert after["seconds"] - before["seconds"] > 50
    assert after["changes"] > before["changes"]
    time.sleep(0.2)
    assert simulated.sim("GET", "fleet")["seconds"] == after["seconds"]


def test_calls_are_counted_by_path_and_second(simulated: Simulated) -> None:
    begin = int(time.time())
    for iccid in simulated.iccids()[:5]:
        simulated.get(f"/v2/sims/{iccid}/status")
    simulated.get("/v2/sims/1/status")
    handler = "GET /management-api/v2/sims/{iccid}/status"
    reported = simulated.sim("GET", f"requests?since={begin}")
    assert sum(second["counts"].get(handler, 0) for second in reported["seconds"]) >= 6
    assert all(second["second"] >= begin for second in reported["seconds"])
    assert reported["totals"][handler]["404"] >= 1


@pytest.mark.parametrize("fields", [{"connection": "UP"}, {"colour": "red"}, {"operator": "Nobody"}, {"status": "On"}])
def test_no_such_field_or_value_is_refused(simulated: Simulated, fields: dict[str, str]) -> None:
    iccid = simulated.iccids()[0]
    before = simulated.truth(iccid)
    assert simulated.client.post(f"/_sim/sims/{iccid}", json=fields).status_code == 400
    assert simulated.truth(iccid) == before
