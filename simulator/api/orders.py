"""Orders and the price list, as 1NCE has them on its first version's paths."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from simulator import answers
from simulator.answers import Answer, refusal
from simulator.api.paging import paged
from simulator.api.quirks import ZERO_TIME, Quirks
from simulator.fleet.identity import Series
from simulator.orders.orders import Order, Orders
from simulator.orders.products import BY_ID, PRODUCTS, Product, gross
from simulator.requests import Request, number
from simulator.times import offset_millis

PAGE_SIZE = 10  # at most, and unless said otherwise
SORTS = {
    "order_number": lambda order: order.number,
    "order_status": lambda order: order.status,
    "order_date": lambda order: order.date,
}


class _Address(Struct, forbid_unknown_fields=True, omit_defaults=True):
    salutation: str = "1"
    first_name: str = ""
    last_name: str = ""
    company: str = ""
    street: str = ""
    address_line2: str = ""
    house_number: str = ""
    zip: str = ""
    city: str = ""
    country: str = ""
    phone: str = ""


class _Item(Struct):
    productId: int  # 1NCE's spelling
    quantity: int = 1


class _OrderRequest(Struct):
    products: list[_Item]
    delivery_address: _Address | None = None
    customer_reference: str | None = None


class OrderEndpoints:
    """`GET` and `POST /v1/orders`, and `GET /v1/orders/{order_number}`."""

    def __init__(self, orders: Orders, series: Series, quirks: Quirks) -> None:
        self._orders = orders
        self._series = series
        self._quirks = quirks

    def all(self, request: Request) -> Answer:
        """One page, by number unless asked otherwise."""
        query = request.query()
        page, size = number(query, "page", 1), number(query, "pageSize", PAGE_SIZE, PAGE_SIZE)
        orders = [order for order in self._orders.all.values() if order.number not in self._orders.gone]
        for criterion in reversed([part.strip() for part in query.get("sort", "").split(",") if part.strip()]):
            key = SORTS.get(criterion.removeprefix("-"))
            if key is None:
                raise refusal(400, f"Orders cannot be sorted by '{criterion}'.")
            if not self._quirks.orders_by_number:
                orders.sort(key=key, reverse=criterion.startswith("-"))
        return paged(orders, page, size, self._as_json, request)

    def one(self, request: Request) -> Answer:
        wanted = request.values[0]
        order = self._orders.all.get(int(wanted)) if wanted.isdecimal() and len(wanted) < 19 else None
        if order is None or order.number in self._orders.gone:
            raise refusal(404, "There is no such order.")
        return answers.json(self._as_json(order, request))

    def create(self, request: Request) -> Answer:
        """201 with the order's address and no body."""
        try:
            wanted = msgspec.convert(request.json(), _OrderRequest)
        except msgspec.ValidationError as error:
            raise refusal(400, str(error)) from error
        items = [(item.productId, item.quantity) for item in wanted.products]
        if not items or any(id_ not in BY_ID or not 1 <= many <= BY_ID[id_].most for id_, many in items):
            raise refusal(400, "There is no such product, or not so many of it.")
        address = wanted.delivery_address
        order = self._orders.place(items, msgspec.to_builtins(address) if address else None)
        return Answer(201, b"", [(b"location", request.address(f"/v1/orders/{order.number}"))])

    def _as_json(self, order: Order, request: Request) -> dict[str, Any]:
        reported: dict[str, Any] = {
            "order_number": None if self._quirks.unnumbered else order.number,
            "order_type": order.kind,
            "order_date": ZERO_TIME if self._quirks.zero_times else offset_millis(order.date),
            "order_status": order.status,
            "invoice_amount": gross(order.items),
            "currency": "EUR",
            "sims": [self._sim(index, request) for index in order.sims],
            "products": [{"product_id": id_, "quantity": many} for id_, many in order.items],
        }
        if order.status == "COMPLETED":
            reported["invoice_number"] = str(order.number % 1_000_000 + 20_000_000)
        if order.address is not None:
            reported["shipping_address"] = order.address
        return reported

    def _sim(self, index: int, request: Request) -> dict[str, Any]:
        iccid = self._series.iccid(index)
        href = request.address(f"/v2/sims/{iccid}").decode("latin-1")
        return {"iccid": iccid, "_links": [{"rel": "self", "href": href}]}


def products(request: Request) -> Answer:
    """`GET /v1/products`: the whole price list."""
    return answers.json([_product(product) for product in PRODUCTS])


def _product(product: Product) -> dict[str, Any]:
    yearly = [{"name": "serviceCharge", "amount_net": product.yearly, "currency": "EUR"}] if product.yearly else []
    return {
        "id": product.id,
        "product": product.name,
        "material": product.material,
        "package_size": product.package,
        "minQuantity": 1,
        "maxQuantity": product.most,
        "min_contract_duration": 120,
        "one_time_charges": [{"name": "provisionCharge", "amount_net": product.price, "currency": "EUR"}],
        "recurring_charges": yearly,
    }
