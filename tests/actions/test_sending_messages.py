"""A worker sends each part of a message once, and finds those whose answers were lost."""

from datetime import UTC, datetime, timedelta

import pytest

from console.actions import requests
from console.actions.rules import SendResult
from console.actions.sending_writes import Sent, claim, note_sending, record_sent
from console.sms.reads import of_sim
from console.store.database import Database
from tests.actions.conftest import Operator
from tests.simulation import Simulation

pytestmark = pytest.mark.one_edition


async def test_a_message_of_three_parts_is_sent_and_found_delivered(
    otto: Operator, iccid: str, simulation: Simulation
) -> None:
    taken = await otto.act(await otto.ask(requests.sms(iccid, "x" * 400, datetime.now(UTC))))
    assert taken.state == "accepted"
    assert len(taken.sms_ids) == 3
    for _ in range(10):
        # Over NB-IoT no message gets through, and one device in some ninety has no room for more.
        await simulation.set(iccid, connection="ONLINE", rat="LTE", memory_full=False)
        await simulation.ask("POST", "step", {"seconds": 60})
        settled = await otto.settle(taken)
        if settled.state != "accepted":
            break
    assert settled.state == "confirmed"


async def test_a_message_that_stops_half_way_goes_on_where_it_stopped(otto: Operator, iccid: str, db: Database) -> None:
    before = await otto.done(iccid, "sms")
    action = await otto.ask(requests.sms(iccid, "x" * 400, datetime.now(UTC)))
    async with db.transaction() as transaction:
        claimed = await claim(transaction, otto.acme.id, action.id, datetime.now(UTC))
        assert claimed is not None
        assert await note_sending(transaction, claimed, 1, "POST", datetime.now(UTC))
        stopped = Sent(result=SendResult.NOT_SENT, sms_ids=["7"])
        await record_sent(transaction, claimed, stopped, datetime.now(UTC))
    await otto.age(action, due=True)
    found = await otto.act(action)
    assert (found.state, found.sms_ids[0], len(found.sms_ids)) == ("accepted", "7", 3)
    assert await otto.done(iccid, "sms") - before == 2


async def test_a_lost_message_is_found_in_the_list(otto: Operator, iccid: str) -> None:
    await otto.fault(path="/sms", kind="drop_after")
    unknown = await otto.act(await otto.ask(requests.sms(iccid, "hello", datetime.now(UTC))))
    assert unknown.state == "unknown"
    found = await otto.settle(unknown)
    assert (found.state, len(found.sms_ids)) == ("accepted", 1)


@pytest.mark.parametrize("quirk", ["zero_times", "unnumbered"])
async def test_a_message_that_can_not_be_read_whole_may_be_the_lost_one(otto: Operator, iccid: str, quirk: str) -> None:
    await otto.fault(path="/sms", kind="drop_after")
    unknown = await otto.act(await otto.ask(requests.sms(iccid, "hello", datetime.now(UTC))))
    await otto.age(unknown, timedelta(minutes=11))
    await otto.simulation.ask("POST", "quirks", {quirk: True})
    try:
        assert (await otto.settle(unknown)).state == "unknown", "nobody may be asked to send it once more"
    finally:
        await otto.simulation.ask("POST", "quirks", {quirk: False})


async def test_a_lost_message_that_is_not_in_the_list_was_not_sent(otto: Operator, iccid: str) -> None:
    await otto.fault(path="/sms", kind="drop_before")
    unknown = await otto.act(await otto.ask(requests.sms(iccid, "hello", datetime.now(UTC))))
    await otto.age(unknown, timedelta(minutes=11))
    assert (await otto.settle(unknown)).state == "failed"


async def test_a_message_that_was_sent_is_in_the_conversation_before_its_sim_is_polled(
    otto: Operator, iccid: str, db: Database
) -> None:
    sent = await otto.act(await otto.ask(requests.sms(iccid, "reboot now", datetime.now(UTC))))
    async with db.reading() as reading:
        assert await of_sim(reading, otto.acme.id, iccid) == ([], None)
    await otto.settle(sent)
    async with db.reading() as reading:
        (message,), _ = await of_sim(reading, otto.acme.id, iccid)
    assert (message.id, message.direction, message.payload) == (sent.sms_ids[0], "mt", "reboot now")


async def test_of_two_lost_messages_alike_one_finds_the_one_that_was_sent(otto: Operator, iccid: str) -> None:
    lost = []
    for kind in ("drop_after", "drop_before"):
        await otto.fault(path="/sms", kind=kind)
        lost.append(await otto.act(await otto.ask(requests.sms(iccid, "hello", datetime.now(UTC)), key=kind)))
        await otto.age(lost[-1], timedelta(minutes=11))
    for action in lost:
        await otto.age(action, due=True)
    await otto.settle(lost[0])
    found = [await otto.read(action) for action in lost]
    assert sorted(action.state for action in found) == ["accepted", "failed"]
