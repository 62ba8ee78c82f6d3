"""What 1NCE's orders prove of a top-up of which nobody knows whether it was done."""

from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
import sqlalchemy as sa

from console.actions.requests import PaymentMethod
from console.carrier.order_readings import EVER, OrderReading
from console.once.commands import Payment
from console.once.http.retry import RetryPolicy
from jobs.actions import order_search
from jobs.run import Run
from jobs.sync_orders import sync_orders
from tests.actions.conftest import Operator

pytestmark = pytest.mark.one_edition


async def test_an_unknown_bank_transfer_is_found_among_the_orders(otto: Operator, iccid: str) -> None:
    await otto.fault(path="topup", kind="status_after", status=500)
    found = await otto.settle(await otto.act(await otto.top_up(iccid, PaymentMethod.BANK_TRANSFER)))
    assert found.state == "accepted"
    assert found.order_number
    assert "days" in found.explanation
    await otto.simulation.ask("POST", f"orders/{found.order_number}/pay")
    assert (await otto.settle(found)).state == "confirmed"


@pytest_asyncio.fixture
async def pages_of_orders(otto: Operator) -> None:
    """More than one: so many are on each."""
    client = await otto.acme.worker.once_clients.client(otto.acme.id)
    assert client is not None
    for _ in range(10):
        await client.commands.top_up((await otto.simulation.iccids())[-1], Payment.BANK_TRANSFER)


@pytest.mark.usefixtures("pages_of_orders")
async def test_orders_that_1nce_lists_in_another_order_prove_only_what_they_show(otto: Operator, iccid: str) -> None:
    await otto.simulation.ask("POST", "quirks", {"orders_by_number": True})
    try:
        await otto.fault(path="topup", kind="status_after", status=500)
        unknown = await otto.act(await otto.top_up(iccid, PaymentMethod.BANK_TRANSFER))
        found = await otto.settle(unknown)
    finally:
        await otto.simulation.ask("POST", "quirks", {"orders_by_number": False})
    assert found.state == "accepted"


@pytest.mark.usefixtures("pages_of_orders")
async def test_a_page_of_orders_that_fails_is_passed_over_for_nobody(otto: Operator, iccid: str) -> None:
    unknown = []
    for one in (iccid, (await otto.simulation.iccids())[-3]):
        await otto.fault(path="topup", kind="status_after", status=500)
        unknown.append(await otto.act(await otto.top_up(one, PaymentMethod.BANK_TRANSFER)))
        await otto.age(unknown[-1], timedelta(minutes=11))
    await otto.age(unknown[0], due=True)
    await otto.fault(path="/orders", kind="malformed", method="GET", times=RetryPolicy().attempts)
    await otto.settle(unknown[1])
    assert [(await otto.read(action)).state for action in unknown] == ["unknown", "accepted"]
    assert (await otto.settle(unknown[0])).state == "accepted"


@pytest.mark.parametrize("quirk", ["zero_times", "unnumbered"])
async def test_an_order_that_can_not_be_read_whole_may_be_the_one_and_is_no_end_of_the_list(
    otto: Operator, iccid: str, quirk: str
) -> None:
    await otto.fault(path="topup", kind="status_after", status=500)
    unknown = await otto.act(await otto.top_up(iccid, PaymentMethod.BANK_TRANSFER))
    await otto.age(unknown, timedelta(minutes=11))
    await otto.simulation.ask("POST", "quirks", {quirk: True})
    try:
        assert (await otto.settle(unknown)).state == "unknown", "nobody may be asked to buy it once more"
    finally:
        await otto.simulation.ask("POST", "quirks", {quirk: False})
    await otto.age(unknown, due=True)
    assert (await otto.settle(unknown)).state == "accepted"


@pytest.mark.parametrize("field", ["sims", "order_type"])
async def test_an_order_that_does_not_say_what_it_is_for_may_be_the_one(otto: Operator, iccid: str, field: str) -> None:
    await otto.fault(path="topup", kind="status_after", status=500)
    unknown = await otto.act(await otto.top_up(iccid, PaymentMethod.BANK_TRANSFER))
    await otto.age(unknown, timedelta(minutes=11))
    await otto.fault(path="/orders", kind="renamed", method="GET", field=field, times=50)
    assert (await otto.settle(unknown)).state == "unknown", "nobody may be asked to buy it once more"
    await otto.simulation.ask("DELETE", "faults")
    await otto.age(unknown, due=True)
    assert (await otto.settle(unknown)).state == "accepted"


