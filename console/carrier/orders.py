"""What an organization has ordered at 1NCE, top-ups among it, as 1NCE listed it last."""

from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from msgspec import Meta, Struct, convert
from sqlalchemy.ext.asyncio import AsyncConnection

from console.carrier.products import fields
from console.carrier.tables import orders
from console.store.counting import Total, count_rows
from console.store.keyset import Cursor, after, mark

SIMS_SHOWN = 20
COMPLETED = "completed"  # the one status that any document of 1NCE shows
ORDER = ((orders.c.number, True),)


class OrderedProduct(Struct, frozen=True, kw_only=True):
    """A product in an order."""

    product_id: Annotated[str | None, Meta(description="1NCE's number of the product.", examples=["5001"])]
    quantity: Annotated[int | None, Meta(description="How many.", examples=[1])]


class Order(Struct, frozen=True, kw_only=True):
    """An order at 1NCE. Null is "1NCE has not said"."""

    number: Annotated[str, Meta(description="1NCE's number of it.", examples=["2000000041"])]
    type: Annotated[
        str | None, Meta(description="1NCE's word in lower case: `topup`, `additional_order`, …", examples=["topup"])
    ]
    status: Annotated[
        str | None,
        Meta(description="1NCE's word in lower case. Only `completed` is documented.", examples=["completed"]),
    ]
    ordered_at: Annotated[datetime | None, Meta(description="When.", examples=["2026-11-20T10:00:05Z"])]
    invoice_number: Annotated[str | None, Meta(description="Of its invoice.", examples=["20000041"])]
    amount_minor: Annotated[
        int | None, Meta(description="What the invoice says, in minor units, with tax.", examples=[1190])
    ]
    currency: Annotated[str | None, Meta(description="ISO 4217.", examples=["EUR"])]
    sims: Annotated[int, Meta(description="The number of its SIMs.", examples=[1])]
    iccids: Annotated[list[str], Meta(description="The first 20 of its SIMs.", examples=[["8988228066600000001"]])]
    products: Annotated[list[OrderedProduct], Meta(description="What was ordered.")]
    action: Annotated[
        int | None, Meta(description="The action that made it; null: none is known.", examples=[4711])
    ] = None


c = orders.c
PLAIN = ("number", "type", "status", "ordered_at", "invoice_number", "amount_minor", "currency", "products")
COLUMNS = (
    *(c[name] for name in PLAIN),
    sa.func.cardinality(c.iccids).label("sims"),
    c.iccids[1:SIMS_SHOWN].label("iccids"),
)


async def page(
    connection: AsyncConnection,
    organization_id: int,
    *,
    iccid: str | None = None,
    limit: int = 50,
    offset: int = 0,
    cursor: Cursor | None = None,
) -> tuple[list[Order], str | None]:
    """Orders, the newest first by number, and the cursor of the next page; with `iccid` those of that SIM."""
    query = _wanted(organization_id, iccid)
    if cursor is not None:
        query = query.where(after(ORDER, cursor))
    rows = (await connection.execute(query.order_by(c.number.desc()).limit(limit + 1).offset(offset))).all()
    following = mark(ORDER, rows[limit - 1]) if len(rows) > limit else None
    return [convert(fields(row) | {"number": str(row.number)}, Order) for row in rows[:limit]], following


async def count(connection: AsyncConnection, organization_id: int, *, iccid: str | None, exact: bool) -> Total:
    """How many orders these are."""
    return await count_rows(connection, _wanted(organization_id, iccid), exact=exact)


async def kept(connection: AsyncConnection, organization_id: int, since: datetime) -> tuple[int, datetime | None]:
    """How many orders are kept, and the date of the oldest since then that 1NCE has not called completed."""
    pending = sa.and_(c.status.is_distinct_from(COMPLETED), c.ordered_at >= since)
    query = sa.select(sa.func.count(), sa.func.min(c.ordered_at).filter(pending))
    row = (await connection.execute(query.where(c.organization_id == organization_id))).one()
    return row[0], row[1]


def _wanted(organization_id: int, iccid: str | None) -> "sa.Select[Any]":
    query = sa.select(*COLUMNS).where(c.organization_id == organization_id)
    return query if iccid is None else query.where(sa.literal(iccid) == sa.func.any(c.iccids))
