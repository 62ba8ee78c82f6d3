"""What ends an action is proof: a list that was read in part, an answer that was lost, or silence is none."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from console.actions import requests
from console.facts.actions import Action
from console.store.database import Database
from jobs.settle import settle
from tests.actions.conftest import Operator
from tests.actions.test_sending import states
from tests.jobs.test_polls_at_once import until_it_is_so
from tests.simulation import Simulation

pytestmark = pytest.mark.one_edition


async def shown(simulation: Simulation, iccid: str) -> tuple[str, str]:
    found = await simulation.ask("GET", f"sims/{iccid}")
    return found["status"], found["label"]


async def test_of_two_changes_of_a_sim_at_once_neither_undoes_the_other(
    otto: Operator, iccid: str, simulation: Simulation, db: Database
) -> None:
    await simulation.set(iccid, label="old")
    label = await otto.ask(requests.label(iccid, "new"))
    disable = await otto.ask(requests.status(iccid, enabled=False))
    await otto.fault(path=iccid, kind="delay", method="PUT", seconds=2)
    labelling = asyncio.create_task(otto.act(label))
    await until_it_is_so(db, "SELECT count(*) > 0 FROM actions WHERE sent_at IS NOT NULL")
    await asyncio.sleep(0.3)
    second = await otto.act(disable)
    assert (await labelling).state == "confirmed"
    if second.state != "confirmed":
        await otto.age(second, timedelta(seconds=2))
        second = await otto.act(second)
    assert second.state == "confirmed"
    assert await shown(simulation, iccid) == ("Disabled", "new")


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 404}, {"kind": "status", "status": 429}], ids=str)
async def test_what_was_done_is_not_said_to_be_refused_because_it_can_not_be_read_afterwards(
    otto: Operator, iccid: str, simulation: Simulation, fault: dict[str, object]
) -> None:
    action = await otto.ask(requests.label(iccid, f"pump {fault['status']}"))
    await otto.fault(path=iccid, kind="delay_after", method="PUT", seconds=1.5)
    doing = asyncio.create_task(otto.act(action))
    async with asyncio.timeout(10):
        while (await shown(simulation, iccid))[1] != f"pump {fault['status']}":  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await otto.fault(
        path=iccid, method="GET", times=4, **{"retry_after": 0} | fault if fault["status"] == 429 else fault
    )
    assert (await doing).state == "accepted"
    await simulation.ask("DELETE", "faults")
    assert (await otto.settle(action)).state == "confirmed"


async def test_a_lost_change_may_be_under_way_as_long_as_any_other(
    otto: Operator, iccid: str, simulation: Simulation
) -> None:
    await otto.fault(path=iccid, kind="drop_before", method="PUT", times=9)
    unknown = await otto.act(await otto.ask(requests.status(iccid, enabled=False)))
    await simulation.ask("DELETE", "faults")
    await otto.age(unknown, timedelta(minutes=9))
    assert (await otto.settle(unknown)).state == "unknown"
    await otto.age(unknown, timedelta(minutes=2))
    assert (await otto.settle(unknown)).state == "failed"


async def long_ago(otto: Operator, action: Action, by: timedelta) -> list[str]:
    """The states that it goes through when it is looked at again and again, so long after it was sent."""
    await otto.age(action, by)
    for _ in range(4):
        action = await otto.settle(action)
    return states(action)


async def test_a_message_that_1nce_no_longer_lists_stays_unknown(otto: Operator, iccid: str, db: Database) -> None:
    taken = await otto.act(await otto.ask(requests.sms(iccid, "hello", datetime.now(UTC))))
    async with db.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE actions SET sms_ids = '{999999999}'")
    assert await long_ago(otto, taken, timedelta(days=9)) == ["queued", "sending", "accepted", "unknown"]


async def test_a_reset_that_1nce_has_taken_is_not_said_to_have_failed(otto: Operator, iccid: str) -> None:
    taken = await otto.act(await otto.ask(requests.reset(iccid)))
    assert await long_ago(otto, taken, timedelta(minutes=61)) == ["queued", "sending", "accepted", "unknown"]
    await otto.simulation.ask("POST", "step", {"seconds": 60})
    assert (await otto.settle(taken)).state == "confirmed"


async def test_a_lost_message_is_found_beyond_the_first_page(
    otto: Operator, iccid: str, simulation: Simulation
) -> None:
    await otto.fault(path="/sms", kind="drop_after")
    unknown = await otto.act(await otto.ask(requests.sms(iccid, "hello", datetime.now(UTC))))
    await simulation.set(iccid, sms_volume=2000, connection="ONLINE", rat="LTE")
    for number in range(1001):
        await simulation.set(iccid, says=f"{number}")
    await otto.age(unknown, timedelta(minutes=11))
    assert (await otto.settle(unknown)).state == "accepted"


async def test_a_message_that_can_not_be_read_was_not_cancelled(
    otto: Operator, iccid: str, simulation: Simulation
) -> None:
    sent = await otto.act(await otto.ask(requests.sms(iccid, "hello", datetime.now(UTC))))
    await otto.fault(path="/sms/", kind="drop_before", method="DELETE")
    unknown = await otto.act(await otto.ask(requests.cancel_sms(iccid, sent.sms_ids[0])))
    assert unknown.state == "unknown"
    await simulation.ask("POST", "quirks", {"unnumbered": True})
    try:
        assert (await otto.settle(unknown)).state == "unknown"
    finally:
        await simulation.ask("POST", "quirks", {"unnumbered": False})


async def test_a_fault_of_ours_at_one_action_holds_up_no_other(
    otto: Operator, iccid: str, simulation: Simulation, db: Database
) -> None:
    fleet = await simulation.iccids()
    taken = [await otto.act(await otto.ask(requests.reset(one))) for one in (iccid, *fleet[-9:-1])]
    assert {one.state for one in taken} == {"accepted"}
    async with db.engine.begin() as connection:
        await connection.exec_driver_sql(f"UPDATE actions SET kind = 'cancel_sms' WHERE id = {taken[0].id}")
        await connection.exec_driver_sql("UPDATE actions SET due_at = now() - interval '1 minute'")
        await connection.exec_driver_sql(f"UPDATE actions SET due_at = '2020-01-01' WHERE id = {taken[0].id}")
    await simulation.ask("POST", "step", {"seconds": 60})
    with pytest.raises(KeyError, match="sms_id"):
        await settle({"worker": otto.acme.worker}, organization_id=otto.acme.id)
    async with db.reading() as reading:
        query = sa.text("SELECT count(*) FROM actions WHERE state = 'confirmed'")
        assert (await reading.execute(query)).scalar() == len(taken) - 1