@pytest.mark.usefixtures("pages_of_orders")
async def test_that_nothing_was_ordered_is_proved_by_as_many_runs_as_it_takes(
    otto: Operator, iccid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_search, "PAGES", 2)
    await otto.fault(path="topup", kind="status", status=500)
    found = await otto.act(await otto.top_up(iccid, PaymentMethod.BANK_TRANSFER))
    await otto.age(found, timedelta(minutes=11))
    states: list[str] = []
    while found.state == "unknown" and len(states) < 9:
        found = await otto.settle(found)
        states.append(found.state)
    assert (states[0], states[-1]) == ("unknown", "failed"), states
    assert "no order of it" in found.explanation
    assert await otto.done(iccid) == 0


async def test_a_reading_that_began_while_the_request_was_under_way_proves_nothing(
    otto: Operator, iccid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = sa.text("SELECT began_at FROM order_readings")

    async def lost(iccid: str) -> datetime:
        await otto.fault(path="topup", kind="status", status=500)
        found = await otto.act(await otto.top_up(iccid, PaymentMethod.BANK_TRANSFER))
        await otto.age(found, timedelta(minutes=11))
        assert found.state == "unknown"
        assert (await otto.settle(found)).state == "failed"
        async with otto.db.reading() as reading:
            moment: datetime = (await reading.execute(began)).scalar_one()
        return moment

    first = await lost(iccid)
    assert await lost((await otto.simulation.iccids())[-4]) > first, "another was begun"


def at(minute: int) -> datetime:
    return datetime(2026, 11, 20, 10, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("pages", "minute"),
    [
        ([], None),
        ([[9, 8, 7]], 7),
        ([[9, 8, 7], [6, 5]], 5),
        ([[9, 8, 7], [8, 7, 6]], 6),  # a new one has pushed two of them on
        ([[9, 8, 7], [9, 8, 7]], 7),
        ([[9, 8, 7], [10, 6, 5]], 7),  # one that was not there before: they are not sorted, and others may be hidden
        ([[9, 8, 7], [10, 6, 5], [4, 3]], 7),
        ([[9]], None),  # which of them is the latest can't be seen
        ([[7, 8, 9]], None),
        ([[7, 8, 9], [6, 5]], None),
        ([[7, 8, 9], []], 0),
        ([[9, 8], [10, 7], []], 0),
        ([[]], 0),
    ],
)
def test_how_far_back_orders_were_read(pages: list[list[int]], minute: int | None) -> None:
    reading = OrderReading(began_at=at(10))
    for page in pages:
        reading = reading.after([(number, at(number)) for number in page])
    read_to = EVER if minute == 0 else None if minute is None else at(minute)
    assert (reading.pages, reading.read_to) == (len(pages), read_to)
    assert reading.reaches(at(8)) is (read_to is not None and read_to < at(8))
    assert not reading.reaches(EVER)


@pytest.mark.parametrize(
    ("minutes", "fault", "state"),
    [(15, {"kind": "status_after", "status": 500}, "accepted"), (-15, {"kind": "drop_before"}, "unknown")],
    ids=["ahead", "behind"],
)
async def test_what_a_worker_with_a_wrong_clock_has_sent_is_not_said_to_have_failed(
    otto: Operator, iccid: str, monkeypatch: pytest.MonkeyPatch, minutes: int, fault: dict[str, object], state: str
) -> None:
    """Its clock is so far ahead, and is the one that looks; or behind, and another looks at once."""
    off = timedelta(minutes=minutes)
    action = await otto.top_up(iccid, PaymentMethod.BANK_TRANSFER)
    await otto.age(action, timedelta(minutes=16))
    await otto.fault(path="topup", **fault)
    with monkeypatch.context() as wrong:
        wrong.setattr(Run, "now", lambda self: datetime.now(UTC) + off)
        assert (await otto.act(action)).state == "unknown"
        if minutes > 0:
            await otto.age(action, timedelta(minutes=11))
            assert (await otto.settle(action)).state == state
    if minutes < 0:
        assert (await otto.settle(action)).state == state


@pytest.mark.parametrize("method", [PaymentMethod.CREDIT_CARD, PaymentMethod.BANK_TRANSFER])
async def test_where_1nce_says_no_volume_a_completed_order_ends_a_top_up(
    otto: Operator, iccid: str, method: PaymentMethod
) -> None:
    await otto.fault(path="quota/data", kind="renamed", method="GET", field="accumulated_total_volume", times=50)
    taken = await otto.act(await otto.top_up(iccid, method))
    assert (await otto.settle(taken)).state == "accepted"
    if method is PaymentMethod.BANK_TRANSFER:
        await otto.acme.run(sync_orders)
        assert (await otto.settle(taken)).state == "accepted"
        await otto.simulation.ask("POST", f"orders/{taken.order_number}/pay")
    await otto.acme.run(sync_orders)
    found = await otto.settle(taken)
    assert (found.state, f"Order {taken.order_number} is completed." in found.explanation) == ("confirmed", True)
