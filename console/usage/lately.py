"""What the fleet has used in the last hour, and in the same hour a week before."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.usage.watched import Moment, Number, in_minutes

HOUR, WEEK = timedelta(hours=1), timedelta(days=7)


class Lately(Struct, frozen=True, kw_only=True):
    """Bytes of the hour that ends with a minute, and of the same hour a week before."""

    hour_bytes: int
    week_ago_bytes: int


async def lately(connection: AsyncConnection, organization_id: int, minute: datetime) -> Lately:
    """Of the hour that ends at `minute`."""
    hours = [_bytes(organization_id, end - HOUR, end) for end in (minute, minute - WEEK)]
    row = (await connection.execute(sa.select(*(one.scalar_subquery() for one in hours)))).one()
    return Lately(hour_bytes=row[0], week_ago_bytes=row[1])


def bytes_of_hour(organization_id: Number, minute: Moment) -> "sa.Select[Any]":
    """The statement: the bytes of the hour that ends at `minute`."""
    return _bytes(organization_id, minute - HOUR, minute)


def _bytes(organization_id: Number, since: Moment, until: Moment) -> "sa.Select[Any]":
    used = in_minutes(organization_id, since, until)
    return sa.select(sa.cast(sa.func.coalesce(sa.func.sum(used.c.data_bytes), 0), sa.BigInteger).label("bytes"))
