"""When 1NCE did not answer."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.carrier.tables import carrier_outages

MOST = 100
c = carrier_outages.c


class Outage(Struct, frozen=True, kw_only=True):
    """A time in which 1NCE did not answer."""

    since: datetime
    until: datetime | None  # None: it goes on


async def outages(connection: AsyncConnection, organization_id: int, since: datetime) -> Sequence[Outage]:
    """Those that ended after `since`, or go on: the latest MOST of them, the oldest first."""
    mine = c.organization_id == organization_id, sa.or_(c.until > since, c.until.is_(None))
    query = sa.select(c.since, c.until).where(*mine).order_by(c.since.desc()).limit(MOST)
    return [Outage(**row._mapping) for row in (await connection.execute(query)).all()][::-1]
