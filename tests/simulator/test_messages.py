"""Short messages: what becomes of them, who counts them, and how long they are remembered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.simulator import documents
from tests.simulator.conftest import Simulated

SMS = "/v2/sims/{iccid}/sms"
ONE = "/v2/sims/{iccid}/sms/{id}"


def _one(simulated: Simulated, iccid: str, id_: str) -> dict[str, Any]:
    answer = simulated.get(f"/v2/sims/{iccid}/sms/{id_}")
    assert answer.status_code == 200, answer.text
    documents.check_answer(documents.SIMS, "GET", ONE, answer)
    message: dict[str, Any] = answer.json()
    return message


def _all(simulated: Simulated, iccid: str, query: str = "") -> list[dict[str, Any]]:
    answer = simulated.get(f"/v2/sims/{iccid}/sms{query}")
    documents.check_answer(documents.SIMS, "GET", SMS, answer)
    messages: list[dict[str, Any]] = answer.json()
    return messages


def test_a_message_is_pending_and_then_delivered(simulated: Simulated) -> None:
    iccid = simulated.listening()
    id_ = simulated.texted(iccid, "open valve", source_address="4711")
    pending = _one(simulated, iccid, id_)
    assert (pending["id"], pending["status"]) == (int(id_), {"id": 2, "description": "PENDING"})
    assert (pending["source_address"], pending["sms_type"]) == ("4711", {"id": 1, "description": "MT"})
    simulated.sim("POST", "step", {"seconds": 5})
    delivered = _one(simulated, iccid, id_)
    assert delivered["status"] == {"id": 4, "description": "DELIVERED"}
    assert delivered["final_date"] == delivered["delivery_date"]
    assert simulated.ledger(iccid) == [("sms", {"id": int(id_), "payload": "open valve"})]


def test_a_message_waits_until_its_device_is_back(simulated: Simulated) -> None:
    iccid = simulated.listening()
    simulated.set(iccid, connection="OFFLINE")
    id_ = simulated.texted(iccid)
    simulated.sim("POST", "step", {"seconds": 600})
    waiting = _one(simulated, iccid, id_)
    assert waiting["status"]["id"] == 2
    assert (waiting["retry_count"], waiting["gsm_map_error"]) == (1, "ABSENT_SUBSCRIBER")
    simulated.sim("POST", "quirks", {"buffered_shown": True})
    assert simulated.get(f"/v2/sims/{iccid}/sms/{id_}").json()["status"] == {"id": 3, "description": "BUFFERED"}
    simulated.set(iccid, connection="ATTACHED")
    simulated.sim("POST", "step", {"seconds": 5})
    assert _one(simulated, iccid, id_)["status"]["id"] == 4


def test_nothing_is_delivered_over_nb_iot(simulated: Simulated) -> None:
    iccid = simulated.listening()
    simulated.set(iccid, rat="NB-IoT")
    id_ = simulated.texted(iccid)
    simulated.sim("POST", "step", {"seconds": 60})
    assert _one(simulated, iccid, id_)["gsm_map_error"] == "ABSENT_SUBSCRIBER"


def test_a_message_expires_when_its_time_is_up(simulated: Simulated) -> None:
    iccid = simulated.listening()
    simulated.set(iccid, connection="OFFLINE")
    soon = (datetime.now(UTC) + timedelta(minutes=10)).isoformat()
    id_ = simulated.texted(iccid, expiry_date=soon)
    simulated.sim("POST", "step", {"seconds": 590})
    assert _one(simulated, iccid, id_)["status"]["id"] == 2
    simulated.sim("POST", "step", {"seconds": 20})
    assert _one(simulated, iccid, id_)["status"] == {"id": 6, "description": "EXPIRED"}


@pytest.mark.parametrize("change", [{"memory_full": True}, {"connection": "BLOCKED"}, {"status": "Disabled"}])
def test_a_message_that_can_never_arrive_fails(simulated: Simulated, change: dict[str, Any]) -> None:
    iccid = simulated.listening()
    id_ = simulated.texted(iccid)
    simulated.set(iccid, **change)
    simulated.sim("POST", "step", {"seconds": 5})
    assert _one(simulated, iccid, id_)["status"] == {"id": 5, "description": "FAILED"}


def test_a_pending_message_can_be_called_back_and_is_gone(simulated: Simulated) -> None:
    iccid = simulated.listening()
    id_ = simulated.texted(iccid)
    answer = simulated.delete(f"/v2/sims/{iccid}/sms/{id_}")
    assert (answer.status_code, answer.json()) == (200, {"id": id_})
    documents.check_answer(documents.SIMS, "DELETE", ONE, answer)
    simulated.sim("POST", "step", {"seconds": 5})
    assert _all(simulated, iccid) == []
    assert simulated.delete(f"/v2/sims/{iccid}/sms/{id_}").status_code == 404
    assert simulated.ledger(iccid)[-1] == ("sms.cancel", {"id": int(id_)})


def test_a_delivered_message_cannot_be_called_back(simulated: Simulated) -> None:
    iccid = simulated.listening()
    id_ = simulated.texted(iccid)
    simulated.sim("POST", "step", {"seconds": 5})
    answer = simulated.delete(f"/v2/sims/{iccid}/sms/{id_}")
    assert answer.status_code == 400
    documents.check_answer(documents.SIMS, "DELETE", ONE, answer)
    assert _one(simulated, iccid, id_)["status"]["id"] == 4
    assert [kind for kind, _ in simulated.ledger(iccid)] == ["sms"]


def test_a_question_is_answered_by_the_device_after_a_while(simulated: Simulated) -> None:
    iccid = simulated.listening()
    simulated.texted(iccid, "are you there?")
    simulated.sim("POST", "step", {"seconds": 30})
    answer, asked = _all(simulated, iccid)
    assert (asked["sms_type"]["description"], answer["sms_type"]["description"]) == ("MT", "MO")
    assert answer["payload"] == "OK are you there?"
    assert answer["source_address"] == answer["msisdn"]
    assert answer["status"]["id"] == 2


def test_some_devices_speak_up_by_themselves_and_more_often_answer(started: Callable[..., Simulated]) -> None:
    simulated = started("--still")
    simulated.sim("POST", "step", {"seconds": 3 * 86_400})
    said = [message for iccid in simulated.iccids() for message in _all(simulated, iccid)]
    assert len(said) > 30
    assert {message["sms_type"]["id"] for message in said} == {2}


def test_each_message_counts_and_the_last_ones_are_warned_of(simulated: Simulated) -> None:
    iccid = simulated.listening()
    before = simulated.get(f"/v2/sims/{iccid}/quota/sms").json()
    simulated.texted(iccid)
    after = simulated.get(f"/v2/sims/{iccid}/quota/sms").json()
    assert after["volume"] == before["volume"] - 1
    simulated.set(iccid, sms_volume=1)
    simulated.texted(iccid)
    refused = simulated.post(f"/v2/sims/{iccid}/sms", json={"payload": "one more"})
    assert refused.status_code == 409
    documents.check_answer(documents.SIMS, "POST", SMS, refused)
    events = simulated.get(f"/v2/sims/{iccid}/events?pageSize=2")
    documents.check_answer(documents.SIMS, "GET", "/v2/sims/{iccid}/events", events)
    used_up, threshold = events.json()
    assert (threshold["event_type"]["id"], used_up["event_type"]["id"]) == (20, 21)
    assert used_up["detail"]["quota"]["volume"] == 0
    assert simulated.get(f"/v2/sims/{iccid}").json()["quota_status_SMS"]["id"] == 2
    assert len(simulated.ledger(iccid)) == 2


def test_a_disabled_sim_is_sent_nothing(simulated: Simulated) -> None:
    iccid = simulated.listening()
    simulated.set(iccid, status="Disabled")
    assert simulated.post(f"/v2/sims/{iccid}/sms", json={"payload": "hello"}).status_code == 409
    assert simulated.ledger(iccid) == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"payload": ""},
        {"payload": 7},
        {"payload": "a" * 161},
        {"payload": "a" * 154, "udh": "050003CC0301"},
        {"payload": "ä" * 71, "dcs": 8},
        {"payload": "xyz", "dcs": 4},
        {"payload": "a", "dcs": 3},
        {"payload": "a", "udh": "0Z"},
        {"payload": "a", "source_address_type": {"id": 1}},
        {"payload": "a", "expiry_date": "tomorrow"},
        {"payload": "a", "expiry_date": "2020-01-01T00:00:00Z"},
        {"payload": "a", "expiry_date": "2099-01-01T00:00:00Z"},
    ],
)
def test_what_is_no_message_is_refused(simulated: Simulated, body: Any) -> None:
    iccid = simulated.listening()
    answer = simulated.post(f"/v2/sims/{iccid}/sms", json=body)
    assert answer.status_code == 400
    documents.check_answer(documents.SIMS, "POST", SMS, answer)
    assert _all(simulated, iccid) == []
    assert simulated.ledger(iccid) == []


def test_a_message_as_long_as_one_can_be_is_taken(simulated: Simulated) -> None:
    iccid = simulated.listening()
    for body in (
        {"payload": "a" * 160},
        {"payload": "ä" * 67, "dcs": 8, "udh": "00"},
        {"payload": "ff" * 140, "dcs": 4},
    ):
        assert simulated.post(f"/v2/sims/{iccid}/sms", json=body).status_code == 201


def test_messages_come_in_pages_newest_first(simulated: Simulated) -> None:
    iccid = simulated.listening()
    ids = [int(simulated.texted(iccid, f"n {n}")) for n in range(25)]
    assert [message["id"] for message in _all(simulated, iccid)] == ids[:4:-1]
    assert [message["id"] for message in _all(simulated, iccid, "?page=3&per_page=10")] == ids[4::-1]
    assert _all(simulated, iccid, "?page=9") == []
    refused = simulated.get(f"/v2/sims/{iccid}/sms?per_page=1001")
    assert refused.status_code == 400
    documents.check_answer(documents.SIMS, "GET", SMS, refused)


def test_messages_are_forgotten_after_seven_days(started: Callable[..., Simulated]) -> None:
    simulated = started("--still", "--sims", "40")
    iccid = simulated.listening()
    id_ = simulated.texted(iccid, "status")
    simulated.sim("POST", "step", {"seconds": 6.9 * 86_400})
    assert _one(simulated, iccid, id_)["status"]["id"] == 4
    simulated.sim("POST", "step", {"seconds": 0.2 * 86_400})
    assert simulated.get(f"/v2/sims/{iccid}/sms/{id_}").status_code == 404


def test_the_same_seed_gives_the_same_messages(started: Callable[..., Simulated]) -> None:
    reported = []
    for _ in range(2):
        simulated = started("--still", "--sims", "100")
        simulated.sim("POST", "step", {"seconds": 86_400})
        messages = [message for iccid in simulated.iccids() for message in _all(simulated, iccid)]
        reported.append([(message["iccid"], message["payload"]) for message in messages])
    assert reported[0] == reported[1] != []
