"""What 1NCE sells to an organization and at what net price, and what a top-up costs as far as anybody has said."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

import sqlalchemy as sa
from msgspec import Meta, Struct, convert
from sqlalchemy.ext.asyncio import AsyncConnection

from console.carrier.money import money
from console.carrier.tables import products
from console.organizations.tables import organizations

TOP_UP = re.compile(r"\btop[\s-]?up\b", re.IGNORECASE)
READ_WITHIN = timedelta(days=7)  # an older price list says nothing of today's prices


class Charge(Struct, frozen=True, kw_only=True):
    """A net price."""

    name: Annotated[str | None, Meta(description="What it is for, as 1NCE calls it.", examples=["provisionCharge"])]
    amount_minor: Annotated[
        int | None, Meta(description="Net, in minor units; null where 1NCE has not said.", examples=[1000])
    ]
    currency: Annotated[str | None, Meta(description="ISO 4217.", examples=["EUR"])]


class Product(Struct, frozen=True, kw_only=True):
    """Something that 1NCE sells to the organization. Null is "1NCE has not said"."""

    id: Annotated[str, Meta(description="1NCE's number of it.", examples=["5001"])]
    name: Annotated[str | None, Meta(description="Its name.", examples=["1NCE Top Up - 500 MB and 250 SMS"])]
    material: Annotated[str | None, Meta(description="What it is.", examples=["1NCE Top Up"])]
    units_per_package: Annotated[int | None, Meta(description="Pieces in a package.", examples=[1])]
    least: Annotated[int | None, Meta(description="Packages in an order, at least.", examples=[1])]
    most: Annotated[int | None, Meta(description="Packages in an order, at most.", examples=[1000])]
    contract_months: Annotated[int | None, Meta(description="The shortest contract, in months.", examples=[120])]
    one_time_charges: Annotated[list[Charge], Meta(description="What it costs once.")]
    recurring_charges: Annotated[list[Charge], Meta(description="What it costs again and again.")]
    read_at: Annotated[datetime, Meta(description="When 1NCE last listed it.", examples=["2026-11-20T09:55:00Z"])]


class TopUpPrice(Struct, frozen=True, kw_only=True):
    """What a top-up costs, net; where nobody has said it, nothing is shown as its price."""

    amount_minor: Annotated[int | None, Meta(description="In minor units; null: not known.", examples=[1000])]
    currency: Annotated[str | None, Meta(description="ISO 4217; null: not known.", examples=["EUR"])]
    known_by: Annotated[
        str,
        Meta(
            description="`products` (1NCE's price list), `setting` (your organization has said it) or `unknown`.",
            examples=["products"],
        ),
    ]
    explanation: Annotated[
        str,
        Meta(
            description="Where it comes from, in a sentence.",
            examples=["10.00 EUR net, by 1NCE's price list: 1NCE Top Up - 500 MB and 250 SMS."],
        ),
    ]
    as_of: Annotated[
        datetime | None, Meta(description="When 1NCE's price list was read.", examples=["2026-11-20T09:55:00Z"])
    ]


COLUMNS = tuple(products.c[name] for name in Product.__struct_fields__)
NOT_READ = "not known, 1NCE's price list has not been read."
NO_TOP_UP = "not known, 1NCE's price list names no single price of a top-up."


async def listed(connection: AsyncConnection, organization_id: int) -> list[Product]:
    """1NCE's price list as it was read last, by number; empty if it has not been read."""
    query = sa.select(*COLUMNS).where(products.c.organization_id == organization_id).order_by(products.c.id)
    rows = (await connection.execute(query)).all()
    return [convert(fields(row) | {"id": str(row.id)}, Product) for row in rows]


async def top_up_price(connection: AsyncConnection, organization_id: int, now: datetime) -> TopUpPrice:
    """What a top-up costs this organization."""
    setting = await price_setting(connection, organization_id)
    return price_of(await listed(connection, organization_id), setting, now)


async def price_setting(connection: AsyncConnection, organization_id: int) -> tuple[int, str] | None:
    """What the organization has said that a top-up costs, in minor units with the currency."""
    c = organizations.c
    query = sa.select(c.top_up_price_minor, c.top_up_currency).where(c.id == organization_id)
    row = (await connection.execute(query)).first()
    return (row[0], row[1]) if row is not None and row[0] is not None else None


def price_of(found: Sequence[Product], setting: tuple[int, str] | None, now: datetime) -> TopUpPrice:
    """The price by 1NCE's list, else by the setting, else unknown."""
    fresh = [product for product in found if product.read_at > now - READ_WITHIN]
    as_of = max((product.read_at for product in fresh), default=None)
    named = [
        product for product in fresh if any(TOP_UP.search(text or "") for text in (product.name, product.material))
    ]
    prices = {_price_once(product) for product in named}
    price = prices.pop() if len(prices) == 1 else None
    if price is not None:
        names = " or ".join(sorted({product.name or product.material or product.id for product in named}))
        text = f"{money(*price)} net, by 1NCE's price list: {names}."
        return _price(price, "products", text, as_of)
    if setting is not None:
        return _price(setting, "setting", f"{money(*setting)} net, as set by your organization.", as_of)
    return _price(None, "unknown", NO_TOP_UP if fresh else NOT_READ, as_of)


def _price(price: tuple[int, str] | None, known_by: str, explanation: str, as_of: datetime | None) -> TopUpPrice:
    amount, currency = price or (None, None)
    return TopUpPrice(amount_minor=amount, currency=currency, known_by=known_by, explanation=explanation, as_of=as_of)


def _price_once(product: Product) -> tuple[int, str] | None:
    """All one-time charges together; None if one is not known, if currencies differ, or if more is charged later."""
    currencies = {charge.currency for charge in product.one_time_charges}
    if len(currencies) != 1 or any(charge.amount_minor != 0 for charge in product.recurring_charges):
        return None
    total, currency = 0, currencies.pop()
    for charge in product.one_time_charges:
        if charge.amount_minor is None:
            return None
        total += charge.amount_minor
    return (total, currency) if total > 0 and currency is not None else None


def fields(row: "sa.Row[Any]") -> dict[str, Any]:
    """A row by the names of its columns, as plain texts."""
    return {str(name): value for name, value in row._mapping.items()}
