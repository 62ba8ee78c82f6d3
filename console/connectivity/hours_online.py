"""How much of each of the last 24 hours SIMs were online, for a page of a list: one statement."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.connectivity.tables import status_history
from console.facts.sims import Connection

HOURS = 24
HOUR = timedelta(hours=1)


class Hour(Struct, frozen=True):
    """One hour of a SIM, the present one as far as it has gone; all in seconds."""

    known: float = 0.0  # in which its connection is known
    online: float = 0.0
    blocked: float = 0.0


def first_hour(now: datetime) -> datetime:
    """When the first of the 24 hours begins, the last of which is the present one."""
    return now.replace(minute=0, second=0, microsecond=0) - (HOURS - 1) * HOUR


async def hours_online(
    connection: AsyncConnection, organization_id: int, iccids: Sequence[str], now: datetime
) -> dict[str, list[Hour]]:
    """The 24 hours of each of these SIMs, the oldest first. SIMs of which nothing is known are left out."""
    if not iccids:
        return {}
    h, since = status_history.c, sa.literal(first_hour(now), status_history.c.time.type)
    until = sa.literal(now, status_history.c.time.type)
    every = sa.bindparam(None, list(iccids), type_=sa.ARRAY(sa.Text))
    asked = sa.select(sa.func.unnest(every).label("iccid")).subquery("asked")
    mine = h.organization_id == organization_id
    earlier = sa.select(h.connection).where(mine, h.iccid == asked.c.iccid, h.time < since)
    before = earlier.order_by(h.time.desc()).limit(1).lateral("before")
    changes = sa.union_all(
        sa.select(h.iccid, h.time, h.connection).where(
            mine, h.iccid == sa.func.any(every), h.time >= since, h.time < until
        ),
        sa.select(asked.c.iccid, since, before.c.connection).select_from(asked.join(before, sa.true())),
    ).subquery("changes")
    c = changes.c
    ended = sa.func.lead(c.time, 1, until).over(partition_by=c.iccid, order_by=c.time)
    span = sa.select(c.iccid, c.connection, c.time.label("began"), ended.label("ended")).subquery("span").c
    number = sa.func.generate_series(0, HOURS - 1).table_valued("number").render_derived()
    hour = sa.literal(HOUR, sa.Interval)
    begins, ends = since + number.c.number * hour, since + (number.c.number + 1) * hour
    within = sa.and_(span.began < ends, span.ended > begins)
    spent = sa.extract("epoch", sa.func.least(span.ended, ends) - sa.func.greatest(span.began, begins))

    def seconds(*where: "sa.ColumnElement[bool]") -> "sa.ColumnElement[float]":
        return sa.cast(sa.func.coalesce(sa.func.sum(spent).filter(*where), 0), sa.Double)

    query = (
        sa.select(
            span.iccid,
            number.c.number,
            seconds(span.connection.is_not(None)).label("known"),
            *(seconds(span.connection == word).label(word.value) for word in (Connection.ONLINE, Connection.BLOCKED)),
        )
        .join_from(span.iccid.table, number, within)
        .group_by(span.iccid, number.c.number)
    )
    found: dict[str, list[Hour]] = {}
    for row in await connection.execute(query):
        hours = found.setdefault(row.iccid, [Hour()] * HOURS)
        hours[row.number] = Hour(row.known, row.online, row.blocked)
    return found
