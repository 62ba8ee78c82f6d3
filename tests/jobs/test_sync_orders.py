"""The price list, the orders and the tickets of the simulated 1NCE are kept, each also where another is not offered."""

from datetime import UTC, datetime

import pytest

from console.carrier import orders, products, tickets
from console.carrier.reads import operation
from console.store.database import Database
from jobs.sync_orders import sync_orders
from tests.jobs.conftest import Acme
from tests.simulation import Simulation

pytestmark = pytest.mark.one_edition


async def test_what_1nce_lists_is_kept(acme: Acme, db: Database, simulation: Simulation) -> None:
    now = datetime.now(UTC)
    await simulation.ask("POST", "capabilities", {"products": 410})
    try:
        await acme.run(sync_orders)
    finally:
        await simulation.ask("POST", "capabilities", {"products": True})
    async with db.reading() as reading:
        assert await products.listed(reading, acme.id) == []
        assert (await products.top_up_price(reading, acme.id, now)).known_by == "unknown"
        assert "does not offer products" in str((await operation(reading, acme.id, "products.list")).unavailable_reason)
        found, _ = await orders.page(reading, acme.id, limit=1_000)
        asked, _ = await tickets.page(reading, acme.id, limit=1_000)
    ledger = await simulation.ask("GET", "ledger")
    topped_up = {str(entry["detail"]["order"]) for entry in ledger if entry["kind"] == "topup"}
    gone = {str(entry["detail"]["order"]) for entry in ledger if entry["kind"] == "order.gone"}  # by other tests
    assert topped_up - gone == {order.number for order in found if order.type == "topup"}
    assert (found[-1].type, found[-1].status, found[-1].currency) == ("first_order", "completed", "EUR")
    bought = sum(order.sims for order in found if order.type != "topup")
    assert bought == len(await simulation.iccids())
    assert len(found[-1].iccids) == min(orders.SIMS_SHOWN, found[-1].sims)
    assert found[-1].amount_minor == found[-1].sims * 1190  # gross
    assert (asked[-1].subject, asked[-1].status) == ("Invoice address", "closed")
    assert [one.incoming for one in asked[-1].communications] == [True, False]

    await db.redis.flushdb()  # it would be asked again in a day
    await acme.run(sync_orders)
    async with db.reading() as reading:
        price = await products.top_up_price(reading, acme.id, datetime.now(UTC))
        assert (price.amount_minor, price.currency, price.known_by) == (1000, "EUR", "products")
        assert "1NCE Top Up - 500 MB and 250 SMS" in price.explanation
        assert len(await products.listed(reading, acme.id)) == 5
        assert await orders.page(reading, acme.id, limit=1_000) == (found, None)
        page, following = await orders.page(reading, acme.id, iccid=found[-1].iccids[0], limit=1)
    assert (page[0].number, following is None) == (found[-1].number, True)
