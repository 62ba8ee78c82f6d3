"""When alerts have fired, in steps of time."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncConnection

from console.alerts.reads import RANK, a
from console.alerts.tables import alerts


class Fired(Struct, frozen=True, kw_only=True):
    """The alerts that fired in one step, hidden ones left out."""

    begins: int  # seconds since 1970
    number: int
    severity: str  # the worst
    title: str  # of the worst


async def fired(
    connection: AsyncConnection, organization_id: int, since: datetime, step_seconds: int
) -> Sequence[Fired]:
    """The steps in which some have fired, the oldest first."""
    step: sa.ColumnElement[int] = sa.literal_column(str(int(step_seconds)))
    begins = sa.cast(sa.func.floor(sa.extract("epoch", a.fired_at) / step) * step, sa.BigInteger).label("begins")
    worst = RANK, a.id
    query = (
        sa.select(
            begins,
            sa.func.count().label("number"),
            sa.func.array_agg(aggregate_order_by(a.severity, *worst))[1].label("severity"),
            sa.func.array_agg(aggregate_order_by(a.title, *worst))[1].label("title"),
        )
        .select_from(alerts)
        .where(a.organization_id == organization_id, a.fired_at >= since, a.hidden_by.is_(None))
        .group_by(begins)
        .order_by(begins)
    )
    return [Fired(**row._mapping) for row in (await connection.execute(query)).all()]
