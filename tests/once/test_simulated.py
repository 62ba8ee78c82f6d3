"""The client against the simulated 1NCE, from the first sign-in to a top-up."""

from typing import Any

import httpx
import pytest

from console.once.client import OnceClient
from console.once.commands import Payment
from console.once.errors import NotFound, Unavailable, Unexpected
from console.once.http.rate_limit import CallPriority

UNKNOWN = "8988000000000000000"


async def fault(simulator_url: str, **asked: Any) -> None:
    async with httpx.AsyncClient(base_url=simulator_url) as control:
        (await control.post("/_sim/faults", json=asked)).raise_for_status()


async def ledger(simulator_url: str) -> Any:
    async with httpx.AsyncClient(base_url=simulator_url) as control:
        return (await control.get("/_sim/ledger")).json()


async def test_the_whole_fleet_is_read_page_by_page(simulated: OnceClient) -> None:
    pages = [await simulated.sims(number) for number in (1, 2, 3)]
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
    assert len((await simulated.sims(1, priority=CallPriority.COMMAND)).items) == 100


async def test_a_top_up_whose_answer_is_lost_is_charged_once_and_proved_by_the_quota(
    simulated: OnceClient, simulator_url: str
) -> None:
    iccid = (await simulated.sims(1, page_size=10)).items[0].iccid
    before = (await simulated.data_quota(iccid)).accumulated
    await fault(simulator_url, path="/topup$", kind="drop_after", times=1)
    with pytest.raises(Unavailable) as raised:
        await simulated.commands.top_up(iccid, Payment.CREDIT_CARD)
    assert raised.value.maybe_done
    after = (await simulated.data_quota(iccid)).accumulated
    assert before is not None
    assert after is not None
    assert after > before
    charged = [line for line in await ledger(simulator_url) if (line["kind"], line["iccid"]) == ("topup", iccid)]
    assert len(charged) == 1


async def test_a_sim_is_changed_and_stays_what_else_it_was(simulated: OnceClient) -> None:
    sim = (await simulated.sims(1, page_size=10)).items[1]
    await simulated.commands.configure(sim, label="Pump 7")
    changed = await simulated.sim(sim.iccid)
    assert changed.label == "Pump 7"
    assert (changed.status, changed.imei_lock) == (sim.status, sim.imei_lock)


async def test_a_field_that_is_left_out_or_renamed_is_unknown_and_never_zero(
    simulated: OnceClient, simulator_url: str
) -> None:
    iccid = (await simulated.sims(1, page_size=10)).items[0].iccid
    await fault(simulator_url, path="/quota/data$", kind="renamed", field="volume", to="remaining", times=1)
    quota = await simulated.data_quota(iccid)
    assert quota.left is None
    assert quota.total is not None
    await fault(simulator_url, path="/v2/sims$", kind="renamed", field="quota_status", times=1)
    assert {sim.data_class for sim in (await simulated.sims(1)).items} == {None}


async def test_a_list_whose_key_was_renamed_is_kept_as_it_came(simulated: OnceClient, simulator_url: str) -> None:
    await fault(simulator_url, path="/v2/sims$", kind="renamed", field="iccid", to="icc_id", times=1)
    page = await simulated.sims(1, page_size=10)
    assert page.items == []
    assert len(page.unreadable) == 10
    assert b"icc_id" in page.unreadable[0]


async def test_an_empty_200_is_not_found_for_one_thing_and_unexpected_for_a_list(
    simulated: OnceClient, simulator_url: str
) -> None:
    iccid = (await simulated.sims(1, page_size=10)).items[0].iccid
    await fault(simulator_url, path="/(status|sims)$", kind="empty", times=2)
    with pytest.raises(NotFound):
        await simulated.status(iccid)
    with pytest.raises(Unexpected):
        await simulated.sims(1)
