"""When actions were requested, in steps of time."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from console.actions.tables import actions

c = actions.c


async def requested(
    connection: AsyncConnection, organization_id: int, since: datetime, step_seconds: int
) -> Mapping[int, Mapping[str, int]]:
    """By the beginning of the step, in seconds since 1970, how many of each kind were requested in it."""
    step: sa.ColumnElement[int] = sa.literal_column(str(int(step_seconds)))
    begins = sa.cast(sa.func.floor(sa.extract("epoch", c.requested_at) / step) * step, sa.BigInteger).label("begins")
    mine = c.organization_id == organization_id, c.requested_at >= since
    query = sa.select(begins, c.kind, sa.func.count().label("number")).where(*mine).group_by(begins, c.kind)
    found: dict[int, dict[str, int]] = {}
    for row in (await connection.execute(query.order_by(begins, c.kind))).all():
        found.setdefault(row.begins, {})[row.kind] = row.number
    return found
