"""How many SIMs were where, in steps of time."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from console.connectivity.reads import FleetSample
from console.connectivity.tables import fleet_samples
from console.connectivity.usual import IS_KNOWN

c = fleet_samples.c


async def bands(
    connection: AsyncConnection, organization_id: int, since: datetime, until: datetime, step_seconds: int
) -> dict[int, FleetSample]:
    """By the beginning of each step, in seconds since 1970, its minute with the fewest SIMs online: no dip is lost.

    A step of which nothing is known is left out.
    """
    step: sa.ColumnElement[int] = sa.literal_column(str(int(step_seconds)))
    begins = sa.cast(sa.func.floor(sa.extract("epoch", c.time) / step) * step, sa.BigInteger).label("begins")
    names = FleetSample.__struct_fields__
    query = (
        sa.select(begins, *(c[name] for name in names))
        .where(c.organization_id == organization_id, c.time >= since, c.time < until, IS_KNOWN)
        .ext(distinct_on(begins))
        .order_by(begins, c.online, c.time.desc())
    )
    rows: Sequence[sa.Row[tuple[object, ...]]] = (await connection.execute(query)).all()
    return {row.begins: FleetSample(**{name: row._mapping[name] for name in names}) for row in rows}
