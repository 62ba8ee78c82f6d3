"""Orders, products and service requests, in our own words. None is "1NCE did not say"."""

from datetime import datetime
from decimal import Decimal
from typing import Generic, TypeVar

from msgspec import Raw, Struct, json

from console.once.times import maybe_time
from console.once.volumes import to_count

Item = TypeVar("Item")
Number = Decimal | None
Text = str | None


class Page(Struct, Generic[Item], frozen=True, kw_only=True):
    """One page of a list. Items that could not be read stand in `unreadable`, as 1NCE wrote them."""

    items: list[Item]
    unreadable: list[bytes]
    page: int


class OrderedProduct(Struct, frozen=True):
    """A product in an order."""

    product_id: int | None
    quantity: int | None


class Order(Struct, frozen=True, kw_only=True):
    """An order. `type` and `status` are 1NCE's own words in lower case ("topup", "completed"): not all are known."""

    number: int
    type: str | None = None
    status: str | None = None
    ordered_at: datetime | None = None
    invoice: str | None = None
    amount: Decimal | None = None  # gross, in `currency`
    currency: str | None = None  # ISO 4217
    iccids: list[str] = []
    products: list[OrderedProduct] = []


class Charge(Struct, frozen=True, kw_only=True):
    """A price."""

    name: str | None
    amount: Decimal | None  # net, in `currency`
    currency: str | None


class Product(Struct, frozen=True, kw_only=True):
    """Something that may be ordered."""

    id: int
    name: str | None = None
    material: str | None = None
    package_size: int | None = None
    least: int | None = None
    most: int | None = None
    months: int | None = None  # shortest contract
    once: list[Charge] = []
    recurring: list[Charge] = []


class Communication(Struct, frozen=True, kw_only=True):
    """Something that was written or said about a service request."""

    id: str | None
    at: datetime | None
    incoming: bool | None
    kind: str | None  # "portal", "phone_in", "mail_out", ...
    originator: str | None
    subject: str | None
    text: str | None


class Ticket(Struct, frozen=True, kw_only=True):
    """A service request. `status`: "open", "in_progress", "closed", or 1NCE's own word in lower case."""

    id: str
    status: str | None = None
    subject: str | None = None
    text: str | None = None
    opened_at: datetime | None = None
    solved_at: datetime | None = None
    communications: list[Communication] = []


class _Sim(Struct):
    iccid: Text = None


class _Ordered(Struct):
    product_id: Number = None
    quantity: Number = None


class _Order(Struct):
    order_number: int | str
    order_type: Text = None
    order_status: Text = None
    order_date: Text = None
    invoice_number: str | int | None = None
    invoice_amount: Number = None
    currency: Text = None
    sims: list[_Sim] | None = None
    products: list[_Ordered] | None = None


class _Charge(Struct):
    name: Text = None
    amount_net: Number = None
    currency: Text = None


class _Product(Struct, rename={"least": "minQuantity", "most": "maxQuantity"}):
    id: int
    product: Text = None
    material: Text = None
    package_size: Number = None
    least: Number = None
    most: Number = None
    min_contract_duration: Number = None
    one_time_charges: list[_Charge] | None = None
    recurring_charges: list[_Charge] | None = None


class _Communication(Struct, rename={"at": "communicationDate"}):
    id: str | int | None = None
    at: Text = None
    direction: Text = None
    type: Text = None
    originator: Text = None
    subject: Text = None
    text: Text = None


class _Ticket(Struct, rename={"case": "caseId", "created": "createDate", "solved": "solvedDate"}):
    case: str | int
    status: Text = None
    subject: Text = None
    text: Text = None
    created: Text = None
    solved: Text = None
    communications: list[_Communication] | None = None


_order = json.Decoder(_Order, strict=False)
_product = json.Decoder(_Product, strict=False)
_ticket = json.Decoder(_Ticket, strict=False)


def _lower(text: str | None) -> str | None:
    return text.lower() if text else None


def _maybe(value: str | int | None) -> str | None:
    return None if value is None or value == "" else str(value)


def read_order(body: bytes | Raw) -> Order:
    """An order, from a list or alone."""
    raw = _order.decode(body)
    return Order(
        number=int(raw.order_number),
        type=_lower(raw.order_type),
        status=_lower(raw.order_status),
        ordered_at=maybe_time(raw.order_date),
        invoice=_maybe(raw.invoice_number),
        amount=raw.invoice_amount,
        currency=raw.currency or None,
        iccids=[sim.iccid for sim in raw.sims or [] if sim.iccid],
        products=[OrderedProduct(to_count(one.product_id), to_count(one.quantity)) for one in raw.products or []],
    )


def _charges(raw: list[_Charge] | None) -> list[Charge]:
    return [Charge(name=one.name, amount=one.amount_net, currency=one.currency) for one in raw or []]


def read_product(body: bytes | Raw) -> Product:
    """A product of the list."""
    raw = _product.decode(body)
    return Product(
        id=raw.id,
        name=raw.product,
        material=raw.material,
        package_size=to_count(raw.package_size),
        least=to_count(raw.least),
        most=to_count(raw.most),
        months=to_count(raw.min_contract_duration),
        once=_charges(raw.one_time_charges),
        recurring=_charges(raw.recurring_charges),
    )


def read_ticket(body: bytes | Raw) -> Ticket:
    """A service request of the list."""
    raw = _ticket.decode(body)
    return Ticket(
        id=str(raw.case),
        status=_lower(raw.status),
        subject=raw.subject,
        text=raw.text,
        opened_at=maybe_time(raw.created),
        solved_at=maybe_time(raw.solved),
        communications=[
            Communication(
                id=_maybe(one.id),
                at=maybe_time(one.at),
                incoming=None if one.direction is None else one.direction.upper() == "IN",
                kind=_lower(one.type),
                originator=one.originator,
                subject=one.subject,
                text=one.text,
            )
            for one in raw.communications or []
        ],
    )
