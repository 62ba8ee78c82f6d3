"""Orders and products as models. None is "1NCE did not say"."""

from datetime import datetime
from decimal import Decimal

from msgspec import Raw, Struct, json

from console import iccid
from console.once.wire.shapes import Number, Text
from console.once.wire.times import known_time
from console.once.wire.volumes import to_count


class OrderedProduct(Struct, frozen=True):
    """A product in an order."""

    product_id: int | None
    quantity: int | None


class Address(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where an order goes. `salutation` is "1" (Mr) or "2" (Ms), `country` ISO 3166 alpha-2, `phone` international."""

    salutation: Text = None
    first_name: Text = None
    last_name: Text = None
    company: Text = None
    street: Text = None
    address_line2: Text = None
    house_number: Text = None
    zip: Text = None
    city: Text = None
    country: Text = None
    phone: Text = None


class Order(Struct, frozen=True, kw_only=True):
    """An order. `type` and `status` are 1NCE's own words in lower case ("topup", "completed"): not all are known."""

    number: int
    type: str | None = None
    status: str | None = None
    ordered_at: datetime | None = None
    invoice: str | None = None
    amount: Decimal | None = None  # gross, in `currency`
    currency: str | None = None  # ISO 4217
    address: Address | None = None
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
    shipping_address: Address | None = None
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


_order = json.Decoder(_Order, strict=False)
_product = json.Decoder(_Product, strict=False)


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
        ordered_at=known_time(raw.order_date),
        invoice=_maybe(raw.invoice_number),
        amount=raw.invoice_amount,
        currency=raw.currency or None,
        address=raw.shipping_address,
        iccids=[known for sim in raw.sims or [] if (known := iccid.known(sim.iccid))],
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
