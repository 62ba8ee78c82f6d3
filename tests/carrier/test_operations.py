"""What 1NCE does not offer is unavailable with a reason, and called again a day later."""

from datetime import timedelta

import msgspec
import pytest

from console.carrier import reads
from console.carrier.rules import OPERATIONS
from console.once.errors import NotFound, NotOffered
from console.once.operations import OPERATIONS as ASKED
from tests.carrier.conftest import Worker, gauge
from tests.cast import Cast
from tests.serving import Served

pytestmark = pytest.mark.one_edition
ORDERS = "GET /management-api/v1/orders"
UNKNOWN = "8988228066612345678"


def test_the_page_knows_every_operation_that_the_workers_ask_for() -> None:
    assert set(OPERATIONS) == {operation.metric for operation in ASKED}


async def test_what_is_gone_is_switched_off_and_asked_for_no_more(worker: Worker, web: Served, cast: Cast) -> None:
    await worker.simulation.ask("POST", "capabilities", {"orders": 410})
    before = await worker.calls(ORDERS)
    for _ in range(3):
        with pytest.raises(NotOffered):
            await worker.client.orders.orders()
    assert await worker.calls(ORDERS) == before + 1

    off = await worker.operation("orders.list")
    assert off.available is False
    assert off.status == 410
    assert off.retry_at is not None
    assert off.since is not None
    assert off.retry_at - off.since == timedelta(days=1)
    assert off.unavailable_reason
    async with web.program(cast.acme_key) as program:
        operations = {one["name"]: one for one in (await program.get("/carrier")).json()["operations"]}
    assert operations["orders.list"]["unavailable_reason"] == off.unavailable_reason
    assert operations["sim.topup"]["available"] is None, "what was never asked for is not said to be offered"
    assert await gauge(worker.db, "console_carrier_operations_unavailable", "acme") == 1
    assert await gauge(worker.db, "console_carrier_operations_unavailable", "evil") == 0


async def test_a_viewer_reads_the_reason_and_eve_does_not(worker: Worker, web: Served, cast: Cast) -> None:
    assert cast.ada.organization_id != cast.eve.organization_id
    await worker.simulation.ask("POST", "capabilities", {"orders": 410})
    with pytest.raises(NotOffered):
        await worker.client.orders.orders()
    reason = (await worker.operation("orders.list")).unavailable_reason or ""
    assert reason
    async with web.signed_in("vera") as vera, web.signed_in("eve") as eve:
        assert reason in (await vera.get("/carrier")).text
        answer = await eve.get("/carrier")
        assert answer.status_code == 200
        assert reason not in answer.text


async def test_it_is_asked_for_again_after_a_day(worker: Worker, web: Served, cast: Cast) -> None:
    await worker.simulation.ask("POST", "capabilities", {"orders": 410})
    with pytest.raises(NotOffered):
        await worker.client.orders.orders()
    await worker.simulation.ask("POST", "capabilities", {"orders": True})
    with pytest.raises(NotOffered):
        await worker.client.orders.orders()
    await a_day_passes(worker, "orders.list")
    await worker.client.orders.orders()
    found = await worker.operation("orders.list")
    assert found.available is True
    assert found.unavailable_reason is None
    assert found.retry_at is None
    assert await gauge(worker.db, "console_carrier_operations_unavailable", "acme") == 0


async def a_day_passes(worker: Worker, operation: str) -> None:
    """For what is kept of this operation."""
    kept = msgspec.json.decode(await worker.kept("unavailable", operation))
    kept["retry_at_us"] -= 86_400_000_000
    await worker.keep("unavailable", {operation: msgspec.json.encode(kept)})


async def test_one_unknown_sim_switches_nothing_off(worker: Worker, web: Served) -> None:
    with pytest.raises(NotFound):
        await worker.client.status(UNKNOWN)
    await worker.once_clients.report()
    async with worker.db.reading() as reading:
        assert await reads.unavailable(reading, worker.id) == []
    assert (await worker.operation("sim.status")).available is None, "nor has it shown that 1NCE offers it"
    assert await gauge(worker.db, "console_carrier_operations_unavailable", "acme") == 0


async def test_what_answers_is_written_down_with_its_time(worker: Worker) -> None:
    iccid = (await worker.simulation.iccids())[0]
    assert (await worker.operation("sim.status")).available is None
    assert (await worker.circuit()).state == "unknown"
    await worker.client.status(iccid)
    await worker.once_clients.report()
    first = await worker.operation("sim.status")
    assert first.available is True
    assert (await worker.circuit()).state == "closed"
    assert (await worker.circuit()).answered_at == first.answered_at
    await worker.client.status(iccid)
    await worker.once_clients.report()
    second = await worker.operation("sim.status")
    assert second.since == first.since
    assert first.answered_at is not None
    assert second.answered_at is not None
    assert second.answered_at > first.answered_at


async def test_what_redis_knows_to_be_off_is_written_down_if_its_change_was_lost(worker: Worker) -> None:
    kept = {"reason": "1NCE does not offer orders.", "status": 410, "retry_at_us": 2**60}
    await worker.keep("unavailable", {"orders.list": msgspec.json.encode(kept)})
    await worker.once_clients.report()
    assert (await worker.operation("orders.list")).unavailable_reason == "1NCE does not offer orders."
