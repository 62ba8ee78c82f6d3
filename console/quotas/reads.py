"""Questions about quotas."""

from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.quotas.tables import quotas
from console.sims.tables import checks
from console.store.keyset import Cursor, after, mark


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
    confirmed_at: datetime | None  # when 1NCE last answered, whether or not anything had changed; always by a poll


CONFIRMED = sa.case((quotas.c.service == "data", checks.c.data_quota_at), else_=checks.c.sms_quota_at)
COLUMNS = (*(quotas.c[name] for name in Quota.__struct_fields__[:-1]), CONFIRMED.label("confirmed_at"))
CONFIRMED_QUOTAS = quotas.outerjoin(
    checks, sa.and_(checks.c.organization_id == quotas.c.organization_id, checks.c.iccid == quotas.c.iccid)
)
ORDER = ((quotas.c.iccid, False), (quotas.c.service, False))


async def of_sim(connection: AsyncConnection, organization_id: int, iccid: str) -> list[Quota]:
    """A SIM's quotas: data, then SMS; those that 1NCE has told."""
    mine = sa.and_(quotas.c.organization_id == organization_id, quotas.c.iccid == iccid)
    query = sa.select(*COLUMNS).select_from(CONFIRMED_QUOTAS).where(mine)
    return [Quota(**row._mapping) for row in (await connection.execute(query.order_by(quotas.c.service))).all()]


async def of_fleet(
    connection: AsyncConnection, organization_id: int, *, service: str | None, limit: int, cursor: Cursor | None
) -> tuple[list[Quota], str | None]:
    """The fleet's quotas by ICCID, and the cursor of the next page."""
    query = sa.select(*COLUMNS).select_from(CONFIRMED_QUOTAS).where(quotas.c.organization_id == organization_id)
    if service:
        query = query.where(quotas.c.service == service)
    if cursor is not None:
        query = query.where(after(ORDER, cursor))
    query = query.order_by(quotas.c.iccid, quotas.c.service).limit(limit + 1)
    found = [Quota(**row._mapping) for row in (await connection.execute(query)).all()]
    more = mark(ORDER, found[limit - 1]) if len(found) > limit else None
    return found[:limit], more
