"""1NCE's answers as rows of our tables."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

import msgspec

from console.carrier.money import minor_units
from console.once.models import Quota, Sim, Status
from console.once.wire.orders import Charge, Order, Product
from console.once.wire.tickets import Ticket
from console.quotas.writes import COMPARE
from console.sims.writes import INVENTORY
from console.store.bulk import Row
from console.store.keyset import LARGEST

Plain = TypeVar("Plain")


def inventory_row(sim: Sim) -> Row:
    """A SIM of the inventory, for `record_inventory`."""
    answer = msgspec.structs.asdict(sim)
    return {name: answer[name] for name in ("iccid", *INVENTORY)}


def status_row(iccid: str, status: Status, asked_at: datetime) -> Row:
    """Where a SIM is on the network, for `record_statuses`."""
    return {
        "iccid": iccid,
        "connection": status.connection,
        "operator": status.operator,
        "country": status.country,
        "rat": status.rat,
        "apn": status.apn,
        "cell": status.cell,
        "session_started_at": status.session_started_at,
        "last_seen_at": status.located_at,
        "connection_at": asked_at,
    }


def quota_row(iccid: str, service: str, quota: Quota) -> Row | None:
    """A quota, for `record_quotas`; None if 1NCE has not said what is left: unknown, not zero."""
    answer = msgspec.structs.asdict(quota)
    if answer["left"] is None:
        return None
    return {"iccid": iccid, "service": service, **{name: answer[name] for name in COMPARE}}


def product_rows(products: Sequence[Product], read_at: datetime) -> list[Row]:
    """1NCE's price list, for `record_products`."""
    return [
        {
            "id": product.id,
            "name": _clean(product.name),
            "material": _clean(product.material),
            "units_per_package": product.package_size,
            "least": product.least,
            "most": product.most,
            "contract_months": product.months,
            "one_time_charges": _charges(product.once),
            "recurring_charges": _charges(product.recurring),
            "read_at": read_at,
        }
        for product in products
        if 0 <= product.id <= LARGEST
    ]


def order_rows(orders: Sequence[Order]) -> list[Row]:
    """Orders, for `record_orders`. Where they were sent to is nobody's business here."""
    return [
        {
            "number": order.number,
            "type": _clean(order.type),
            "status": _clean(order.status),
            "ordered_at": order.ordered_at,
            "invoice_number": _clean(order.invoice),
            "amount_minor": minor_units(order.amount, order.currency),
            "currency": _clean(order.currency),
            "iccids": order.iccids,
            "products": [
                {"product_id": None if one.product_id is None else str(one.product_id), "quantity": one.quantity}
                for one in order.products
            ],
        }
        for order in orders
        if 0 <= order.number <= LARGEST
    ]


def ticket_rows(tickets: Sequence[Ticket]) -> list[Row]:
    """Service requests, for `record_tickets`."""
    rows: list[Row] = []
    for ticket in tickets:
        fields = {name: getattr(ticket, name) for name in ticket.__struct_fields__ if name != "communications"}
        said = [
            {name: getattr(one, name) for name in ("at", "incoming", "kind", "originator", "text")}
            for one in ticket.communications
        ]
        rows.append({name: _clean(value) for name, value in fields.items()} | {"communications": _plain(said)})
    return rows


def _charges(charges: Sequence[Charge]) -> list[Row]:
    return [
        {
            "name": _clean(one.name),
            "amount_minor": minor_units(one.amount, one.currency),
            "currency": _clean(one.currency),
        }
        for one in charges
    ]


def _plain(said: list[dict[str, object]]) -> object:
    """As JSON has it: moments as text."""
    return msgspec.to_builtins([{name: _clean(value) for name, value in one.items()} for one in said])


def _clean(value: Plain) -> Plain:
    """Without NUL, which PostgreSQL's text can't hold and others may well send us."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value  # type: ignore[return-value]
