"""The client against the simulated 1NCE, from the first sign-in to a top-up."""

from typing import Any

import httpx
import pytest

from console.once.client import OnceClient
from console.once.commands import Payment
from console.once.errors import NotFound, Unavailable
from console.once.pace import Lane

UNKNOWN = "8988000000000000000"


async def fault(simulator_url: str, **asked: Any) -> None:
    async with httpx.AsyncClient(base_url=simulator_url) as control:
        (await control.post("/_sim/faults", json=asked)).raise_for_status()


async def ledger(simulator_url: str) -> Any:
    async with httpx.AsyncClient(base_url=simulator_url) as control:
        return (await control.get("/_sim/ledger")).json()


async def test_the_whole_fleet_is_walked_page_by_page(simulated: OnceClient) -> None:
    pages = [page async for page in simulated.walk_sims()]
    assert [len(page.items) for page in pages] == [100, 100, 50]
    assert {page.total for page in pages} == {250}
    assert len({sim.iccid for page in pages for sim in page.items}) == 250
    assert not any(page.unreadable for page in pages)


async def test_a_sim_its_status_its_quotas_and_its_events_can_be_read(simulated: OnceClient) -> None:
    assert await simulated.check() == 250
    listed = (await simulated.sims(1, page_size=10)).items[0]
    assert (await simulated.sim(listed.iccid)).imsi == listed.imsi
    assert (await simulated.status(listed.iccid)).connection in {"online", "attached", "offline", "blocked"}
    assert (await simulated.data_quota(listed.iccid)).service == "data"
    assert (await simulated.sms_quota(listed.iccid)).service == "sms"
    batch = await simulated.events(listed.iccid)
    assert batch.unknown == []
    assert batch.usage == []
    assert all(event.iccid == listed.iccid for event in batch.events)


async def test_an_unknown_sim_is_not_found(simulated: OnceClient) -> None:
    with pytest.raises(NotFound):
        await simulated.sim(UNKNOWN)


@pytest.mark.parametrize(
    "kind",
    [
        {"kind": "status", "status": 503},
        {"kind": "malformed", "status": 502},
        {"kind": "drop_before"},
        {"kind": "drop_after"},
        {"kind": "expire_token"},
    ],
)
async def test_a_fault_that_passes_is_got_over(simulated: OnceClient, simulator_url: str, kind: dict[str, Any]) -> None:
    await fault(simulator_url, path="/v2/sims$", times=1, **kind)
    assert len((await simulated.sims(1, lane=Lane.COMMAND)).items) == 100


async def test_a_top_up_whose_answer_is_lost_is_charged_once_and_proved_by_the_quota(
    simulated: OnceClient, simulator_url: str
) -> None:
    iccid = (await simulated.sims(1, page_size=10)).items[0].iccid
    before = (await simulated.data_quota(iccid)).accumulated
    await fault(simulator_url, path="/topup$", kind="drop_after", times=1)
    with pytest.raises(Unavailable) as told:
        await simulated.commands.top_up(iccid, Payment.CREDIT_CARD)
    assert told.value.maybe_done
    after = (await simulated.data_quota(iccid)).accumulated
    assert before is not None
    assert after is not None
    assert after > before
    assert str(await ledger(simulator_url)).count("topup") == 1


async def test_a_sim_is_changed_and_stays_what_else_it_was(simulated: OnceClient) -> None:
    sim = (await simulated.sims(1, page_size=10)).items[1]
    await simulated.commands.configure(sim, label="Pump 7")
    changed = await simulated.sim(sim.iccid)
    assert changed.label == "Pump 7"
    assert (changed.status, changed.imei_lock) == (sim.status, sim.imei_lock)
