"""What belongs to no SIM: orders, products, tickets, and the first look at one: against the simulated 1NCE."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest
from msgspec import json, to_builtins

from console.once.client import OnceClient
from console.once.commands import Payment
from console.once.errors import NotFound, NotOffered, OnceError, Unavailable
from console.once.http.changes import CircuitState
from console.once.probe import ProbeResult, probe
from console.once.wire.daily_usage import DailyUsage, read_daily_usage
from console.once.wire.masking import shape
from console.once.wire.orders import Address, read_order, read_product
from console.once.wire.tickets import read_ticket

from .conftest import ClientMaker
from .odd_server import Answer, OddServer

DAY = datetime(2026, 11, 20, tzinfo=UTC).date()


class Carrier:
    """The simulated 1NCE: its control endpoint and a client that need not wait."""

    def __init__(self, control: httpx.AsyncClient, once: OnceClient) -> None:
        self.control = control
        self.once = once

    async def set(self, setting: str, /, **asked: Any) -> None:
        (await self.control.post(f"/_sim/{setting}", json=asked)).raise_for_status()


@pytest.fixture
async def carrier(simulated: OnceClient, make_client: ClientMaker, simulator_url: str) -> Any:
    async with httpx.AsyncClient(base_url=simulator_url) as control:
        once = make_client(f"{simulator_url}/management-api", requests_per_second=9, slow_requests_per_second=9)
        carrier = Carrier(control, once)
        await carrier.set("capabilities", orders=True, products=True, support=True, usage=False)
        yield carrier


async def a_sim(once: OnceClient) -> str:
    return (await once.sims(1, page_size=10)).items[2].iccid


async def test_a_top_up_is_found_among_the_orders(carrier: Carrier) -> None:
    iccid = await a_sim(carrier.once)
    number = await carrier.once.commands.top_up(iccid, Payment.CREDIT_CARD)
    orders = await carrier.once.orders.orders()
    assert orders.total is not None
    found = next(order for order in orders.items if str(order.number) == number)
    assert (found.type, found.iccids, found.currency) == ("topup", [iccid], "EUR")
    assert found.amount is not None
    assert (await carrier.once.orders.order(found.number)).products == found.products


async def test_an_order_with_an_address_is_placed_once_and_found_by_its_number(carrier: Carrier) -> None:
    home = Address(last_name="Lovelace", street="St James's Square", city="London", country="GB")
    number = await carrier.once.orders.place_order({1001: 2, 1002: 1}, to=home, reference="pumps")
    assert number is not None
    order = await carrier.once.orders.order(number)
    assert {line.product_id: line.quantity for line in order.products} == {1001: 2, 1002: 1}
    assert order.address is not None
    assert order.address.last_name == "Lovelace"


async def test_an_order_whose_answer_is_lost_is_not_given_again(carrier: Carrier) -> None:
    before = (await carrier.once.orders.orders()).total
    await carrier.set("faults", path="/v1/orders$", method="POST", kind="drop_after", times=1)
    with pytest.raises(Unavailable) as raised:
        await carrier.once.orders.place_order({1001: 1})
    assert raised.value.maybe_done
    after = (await carrier.once.orders.orders()).total
    assert before is not None
    assert after == before + 1


async def test_an_unknown_order_is_not_found(carrier: Carrier) -> None:
    with pytest.raises(NotFound):
        await carrier.once.orders.order(1)


async def test_the_price_list_has_net_prices(carrier: Carrier) -> None:
    sims = next(product for product in await carrier.once.orders.products() if product.id == 1001)
    assert [(charge.amount, charge.currency) for charge in sims.once] == [(Decimal("10.0"), "EUR")]
    assert (sims.package_size, sims.least) == (1, 1)


async def test_a_service_request_is_opened_and_found_in_the_list(carrier: Carrier) -> None:
    await carrier.once.orders.open_ticket(
        subject="Coverage", text="None in the cellar.", sender="Ada", reply_to="ada@example.com"
    )
    ticket = (await carrier.once.orders.tickets(page_size=1)).items[0]
    assert (ticket.status, ticket.subject, ticket.text) == ("open", "Coverage", "None in the cellar.")
    assert ticket.opened_at is not None


@pytest.mark.parametrize("offer", [410, 404, 403])
async def test_what_1nce_takes_away_is_not_offered_and_the_rest_goes_on(carrier: Carrier, offer: int) -> None:
    await carrier.set("capabilities", orders=offer, support=offer)
    for ask in (carrier.once.orders.orders, carrier.once.orders.tickets):
        with pytest.raises(NotOffered):
            await ask()
    assert await carrier.once.orders.products()
    assert set((await carrier.once.carrier()).unavailable) == {"orders.list", "support.list"}


async def test_an_odd_order_is_read_as_far_as_it_goes() -> None:
    order = read_order(b'{"order_number": "7", "order_status": "HALF_DONE", "sims": null, "invoice_amount": "19.99"}')
    assert (order.number, order.status, order.iccids, order.amount) == (7, "half_done", [], Decimal("19.99"))
    assert read_product(b'{"id": "5", "one_time_charges": null}').once == []
    assert read_ticket(b'{"caseId": 12, "communications": [{"direction": "OUT"}]}').communications[0].incoming is False


@pytest.mark.parametrize(
    "body",
    [
        {"stats": [{"date": "2026-11-20", "data": {"volume": "1.5", "volume_tx": "0.5", "volume_rx": 1}, "sms": {}}]},
        [{"date": "2026-11-20T00:00:00Z", "data": {"volume": 1.5, "volume_tx": 0.5, "volume_rx": "1.0"}, "more": 1}],
    ],
)
def test_daily_usage_is_read_in_either_form(body: Any) -> None:
    expected = DailyUsage(day=DAY, data_bytes=1_572_864, sent_bytes=524_288, received_bytes=1_048_576, sms=None)
    assert read_daily_usage(json.encode(body)) == [expected]


def by_operation(probed: list[ProbeResult]) -> dict[str, ProbeResult]:
    return {one.operation: one for one in probed}


async def test_a_first_look_sees_every_readable_operation_and_changes_nothing(carrier: Carrier) -> None:
    iccid = await a_sim(carrier.once)
    await carrier.once.commands.send_sms(iccid, "secret words", source_address="1")
    await carrier.set("capabilities", support=410)
    ledger = (await carrier.control.get("/_sim/ledger")).json()
    probed = await probe(carrier.once, iccid)
    found = by_operation(probed)
    offered = {name for name, one in found.items() if one.offered}
    assert offered == {
        *("sims.list", "sim.get", "sim.status", "sim.quota.data", "sim.quota.sms", "sim.events", "sms.list", "sms.get"),
        *("orders.list", "order.get", "products.list"),
    }
    assert (found["support.list"].offered, found["support.list"].status) == (False, 410)
    assert (found["sim.usage"].offered, found["sim.usage"].status) == (None, 404)
    assert (probed[0].operation, probed[0].status, probed[0].offered) == ("sims.list", 401, None)
    assert probed[0].shape == {"message": "word"}
    assert found["sims.list"].headers["X-Total-Count"] == "number"
    assert (await carrier.control.get("/_sim/ledger")).json() == ledger
    assert set((await carrier.once.carrier()).unavailable) == {"support.list"}


async def test_a_first_look_keeps_1nces_words_and_nothing_of_the_customers(carrier: Carrier) -> None:
    iccid = await a_sim(carrier.once)
    sim = await carrier.once.sim(iccid)
    await carrier.once.commands.configure(sim, label="LOVELACE")
    await carrier.once.commands.send_sms(iccid, "SECRETWORD", source_address="1")
    kept = json.encode(to_builtins(await probe(carrier.once, iccid))).decode()
    for private in (iccid, sim.imsi, sim.imei, sim.msisdn, sim.ip_address, "LOVELACE", "SECRETWORD", "demo"):
        assert private is None or private not in kept
    for word in ("“More than 00% available”", "“COMPLETED”", "“MT”"):
        assert word in kept


async def test_daily_usage_is_used_once_a_first_look_has_seen_it(carrier: Carrier) -> None:
    iccid = await a_sim(carrier.once)
    await carrier.set("capabilities", usage=True)
    with pytest.raises(NotOffered):
        await carrier.once.daily_usage(iccid)
    assert by_operation(await probe(carrier.once, iccid))["sim.usage"].offered
    assert all(isinstance(day, DailyUsage) for day in await carrier.once.daily_usage(iccid))


async def test_a_usage_that_cannot_be_read_stays_off(client: OnceClient, odd: OddServer) -> None:
    iccid = "8988228066605682328"
    odd.will(f"/v2/sims/{iccid}/usage", Answer(body=b'{"hours": [1, 2]}'))
    seen = by_operation(await probe(client, iccid))["sim.usage"]
    assert (seen.offered, seen.shape) == (None, {"hours": ["number"]})
    with pytest.raises(NotOffered):
        await client.daily_usage(iccid)


async def test_a_first_look_at_a_1nce_that_is_down_says_so(make_client: ClientMaker, odd: OddServer) -> None:
    for path in ("/v2/sims", "/v1/products", "/v1/support", "/v1/orders"):
        odd.will(path, Answer(503, b"<html>Down</html>", {"Content-Type": "text/html"}))
    client = make_client(slow_requests_per_second=100)
    probed = await probe(client, None)
    assert {(one.offered, one.status) for one in probed[:5]} == {(None, 503)}
    assert (await client.carrier()).circuit is CircuitState.CLOSED
    assert len(odd.seen("/v1/orders")) == 1


async def test_numbers_in_1nces_own_words_are_hidden(client: OnceClient, odd: OddServer) -> None:
    iccid = "8988228066605682328"
    odd.will(f"/v2/sims/{iccid}", Answer(409, json.encode({"message": f"SIM {iccid} is busy"})))
    seen = by_operation(await probe(client, iccid))["sim.get"]
    assert seen.note == "SIM … is busy"
    assert seen.shape == {"message": "text"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"iccid": "8988228066605682328", "label": "Ada"}, {"iccid": "iccid", "label": "word"}),
        ({"8988228066605682328": {"volume": "1.5"}}, {"(a key)": {"volume": "number in a text"}}),
        ({"ada@example.com": True}, {"(a key)": "true or false"}),
        ({"status": {"id": 1, "description": "ACTIVE"}}, {"status": {"id": "number", "description": "“ACTIVE”"}}),
        ({"description": "Pump of Ada"}, {"description": "text"}),
        ({"endpoint": {"id": 1, "description": "ADA"}}, {"endpoint": {"id": "number", "description": "word"}}),
        ({"order_status": "IN_DELIVERY"}, {"order_status": "“IN_DELIVERY”"}),
        ({"status": "ada@example.com"}, {"status": "text"}),
        ([1, "a", None, 2.5, "b"], ["number", "word", None]),
        ({"created": "2026-11-21T12:00:00.000+0000", "ip": "10.0.0.1"}, {"created": "time", "ip": "ip address"}),
    ],
)
def test_a_form_has_no_values(value: Any, expected: Any) -> None:
    assert shape(value) == expected


async def test_what_could_not_be_asked_is_reported_and_stops_nothing(make_client: ClientMaker) -> None:
    client = make_client("http://127.0.0.1:9")
    probed = await probe(client, "8988228066605682328")
    assert {one.offered for one in probed} == {None}
    with pytest.raises(OnceError):
        await client.sims(1)
