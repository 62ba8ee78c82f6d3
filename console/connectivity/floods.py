"""SIMs about which the network reports far more events than about any that works."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.connectivity.tables import network_events
from console.sims.tables import sims

SPAN = timedelta(minutes=5)
MOST_EVENTS = 2_000  # that are looked at
LEAST_EVENTS = 30  # of one SIM among them
LEAST_A_MINUTE = 10.0
MOST_LINES = 2


class Flood(Struct, frozen=True, kw_only=True):
    """A SIM with many events: how many, from when to when."""

    iccid: str
    label: str | None
    events: int
    first: datetime
    last: datetime

    @property
    def seconds(self) -> float:
        """Between the first and the last."""
        return (self.last - self.first).total_seconds()


async def floods(connection: AsyncConnection, organization_id: int, now: datetime) -> Sequence[Flood]:
    """The SIMs with the most events of the last minutes, if they are that many.

    Of a busy fleet only the latest MOST_EVENTS are looked at: they stand for a shorter time, and so does the flood.
    """
    c = network_events.c
    latest = (
        sa.select(c.iccid, c.time)
        .where(c.organization_id == organization_id, c.time > now - SPAN)
        .order_by(c.time.desc(), c.id.desc())
        .limit(MOST_EVENTS)
        .subquery("latest")
    )
    number = sa.func.count()
    many = (
        sa.select(
            latest.c.iccid,
            number.label("events"),
            sa.func.min(latest.c.time).label("first"),
            sa.func.max(latest.c.time).label("last"),
        )
        .where(latest.c.iccid.is_not(None))
        .group_by(latest.c.iccid)
        .having(number >= LEAST_EVENTS)
        .order_by(number.desc(), latest.c.iccid)
        .limit(MOST_LINES)
        .subquery("many")
    )
    same = sa.and_(sims.c.organization_id == organization_id, sims.c.iccid == many.c.iccid)
    query = sa.select(many, sims.c.label).select_from(many.join(sims, same)).order_by(many.c.events.desc())
    found = [Flood(**row._mapping) for row in (await connection.execute(query)).all()]
    return [one for one in found if one.events >= LEAST_A_MINUTE * max(1.0, one.seconds / 60)]
