"""Queries of quotas."""

from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.quotas.tables import quotas
from console.sims.tables import checks, is_watched
from console.store.counting import Total, count_rows
from console.store.keyset import Cursor, after, mark


class Quota(Struct, frozen=True, kw_only=True):
    """A SIM's quota of data (in bytes) or of SMS (in messages): the amounts of the other service are null."""

    iccid: Annotated[str, Meta(description="19 digits, without the check digit.", examples=["8988228066600000001"])]
    service: Annotated[
        str, Meta(description="`data` (amounts in bytes) or `sms` (amounts in messages).", examples=["data"])
    ]
    status: Annotated[str | None, Meta(description="`active`, `exhausted`, `expired`.", examples=["active"])]
    left_bytes: Annotated[
        int | None,
        Meta(description="Of data, what is left; may be negative, as 1NCE reports it.", examples=[432_013_312]),
    ]
    total_bytes: Annotated[
        int | None, Meta(description="Of data, what there was after the last top-up.", examples=[524_288_000])
    ]
    accumulated_bytes: Annotated[
        int | None, Meta(description="Of data, the first quota and all top-ups ever.", examples=[524_288_000])
    ]
    last_added_bytes: Annotated[int | None, Meta(description="Of data, the last top-up.", examples=[524_288_000])]
    left_messages: Annotated[int | None, Meta(description="Of SMS, what is left.")]
    total_messages: Annotated[int | None, Meta(description="Of SMS, what there was after the last top-up.")]
    accumulated_messages: Annotated[int | None, Meta(description="Of SMS, the first quota and all top-ups ever.")]
    last_added_messages: Annotated[int | None, Meta(description="Of SMS, the last top-up.")]
    threshold_percent: Annotated[int | None, Meta(description="1NCE warns below this share.", examples=[20])]
    expires_at: Annotated[datetime | None, Meta(description="When it ends.", examples=["2035-11-20T00:00:00Z"])]
    created_at: Annotated[datetime | None, Meta(description="When it began.", examples=["2025-11-20T00:00:00Z"])]
    changed_at: Annotated[
        datetime, Meta(description="When anything here last changed.", examples=["2026-11-20T09:30:00Z"])
    ]
    confirmed_at: Annotated[
        datetime | None,
        Meta(
            description="When 1NCE last confirmed it, changed or not; always by a poll.",
            examples=["2026-11-20T09:56:00Z"],
        ),
    ]


AMOUNTS = ("left", "total", "accumulated", "last_added")
SAME = ("iccid", "service", "status", "threshold_percent", "expires_at", "created_at", "changed_at")
CONFIRMED = sa.case((quotas.c.service == "data", checks.c.data_quota_at), else_=checks.c.sms_quota_at)


def _amount(name: str, service: str, unit: str) -> "sa.ColumnElement[int | None]":
    return sa.case((quotas.c.service == service, quotas.c[name])).label(f"{name}_{unit}")


COLUMNS = (
    *(quotas.c[name] for name in SAME),
    *(_amount(name, "data", "bytes") for name in AMOUNTS),
    *(_amount(name, "sms", "messages") for name in AMOUNTS),
    CONFIRMED.label("confirmed_at"),
)
CONFIRMED_QUOTAS = quotas.outerjoin(
    checks, sa.and_(checks.c.organization_id == quotas.c.organization_id, checks.c.iccid == quotas.c.iccid)
)
ORDER = ((quotas.c.iccid, False), (quotas.c.service, False))


async def of_sim(connection: AsyncConnection, organization_id: int, iccid: str) -> list[Quota]:
    """A SIM's quotas: data, then SMS; those that 1NCE has reported."""
    mine = sa.and_(quotas.c.organization_id == organization_id, quotas.c.iccid == iccid)
    query = sa.select(*COLUMNS).select_from(CONFIRMED_QUOTAS).where(mine)
    return [Quota(**row._mapping) for row in (await connection.execute(query.order_by(quotas.c.service))).all()]


def _of_fleet(organization_id: int, service: str | None) -> "sa.Select[*tuple[Any, ...]]":
    mine = sa.and_(quotas.c.organization_id == organization_id, is_watched(quotas))
    query = sa.select(*COLUMNS).select_from(CONFIRMED_QUOTAS).where(mine)
    return query.where(quotas.c.service == service) if service else query


async def of_fleet(
    connection: AsyncConnection,
    organization_id: int,
    *,
    service: str | None,
    limit: int,
    offset: int = 0,
    cursor: Cursor | None,
) -> tuple[list[Quota], str | None]:
    """The fleet's quotas by ICCID, and the cursor of the next page."""
    query = _of_fleet(organization_id, service)
    if cursor is not None:
        query = query.where(after(ORDER, cursor))
    query = query.order_by(quotas.c.iccid, quotas.c.service).limit(limit + 1).offset(offset)
    found = [Quota(**row._mapping) for row in (await connection.execute(query)).all()]
    more = mark(ORDER, found[limit - 1]) if len(found) > limit else None
    return found[:limit], more


async def count(connection: AsyncConnection, organization_id: int, service: str | None, *, exact: bool) -> Total:
    """How many quotas the fleet has."""
    return await count_rows(connection, _of_fleet(organization_id, service), exact=exact)
