"""How far back 1NCE's orders have been read without a gap: an order that is not among them was not made by then.

1NCE lists ten orders a page and allows an address 100 calls in five minutes, so a reading may take several runs of a
job. New orders only push others to later pages: pages that are read one after the other pass over none.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import sqlalchemy as sa
from msgspec import Struct, structs
from sqlalchemy.ext.asyncio import AsyncConnection

from console.carrier.orders import COMPLETED
from console.carrier.tables import order_readings, orders

EVER = datetime(1970, 1, 1, tzinfo=UTC)
TOP_UP = "topup"


class OrderReading(Struct, frozen=True, kw_only=True):
    """One reading, from the newest order back."""

    began_at: datetime  # what it shows is as of then
    pages: int = 0  # that were read
    latest_first: bool = True  # as far as was read: nobody has promised that 1NCE sorts as it is asked
    read_to: datetime | None = None  # every order since then was read
    numbers: Sequence[int] = ()  # of the orders on the last page

    def after(self, page: Sequence[tuple[int, datetime | None]]) -> Self:
        """This with one more page, of orders by number and time; an empty one is beyond the last.

        What is later than what was read already must have stood on the page before, and been pushed on by a new order.
        """
        moments = [moment for _, moment in page if moment is not None]
        read_to, latest_first = self.read_to, self.latest_first and moments == sorted(moments, reverse=True)
        if read_to is not None:
            late = {number for number, moment in page if moment is not None and moment > read_to}
            latest_first = latest_first and late <= set(self.numbers)
        if not page:
            read_to = EVER
        elif latest_first and moments and (moments[0] > moments[-1] or read_to is not None):
            read_to = moments[-1] if read_to is None else min(read_to, moments[-1])
        numbers = [number for number, _ in page]
        return structs.replace(self, pages=self.pages + 1, latest_first=latest_first, read_to=read_to, numbers=numbers)

    def reaches(self, since: datetime) -> bool:
        """Whether every order since then was read."""
        return self.read_to is not None and self.read_to < since


async def reading_of(connection: AsyncConnection, organization_id: int) -> OrderReading | None:
    """The reading that is under way, or was the last; None: there was none."""
    c = order_readings.c
    query = sa.select(c.began_at, c.pages, c.latest_first, c.read_to, c.numbers)
    row = (await connection.execute(query.where(c.organization_id == organization_id))).first()
    return None if row is None else OrderReading(**row._mapping)


async def is_completed(connection: AsyncConnection, organization_id: int, number: str) -> bool:
    """Whether 1NCE has called this order completed when it listed it last."""
    c = orders.c
    mine = sa.and_(c.organization_id == organization_id, sa.cast(c.number, sa.Text) == number)
    query = sa.select(c.number).where(mine, c.status == COMPLETED)
    return (await connection.execute(query)).first() is not None


async def top_ups_of(
    connection: AsyncConnection, organization_id: int, iccid: str, since: datetime
) -> Sequence["sa.Row[Any, Any]"]:
    """Number and time of the SIM's top-ups that were ordered since then, or at an unreadable time; the latest first.

    Without a readable time it was ordered before then if it was read an hour before: clocks differ by less.
    """
    c = orders.c
    mine = sa.and_(c.organization_id == organization_id, c.type == TOP_UP, sa.literal(iccid) == sa.func.any(c.iccids))
    undated = sa.and_(c.ordered_at.is_(None), c.first_read_at >= since - timedelta(hours=1))
    recent = sa.or_(c.ordered_at >= since, undated)
    query = sa.select(c.number, c.ordered_at).where(mine, recent)
    return (await connection.execute(query.order_by(c.ordered_at.desc().nulls_last(), c.number.desc()))).all()
