"""Questions about quotas."""

from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.cursors import Cursor, after, mark
from console.quotas.tables import quotas


class Quota(Struct, frozen=True, kw_only=True):
    """A SIM's quota of data (amounts in bytes) or SMS (amounts in messages). `left` may be negative."""

    iccid: str
    service: str
    status: str | None
    left: int
    total: int | None
    accumulated: int | None
    last_added: int | None
    threshold_percent: int | None
    expires_at: datetime | None
    created_at: datetime | None
    changed_at: datetime


COLUMNS = tuple(quotas.c[name] for name in Quota.__struct_fields__)
ORDER = ((quotas.c.iccid, False), (quotas.c.service, False))


async def of_sim(connection: AsyncConnection, organization_id: int, iccid: str) -> list[Quota]:
    """A SIM's quotas: data, then SMS; those that 1NCE has told."""
    query = sa.select(*COLUMNS).where(quotas.c.organization_id == organization_id, quotas.c.iccid == iccid)
    return [Quota(**row._mapping) for row in (await connection.execute(query.order_by(quotas.c.service))).all()]


async def of_fleet(
    connection: AsyncConnection, organization_id: int, *, service: str | None, limit: int, cursor: Cursor | None
) -> tuple[list[Quota], str | None]:
    """The fleet's quotas by ICCID, and the cursor of the next page."""
    query = sa.select(*COLUMNS).where(quotas.c.organization_id == organization_id)
    if service:
        query = query.where(quotas.c.service == service)
    if cursor is not None:
        query = query.where(after(ORDER, cursor))
    query = query.order_by(quotas.c.iccid, quotas.c.service).limit(limit + 1)
    found = [Quota(**row._mapping) for row in (await connection.execute(query)).all()]
    more = mark(ORDER, found[limit - 1]) if len(found) > limit else None
    return found[:limit], more
