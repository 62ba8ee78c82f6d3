"""Questions about books that do not agree: what 1NCE's quota says was used against what its usage records add up to."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.quotas.rules import LATE, LEAST_BYTES, LEAST_PERCENT
from console.quotas.tables import quota_books
from console.sims.tables import checks, sims
from console.store.keyset import Cursor, after, mark
from console.streamer.reads import usage_stream

b = quota_books.c
STREAMED = b.recorded - b.missing
FALLEN = b.used - b.used_at_opening
SETTLED = sa.func.least(b.settled_used, b.used) - b.used_at_opening
# As rules.difference and rules.differs have it, with the records that have come since the last look.
FALL = sa.case((SETTLED > STREAMED, SETTLED), else_=FALLEN)
BYTES = sa.case((SETTLED > STREAMED, SETTLED - STREAMED), else_=sa.func.least(0, FALLEN - STREAMED))
SIZE = sa.func.abs(BYTES)
COUNT: "sa.ColumnElement[int]" = sa.func.count()
ORDER = ((b.iccid, False),)


class Difference(Struct, frozen=True, kw_only=True):
    """A SIM whose quota fell by another amount than its usage records add up to; bytes since `compared_from`."""

    iccid: str
    label: str | None
    quota_bytes: int  # by so much the quota has fallen
    records_bytes: int  # so much 1NCE's usage records add up to
    difference_bytes: int  # the first less the second
    direction: str  # "records_missing" or "records_exceed"
    since: datetime  # when a look found it first
    compared_from: datetime
    looked_at: datetime  # when the quota was last looked at


COLUMNS = (
    b.iccid,
    sims.c.label,
    FALL.label("quota_bytes"),
    STREAMED.label("records_bytes"),
    BYTES.label("difference_bytes"),
    sa.case((BYTES > 0, "records_missing"), else_="records_exceed").label("direction"),
    b.differs_since.label("since"),
    b.opened_at.label("compared_from"),
    checks.c.data_quota_at.label("looked_at"),
)


def _differing(*columns: "sa.ColumnElement[Any]", organization_id: int) -> "sa.Select[*tuple[Any, ...]]":
    """A second look, longer after the first than a record takes to come, must have found it too."""
    return (
        sa.select(*columns)
        .select_from(
            quota_books.join(sims, sa.and_(sims.c.organization_id == b.organization_id, sims.c.iccid == b.iccid)).join(
                checks, sa.and_(checks.c.organization_id == b.organization_id, checks.c.iccid == b.iccid)
            )
        )
        .where(
            b.organization_id == organization_id,
            b.differs_since.is_not(None),
            checks.c.data_quota_at >= b.differs_since + sa.literal(LATE),
            SIZE > LEAST_BYTES,
            sa.func.greatest(FALLEN, STREAMED) * LEAST_PERCENT < SIZE * 100,
        )
    )


async def count(connection: AsyncConnection, organization_id: int) -> int:
    """How many SIMs differ."""
    found = await connection.execute(_differing(COUNT, organization_id=organization_id))
    return int(found.scalar_one())


async def worst(connection: AsyncConnection, organization_id: int, limit: int) -> list[Difference]:
    """The largest differences first."""
    query = _differing(*COLUMNS, organization_id=organization_id).order_by(SIZE.desc(), b.iccid).limit(limit)
    return [Difference(**row._mapping) for row in await connection.execute(query)]


async def differences(
    connection: AsyncConnection, organization_id: int, *, limit: int, cursor: Cursor | None = None
) -> tuple[list[Difference], str | None]:
    """SIMs that differ, by ICCID, and the cursor of the next page."""
    query = _differing(*COLUMNS, organization_id=organization_id)
    if cursor is not None:
        query = query.where(after(ORDER, cursor))
    query = query.order_by(b.iccid).limit(limit + 1)
    found = [Difference(**row._mapping) for row in (await connection.execute(query)).all()]
    more = mark(ORDER, found[limit - 1]) if len(found) > limit else None
    return found[:limit], more


class Compared(Struct, frozen=True, kw_only=True):
    """The comparison of a whole fleet. `used`: the organization takes usage records at all."""

    used: bool
    count: int
    worst: list[Difference]


async def compared(connection: AsyncConnection, organization_id: int, now: datetime, *, limit: int = 20) -> Compared:
    """How many SIMs differ, and the worst of them."""
    stream = await usage_stream(connection, organization_id, now)
    found = await worst(connection, organization_id, limit) if stream.used else []
    total = await count(connection, organization_id) if len(found) == limit else len(found)
    return Compared(used=stream.used, count=total, worst=found)


class SimBooks(Struct, frozen=True, kw_only=True):
    """One SIM's quotas and books: when 1NCE last told them, and whether its usage records agree with the data quota."""

    data_confirmed_at: datetime | None
    sms_confirmed_at: datetime | None
    used: bool  # the organization takes usage records at all
    compared_from: datetime | None  # None: the quota was not looked at yet
    difference: Difference | None  # None: they agree


async def of_sim(connection: AsyncConnection, organization_id: int, iccid: str, now: datetime) -> SimBooks:
    """This SIM's."""
    same = sa.and_(checks.c.organization_id == b.organization_id, checks.c.iccid == b.iccid)
    query = sa.select(checks.c.data_quota_at, checks.c.sms_quota_at, b.opened_at)
    query = query.select_from(checks.outerjoin(quota_books, same))
    row = (
        await connection.execute(query.where(checks.c.organization_id == organization_id, checks.c.iccid == iccid))
    ).first()
    mine = _differing(*COLUMNS, organization_id=organization_id).where(b.iccid == iccid)
    differing = (await connection.execute(mine)).first()
    return SimBooks(
        data_confirmed_at=row[0] if row else None,
        sms_confirmed_at=row[1] if row else None,
        used=(await usage_stream(connection, organization_id, now)).used,
        compared_from=row[2] if row else None,
        difference=Difference(**differing._mapping) if differing else None,
    )
