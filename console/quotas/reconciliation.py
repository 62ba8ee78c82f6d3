"""Queries of SIMs whose quota fell by another amount than their usage records add up to."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.quotas.rules import LATE, LEAST_BYTES, LEAST_PERCENT, Reconciliation
from console.quotas.tables import quota_reconciliation
from console.sims.tables import checks, is_watched, sims
from console.store.bulk import rows_of
from console.store.keyset import Cursor, after, mark
from console.streamer.reads import usage_streamer

b = quota_reconciliation.c
FIELDS = Reconciliation.__struct_fields__
STREAMED = b.recorded - b.missing
FALLEN = b.used - b.used_at_start
SETTLED = sa.func.least(b.settled_used, b.used) - b.used_at_start
# As rules.difference and rules.differs have it, with the records that have come since the last check.
FALL = sa.case((SETTLED > STREAMED, SETTLED), else_=FALLEN)
BYTES = sa.case((SETTLED > STREAMED, SETTLED - STREAMED), else_=sa.func.least(0, FALLEN - STREAMED))
SIZE = sa.func.abs(BYTES)
COUNT: "sa.ColumnElement[int]" = sa.func.count()
ORDER = ((b.iccid, False),)


class Difference(Struct, frozen=True, kw_only=True):
    """A SIM whose quota fell by another amount than its usage records add up to; bytes since `compared_from`."""

    iccid: Annotated[str, Meta(description="19 digits, without the check digit.", examples=["8988228066600000001"])]
    label: Annotated[str | None, Meta(description="The name that people gave it.", examples=["pump-1"])]
    quota_bytes: Annotated[int, Meta(description="By how much the quota has fallen.", examples=[92_274_688])]
    records_bytes: Annotated[int, Meta(description="What 1NCE's usage records add up to.", examples=[83_886_080])]
    difference_bytes: Annotated[int, Meta(description="The first less the second.", examples=[8_388_608])]
    direction: Annotated[str, Meta(description="`records_missing` or `records_exceed`.", examples=["records_missing"])]
    since: Annotated[datetime, Meta(description="When a check found it first.", examples=["2026-11-20T07:00:00Z"])]
    compared_from: Annotated[
        datetime, Meta(description="Both are counted from this moment on.", examples=["2026-10-21T10:00:00Z"])
    ]
    checked_at: Annotated[
        datetime, Meta(description="When the quota was last checked.", examples=["2026-11-20T09:56:00Z"])
    ]


COLUMNS = (
    b.iccid,
    sims.c.label,
    FALL.label("quota_bytes"),
    STREAMED.label("records_bytes"),
    BYTES.label("difference_bytes"),
    sa.case((BYTES > 0, "records_missing"), else_="records_exceed").label("direction"),
    b.differs_since.label("since"),
    b.started_at.label("compared_from"),
    checks.c.data_quota_at.label("checked_at"),
)


def _fleets(*columns: "sa.ColumnElement[Any]", organization_id: int) -> "sa.Select[*tuple[Any, ...]]":
    """Those of watched SIMs."""
    return _differing(*columns, organization_id=organization_id).where(is_watched(quota_reconciliation))


def _differing(*columns: "sa.ColumnElement[Any]", organization_id: int) -> "sa.Select[*tuple[Any, ...]]":
    """Rows where a second check, longer after the first than a record takes to come, has found it too."""
    return (
        sa.select(*columns)
        .select_from(
            quota_reconciliation.join(
                sims, sa.and_(sims.c.organization_id == b.organization_id, sims.c.iccid == b.iccid)
            ).join(checks, sa.and_(checks.c.organization_id == b.organization_id, checks.c.iccid == b.iccid))
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
    """How many watched SIMs differ."""
    found = await connection.execute(_fleets(COUNT, organization_id=organization_id))
    return int(found.scalar_one())


async def worst(connection: AsyncConnection, organization_id: int, limit: int) -> list[Difference]:
    """The largest differences first."""
    query = _fleets(*COLUMNS, organization_id=organization_id).order_by(SIZE.desc(), b.iccid).limit(limit)
    return [Difference(**row._mapping) for row in await connection.execute(query)]


async def differences(
    connection: AsyncConnection, organization_id: int, *, limit: int, offset: int = 0, cursor: Cursor | None = None
) -> tuple[list[Difference], str | None]:
    """SIMs that differ, by ICCID, and the cursor of the next page."""
    query = _fleets(*COLUMNS, organization_id=organization_id)
    if cursor is not None:
        query = query.where(after(ORDER, cursor))
    query = query.order_by(b.iccid).limit(limit + 1).offset(offset)
    found = [Difference(**row._mapping) for row in (await connection.execute(query)).all()]
    more = mark(ORDER, found[limit - 1]) if len(found) > limit else None
    return found[:limit], more


class ReconciliationSummary(Struct, frozen=True, kw_only=True):
    """The comparison of a whole fleet. `used`: the organization takes usage records at all."""

    used: bool
    count: int
    worst: list[Difference]


async def compared(
    connection: AsyncConnection, organization_id: int, now: datetime, *, limit: int = 20
) -> ReconciliationSummary:
    """How many SIMs differ, and the worst of them."""
    streamer = await usage_streamer(connection, organization_id, now)
    found = await worst(connection, organization_id, limit) if streamer.used else []
    total = await count(connection, organization_id) if len(found) == limit else len(found)
    return ReconciliationSummary(used=streamer.used, count=total, worst=found)


class SimReconciliation(Struct, frozen=True, kw_only=True):
    """When 1NCE last confirmed a SIM's quotas, and whether its usage records agree with the data quota."""

    data_confirmed_at: datetime | None
    sms_confirmed_at: datetime | None
    used: bool  # the organization takes usage records at all
    compared_from: datetime | None  # None: the quota was not checked yet
    difference: Difference | None  # None: they agree


async def of_sim(connection: AsyncConnection, organization_id: int, iccid: str, now: datetime) -> SimReconciliation:
    """The reconciliation of this SIM."""
    same = sa.and_(checks.c.organization_id == b.organization_id, checks.c.iccid == b.iccid)
    query = sa.select(checks.c.data_quota_at, checks.c.sms_quota_at, b.started_at)
    query = query.select_from(checks.outerjoin(quota_reconciliation, same))
    row = (
        await connection.execute(query.where(checks.c.organization_id == organization_id, checks.c.iccid == iccid))
    ).first()
    mine = _differing(*COLUMNS, organization_id=organization_id).where(b.iccid == iccid)
    differing = (await connection.execute(mine)).first()
    return SimReconciliation(
        data_confirmed_at=row[0] if row else None,
        sms_confirmed_at=row[1] if row else None,
        used=(await usage_streamer(connection, organization_id, now)).used,
        compared_from=row[2] if row else None,
        difference=Difference(**differing._mapping) if differing else None,
    )


async def stored(connection: AsyncConnection, organization_id: int, iccids: Sequence[str]) -> dict[str, Reconciliation]:
    """What is kept of these SIMs, locked until the transaction ends."""
    source = rows_of(quota_reconciliation, ("iccid",), [{"iccid": iccid} for iccid in iccids])
    query = (
        sa.select(b.iccid, *(b[name] for name in FIELDS))
        .where(b.organization_id == organization_id, b.iccid == source.c.iccid)
        .order_by(b.iccid)
        .with_for_update(of=quota_reconciliation)
    )
    rows = (await connection.execute(query)).all() if iccids else []
    return {row[0]: Reconciliation(**dict(zip(FIELDS, row[1:], strict=True))) for row in rows}
