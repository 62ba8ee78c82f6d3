"""Questions about daily reports: which are kept, one of them, and when an organization's is made."""

from datetime import date, datetime
from typing import Annotated

import sqlalchemy as sa
from msgspec import Meta, Struct, convert
from sqlalchemy.ext.asyncio import AsyncConnection

from console.errors import NotFound
from console.notifications.tables import notification_channels
from console.reports.rules import HOUR, DailyReport, ReportSettings
from console.reports.tables import daily_reports, report_channels, report_settings
from console.store.counting import Total, count_rows
from console.store.keyset import Cursor, after, mark

r, s, c, n = daily_reports.c, report_settings.c, report_channels.c, notification_channels.c
ORDER = ((r.day, True),)


class KeptReport(Struct, frozen=True, kw_only=True):
    """A daily report that is kept."""

    day: Annotated[date, Meta(description="Its UTC day.", examples=["2026-11-20"])]
    made_at: Annotated[datetime, Meta(description="When it was made.", examples=["2026-11-21T02:00:03Z"])]
    sims: Annotated[int, Meta(description="Watched SIMs then.", examples=[2000])]
    data_bytes: Annotated[
        int | None, Meta(description="What they used on the day; null: not known.", examples=[3_145_728])
    ]


SIMS = sa.cast(r.content["fleet"]["total"].astext, sa.BigInteger).label("sims")
DATA = sa.cast(r.content["usage"]["data_bytes"].astext, sa.BigInteger).label("data_bytes")


def _kept(organization_id: int) -> "sa.Select[tuple[date, datetime, int, int]]":
    return sa.select(r.day, r.made_at, SIMS, DATA).where(r.organization_id == organization_id)


async def page(
    connection: AsyncConnection, organization_id: int, *, limit: int, offset: int = 0, cursor: Cursor | None = None
) -> tuple[list[KeptReport], str | None]:
    """The kept reports, the latest day first, and the cursor of the next page."""
    query = _kept(organization_id)
    if cursor is not None:
        query = query.where(after(ORDER, cursor))
    rows = (await connection.execute(query.order_by(r.day.desc()).limit(limit + 1).offset(offset))).all()
    found = [KeptReport(**row._mapping) for row in rows[:limit]]
    return found, mark(ORDER, rows[limit - 1]) if len(rows) > limit else None


async def count(connection: AsyncConnection, organization_id: int, *, exact: bool) -> Total:
    """How many reports are kept."""
    return await count_rows(connection, _kept(organization_id), exact=exact)


async def kept(connection: AsyncConnection, organization_id: int, day: date) -> DailyReport | None:
    """The report of this day as it was made; None if none is kept."""
    query = sa.select(r.content).where(r.organization_id == organization_id, r.day == day)
    content = (await connection.execute(query)).scalar()
    return None if content is None else convert(content, DailyReport)


async def report(connection: AsyncConnection, organization_id: int, day: str) -> DailyReport:
    """The report of the day in this text, `2026-11-20`. Raises NotFound."""
    try:
        found = await kept(connection, organization_id, date.fromisoformat(day))
    except ValueError:
        found = None
    if found is None:
        raise NotFound("No report of this day is kept", day=day[:20])
    return found


async def settings_of(connection: AsyncConnection, organization_id: int) -> ReportSettings:
    """When an organization's report is made, and which of its channels get it: those that are not removed."""
    hour = (await connection.execute(sa.select(s.hour).where(s.organization_id == organization_id))).scalar()
    query = (
        sa.select(c.channel_id)
        .join(notification_channels, n.id == c.channel_id)
        .where(c.organization_id == organization_id, n.organization_id == organization_id, n.removed_at.is_(None))
        .order_by(c.channel_id)
    )
    channels = (await connection.execute(query)).scalars().all()
    return ReportSettings(hour=HOUR if hour is None else hour, channel_ids=[*channels])
