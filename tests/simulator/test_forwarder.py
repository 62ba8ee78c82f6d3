"""The SMS Forwarder: each message and each report by itself, until somebody has taken it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from simulator.fleet import sms_delivery
from simulator.fleet.fleet import Fleet
from simulator.streamer.forwarder import PATIENCE, Forwarder
from tests.simulator.conftest import Simulated
from tests.simulator.receiver import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@pytest.fixture
def forwarding(simulated: Simulated, receiver: Receiver) -> Iterator[Simulated]:
    waiting = simulated.sim("POST", "forwarder", {"to": receiver.address})["waiting"]
    receiver.until(lambda: len(receiver.accepted) >= waiting)
    receiver.forget()
    yield simulated
    simulated.sim("POST", "forwarder", {"to": ""})


def test_what_a_device_says_is_posted_and_then_no_longer_pending(forwarding: Simulated, receiver: Receiver) -> None:
    iccid = forwarding.listening()
    forwarding.set(iccid, says="DOOR open")
    receiver.until(lambda: len(receiver.accepted) == 1)
    (message,) = receiver.accepted
    assert receiver.methods == ["POST"]
    assert (message["payload"], message["endpoint"]["name"]) == ("DOOR open", iccid)

    def is_delivered() -> bool:
        listed = forwarding.get(f"/v2/sims/{iccid}/sms/{message['id']}").json()
        return bool(listed["status"]["description"] == "DELIVERED")

    receiver.until(is_delivered)  # when the answer has come back to it


def test_what_became_of_a_message_is_patched(forwarding: Simulated, receiver: Receiver) -> None:
    iccid = forwarding.listening()
    id_ = forwarding.texted(iccid)
    forwarding.sim("POST", "step", {"seconds": 5})
    receiver.until(lambda: any(record["id"] == int(id_) for record in receiver.accepted))
    at = next(at for at, record in enumerate(receiver.accepted) if record["id"] == int(id_))
    assert receiver.methods[at] == "PATCH"
    assert receiver.accepted[at]["status"] == {"id": 4, "status": "DELIVERED"}
    assert set(receiver.accepted[at]) == {"id", "submit_date", "final_date", "status"}


def test_only_a_200_takes_a_message(forwarding: Simulated, receiver: Receiver) -> None:
    receiver.answers = [500, 302, 202]
    iccid = forwarding.listening()
    forwarding.set(iccid, says="AGAIN")
    receiver.until(lambda: len(receiver.accepted) == 1)
    assert [post["payload"] for post in receiver.posts] == ["AGAIN"] * 4


def test_what_nobody_has_taken_waits_for_an_address(simulated: Simulated, receiver: Receiver) -> None:
    simulated.sim("POST", "forwarder", {"to": ""})
    iccid = simulated.listening()
    simulated.set(iccid, says="EARLY")
    assert simulated.get(f"/v2/sims/{iccid}/sms").json()[0]["status"]["description"] == "PENDING"
    simulated.sim("POST", "forwarder", {"to": receiver.address})
    receiver.until(lambda: any(record.get("payload") == "EARLY" for record in receiver.accepted))
    simulated.sim("POST", "forwarder", {"to": ""})


def test_a_device_that_is_not_there_says_nothing(simulated: Simulated) -> None:
    iccid = simulated.listening()
    simulated.set(iccid, connection="OFFLINE")
    assert simulated.client.post(f"/_sim/sims/{iccid}", json={"says": "hello"}).status_code == 409
    assert simulated.get(f"/v2/sims/{iccid}/sms").json() == []


async def test_a_message_that_nobody_takes_for_a_day_is_given_up(receiver: Receiver) -> None:
    receiver.answers = [503] * 1000
    now = [0.0]
    fleet = Fleet(50, 7)
    forwarder = Forwarder(fleet, 0.01, lambda: now[0])
    fleet.message_store.listeners = [forwarder]
    forwarder.send_to(receiver.address)
    card = next(card for card in fleet.cards if sms_delivery.reachable(card) and sms_delivery.barred(card) is None)
    assert sms_delivery.send_from_device(fleet, card, "IGNORED") is not None
    running = asyncio.create_task(forwarder.run())
    await asyncio.to_thread(receiver.until, lambda: forwarder.as_json()["last_answer"] == "503")
    assert forwarder.as_json()["waiting"] == 1
    now[0] += PATIENCE + 1
    await asyncio.to_thread(receiver.until, lambda: forwarder.as_json()["given_up"] == 1)
    assert forwarder.as_json()["waiting"] == 0
    running.cancel()
