"""Where a SIM was on the network over a time: spans from one change to the next, and its events counted by step."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.connectivity.tables import network_events, status_history

MOST_CHANGES = 1_000  # of one SIM in one answer


class Connected(Struct, frozen=True, kw_only=True):
    """A span in which nothing is known to have changed."""

    since: datetime
    until: datetime
    connection: str | None  # None: not known
    operator: str | None = None
    country: str | None = None


class CountedEvents(Struct, frozen=True, kw_only=True):
    """Events of one severity in one step."""

    step: int  # from 0
    severity: str
    events: int


async def spans(
    connection: AsyncConnection, organization_id: int, iccid: str, since: datetime, until: datetime
) -> list[Connected]:
    """The spans without a gap, the oldest first. Of more than MOST_CHANGES changes those before are not known."""
    c = status_history.c
    query = sa.select(c.time, c.connection, c.operator, c.country).where(
        c.organization_id == organization_id, c.iccid == iccid
    )
    newest = query.where(c.time >= since, c.time < until).order_by(c.time.desc()).limit(MOST_CHANGES)
    rows = list((await connection.execute(newest)).all())[::-1]
    if len(rows) < MOST_CHANGES:
        earlier = query.where(c.time < since).order_by(c.time.desc()).limit(1)
        rows = [*(await connection.execute(earlier)).all(), *rows]
    found: list[Connected] = []
    if not rows or rows[0].time > since:
        found.append(Connected(since=since, until=rows[0].time if rows else until, connection=None))
    for row, later in zip(rows, [*rows[1:], None][: len(rows)], strict=True):
        end = later.time if later else until
        last = found[-1] if found else None
        if last and (last.connection, last.operator, last.country) == (row.connection, row.operator, row.country):
            found[-1] = Connected(**{**_fields(last), "until": end})
            continue
        place = {"connection": row.connection, "operator": row.operator, "country": row.country}
        found.append(Connected(since=max(row.time, since), until=end, **place))
    return found


def _fields(one: Connected) -> dict[str, Any]:
    return {name: getattr(one, name) for name in Connected.__struct_fields__}


async def counted_events(
    connection: AsyncConnection, organization_id: int, iccid: str, since: datetime, step: timedelta, steps: int
) -> list[CountedEvents]:
    """How many events of each severity there were in each of these steps; steps without any are left out."""
    c = network_events.c
    number = sa.cast(
        sa.func.floor(sa.extract("epoch", c.time - sa.literal(since, c.time.type)) / step.total_seconds()), sa.Integer
    )
    query = (
        sa.select(number.label("step"), c.severity, sa.func.count().label("events"))
        .where(c.organization_id == organization_id, c.iccid == iccid, c.time >= since, c.time < since + step * steps)
        .group_by(sa.literal_column("1"), c.severity)
        .order_by(sa.literal_column("1"))
    )
    return [CountedEvents(**row._mapping) for row in await connection.execute(query)]
