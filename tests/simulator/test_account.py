"""Orders, the price list and service requests: what the account has asked for, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.simulator import documents
from tests.simulator.conftest import Simulated

REQUEST = {"replyToMail": "ada@example.com", "senderName": "Ada", "subject": "Coverage", "text": "None in the cellar."}


def _order(simulated: Simulated, address: str) -> dict[str, Any]:
    answer = simulated.get(f"/v1/orders/{address.rsplit('/', 1)[1]}")
    documents.check_answer(documents.ORDERS, "GET", "/v1/orders/{order_number}", answer)
    order: dict[str, Any] = answer.json()
    return order


def test_the_fleet_was_bought_by_orders(looked_at: Simulated) -> None:
    answer = looked_at.get("/v1/orders")
    documents.check_answer(documents.ORDERS, "GET", "/v1/orders", answer)
    orders = answer.json()
    assert [order["order_type"] for order in orders] == ["FIRST_ORDER", "ADDITIONAL_ORDER", "ADDITIONAL_ORDER"]
    bought = [sim["iccid"] for order in orders for sim in order["sims"]]
    assert sorted(bought) == sorted(looked_at.iccids())
    assert answer.headers["x-total-count"] == "3"


def test_orders_come_in_pages_of_ten_at_most_and_are_sorted_when_asked(looked_at: Simulated) -> None:
    second = looked_at.get("/v1/orders", params={"page": 2, "pageSize": 2}).json()
    assert [order["order_number"] for order in second] == [2_000_000_003]
    dates = [order["order_date"] for order in looked_at.get("/v1/orders?sort=-order_date,order_number").json()]
    assert dates == sorted(dates, reverse=True)
    assert looked_at.get("/v1/orders?pageSize=11").status_code == 400
    assert looked_at.get("/v1/orders?sort=colour").status_code == 400
    assert looked_at.get("/v1/orders/77").status_code == 404


def test_a_topup_by_transfer_is_an_open_order_until_it_is_paid(simulated: Simulated) -> None:
    iccid = simulated.some("ATTACHED")
    address = simulated.post(f"/v2/sims/{iccid}/topup?payment_method=banktransfer").headers["location"]
    order = _order(simulated, address)
    assert (order["order_type"], order["order_status"], order["currency"]) == ("TOPUP", "OPEN", "EUR")
    assert [sim["iccid"] for sim in order["sims"]] == [iccid]
    assert "invoice_number" not in order
    volume = simulated.truth(iccid)["accumulated_total_volume"]
    simulated.sim("POST", f"orders/{order['order_number']}/pay")
    assert _order(simulated, address)["order_status"] == "COMPLETED"
    assert simulated.truth(iccid)["accumulated_total_volume"] == volume + 500


def test_a_topup_by_card_is_a_completed_order_with_an_amount_from_the_price_list(simulated: Simulated) -> None:
    iccid = simulated.some("ATTACHED")
    order = _order(simulated, simulated.post(f"/v2/sims/{iccid}/topup?payment_method=creditcard").headers["location"])
    product = next(
        one for one in simulated.get("/v1/products").json() if one["id"] == order["products"][0]["product_id"]
    )
    net = product["one_time_charges"][0]["amount_net"]
    assert (order["order_status"], order["invoice_amount"]) == ("COMPLETED", f"{net * 1.19:.2f}")


def test_goods_are_ordered_and_sent_some_days_later(simulated: Simulated) -> None:
    wanted = {"products": [{"productId": 1001, "quantity": 3}], "delivery_address": {"city": "Köln", "country": "DE"}}
    answer = simulated.post("/v1/orders", json=wanted)
    assert answer.status_code == 201
    order = _order(simulated, answer.headers["location"])
    assert (order["order_type"], order["order_status"], order["sims"]) == ("ADDITIONAL_ORDER", "OPEN", [])
    assert order["products"] == [{"product_id": 1001, "quantity": 3}]
    assert order["shipping_address"] == {"city": "Köln", "country": "DE"}
    assert simulated.ledger()[-1] == ("order", {"order": order["order_number"], "products": [[1001, 3]]})
    simulated.sim("POST", "step", {"seconds": 4 * 86_400})
    assert _order(simulated, answer.headers["location"])["order_status"] == "COMPLETED"


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"products": []},
        {"products": [{"productId": 9}]},
        {"products": [{"productId": 1001, "quantity": 0}]},
        {"products": [{"productId": 1001}], "delivery_address": {"planet": "Mars"}},
    ],
)
def test_what_is_no_order_is_refused_and_not_charged(simulated: Simulated, wanted: dict[str, Any]) -> None:
    lines = simulated.ledger()
    assert simulated.post("/v1/orders", json=wanted).status_code == 400
    assert simulated.ledger() == lines


def test_a_request_is_answered_and_closed(simulated: Simulated) -> None:
    assert simulated.post("/v1/support", json=REQUEST).status_code == 201
    assert simulated.ledger()[-1][0] == "ticket"
    seen = []
    for seconds in (0, 1000, 3 * 86_400):
        simulated.sim("POST", "step", {"seconds": seconds})
        answer = simulated.get("/v1/support")
        documents.check_answer(documents.SUPPORT, "GET", "/v1/support", answer)
        (case,) = answer.json()
        seen.append((case["status"], len(case["communications"]), "solvedDate" in case))
    assert seen == [("OPEN", 1, False), ("IN_PROGRESS", 2, False), ("CLOSED", 3, True)]


def test_requests_come_one_by_one_unless_more_are_asked_for(simulated: Simulated) -> None:
    simulated.post("/v1/support", json=REQUEST)
    assert len(simulated.get("/v1/support").json()) == 1
    assert len(simulated.get("/v1/support?pageSize=100").json()) >= 2
    assert simulated.get("/v1/support?pageSize=101").status_code == 400


@pytest.mark.parametrize("change", [{"replyToMail": "nowhere"}, {"subject": " "}, {"text": None}])
def test_what_is_no_request_is_refused(simulated: Simulated, change: dict[str, Any]) -> None:
    lines = simulated.ledger()
    assert simulated.post("/v1/support", json=REQUEST | change).status_code == 400
    assert simulated.ledger() == lines


@pytest.mark.parametrize("family", ["orders", "products", "support"])
@pytest.mark.parametrize(("offer", "status"), [(False, 404), (403, 403), (404, 404), (410, 410)])
def test_a_family_of_calls_can_be_taken_away_and_given_back(
    simulated: Simulated, family: str, offer: Any, status: int
) -> None:
    simulated.sim("POST", "capabilities", {family: offer})
    assert simulated.get(f"/v1/{family}").status_code == status
    assert simulated.get("/v2/sims").status_code == 200
    assert simulated.sim("POST", "capabilities", {family: True})[family] is True
    assert simulated.get(f"/v1/{family}").status_code == 200


def test_no_such_capability_is_refused(simulated: Simulated) -> None:
    for asked in ({"orders": 500}, {"sims": False}, {"orders": "no"}):
        assert simulated.client.post("/_sim/capabilities", json=asked).status_code == 400
    assert simulated.sim("GET", "capabilities")["orders"] is True


def test_usage_is_a_guess_that_answers_only_when_it_is_set_to(simulated: Simulated) -> None:
    iccid = simulated.listening()
    simulated.texted(iccid)
    assert simulated.get(f"/v2/sims/{iccid}/usage").status_code == 404
    simulated.sim("POST", "capabilities", {"usage": True})
    stats = simulated.get(f"/v2/sims/{iccid}/usage").json()["stats"]
    assert [one["date"] for one in stats] == sorted({one["date"] for one in stats})
    assert sum(float(one["data"]["volume"]) for one in stats) > 0
    assert sum(float(one["sms"]["volume"]) for one in stats) == 1


def test_each_family_may_be_called_a_hundred_times_in_five_minutes(started: Callable[..., Simulated]) -> None:
    simulated = started("--rate", "10", "--still")
    answers = [simulated.get("/v1/products") for _ in range(103)]
    assert [answer.status_code for answer in answers[:100]] == [200] * 100
    assert answers[-1].status_code == 429
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 9
    assert simulated.get("/v1/orders").status_code == 200
    simulated.sim("POST", "quirks", {"retry_after": False})
    silent = simulated.get("/v1/products")
    assert (silent.status_code, "retry-after" in silent.headers) == (429, False)
