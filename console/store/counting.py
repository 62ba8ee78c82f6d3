"""How many rows a list has: exact as far as that is cheap, and further only where somebody insists."""

from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

MOST_COUNTED = 10_000  # rows, of histories that nobody keeps the count of


class Total(Struct, frozen=True):
    """The number of rows; if not `exact`, there are at least so many."""

    number: int
    exact: bool = True


async def count_rows(connection: AsyncConnection, query: "sa.Select[*tuple[Any, ...]]", *, exact: bool) -> Total:
    """How many rows the query has. Unless it must be exact, it looks at no more than MOST_COUNTED and one."""
    rows: sa.Select[tuple[Any]] = query.with_only_columns(
        sa.literal_column("1").label("one"), maintain_column_froms=True
    ).order_by(None)
    counted = rows.subquery() if exact else rows.limit(MOST_COUNTED + 1).subquery()
    found = int((await connection.execute(sa.select(sa.func.count()).select_from(counted))).scalar_one())
    return Total(found) if exact or found <= MOST_COUNTED else Total(MOST_COUNTED, exact=False)
