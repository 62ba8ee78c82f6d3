"""What 1NCE has listed: products, orders, support tickets; each is kept as it was listed last."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from console.carrier.order_readings import OrderReading
from console.carrier.tables import order_readings, orders, products, tickets
from console.store.bulk import Row
from console.store.database import Transaction


async def record_products(transaction: Transaction, organization_id: int, rows: Sequence[Row]) -> None:
    """Keep the whole of 1NCE's price list; what it no longer lists is removed."""
    c, ids = products.c, [row["id"] for row in rows]
    gone = sa.delete(products).where(c.organization_id == organization_id, c.id.not_in(ids))
    await transaction.connection.execute(gone)
    await _keep(transaction, products, organization_id, rows, "id")


async def record_orders(transaction: Transaction, organization_id: int, rows: Sequence[Row], now: datetime) -> int:
    """Keep these orders, which were read now; the number of those that are new or differ."""
    return await _keep(transaction, orders, organization_id, rows, "number", first_read_at=now)


async def begin_reading(
    transaction: Transaction, organization_id: int, before: OrderReading | None, now: datetime
) -> bool:
    """Begin to read the orders from the newest back, in place of the reading before; False if another has begun."""
    values = {"began_at": now, "pages": 0, "latest_first": True, "read_to": None, "numbers": []}
    statement = insert(order_readings).values(organization_id=organization_id, **values)
    known = sa.false() if before is None else order_readings.c.began_at == before.began_at
    statement = statement.on_conflict_do_update(index_elements=["organization_id"], set_=values, where=known)
    return bool((await transaction.connection.execute(statement)).rowcount)


async def go_on_reading(
    transaction: Transaction, organization_id: int, before: OrderReading, after: OrderReading
) -> bool:
    """Note that one more page was read; False if another has gone on or begun anew meanwhile."""
    c = order_readings.c
    same = sa.and_(c.organization_id == organization_id, c.began_at == before.began_at, c.pages == before.pages)
    values: dict[str, Any] = {"pages": after.pages, "latest_first": after.latest_first, "read_to": after.read_to}
    values["numbers"] = list(after.numbers)
    return bool((await transaction.connection.execute(sa.update(order_readings).where(same).values(**values))).rowcount)


async def record_tickets(transaction: Transaction, organization_id: int, rows: Sequence[Row]) -> int:
    """Keep these tickets; the number of those that are new or differ."""
    return await _keep(transaction, tickets, organization_id, rows, "id")


async def _keep(
    transaction: Transaction, table: sa.Table, organization_id: int, rows: Sequence[Row], key: str, **first: Any
) -> int:
    """Insert what is new with `first`, update what differs. A row that comes twice is kept as it came last."""
    unique = {row[key]: {"organization_id": organization_id, **row, **first} for row in rows}
    if not unique:
        return 0
    statement = insert(table).values([unique[one] for one in sorted(unique)])
    compare = [name for name in rows[0] if name != key]
    statement = statement.on_conflict_do_update(
        index_elements=["organization_id", key],
        set_={name: statement.excluded[name] for name in compare},
        where=sa.or_(*(table.c[name].is_distinct_from(statement.excluded[name]) for name in compare)),
    )
    return len((await transaction.connection.execute(statement.returning(table.c[key]))).all())
