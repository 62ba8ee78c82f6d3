"""Changes of daily reports: kept, removed when they are old; when they are made and who gets them."""

from datetime import UTC, datetime, time, timedelta

import sqlalchemy as sa
from msgspec import to_builtins
from sqlalchemy.dialects.postgresql import insert

from console.errors import Invalid
from console.facts.alerts import Severity
from console.notifications.deliveries.writes import request
from console.notifications.reads import channels_of
from console.notifications.rules import Notification, opening
from console.reports.mail import html_of, text_of
from console.reports.reads import settings_of
from console.reports.rules import RETENTION, DailyReport, ReportSettings
from console.reports.tables import daily_reports, report_channels, report_settings
from console.reports.words import title_of
from console.store.database import Transaction

r = daily_reports.c
TYPE = "report.daily"


async def keep(transaction: Transaction, organization_id: int, report: DailyReport, origin: str, now: datetime) -> bool:
    """Keep a report, and ask that its channels get it; False if its day has one already, and nothing is done.

    `origin`: where the console's pages are, for the link; empty if nobody has said.
    """
    content = to_builtins(report)
    statement = insert(daily_reports).values(
        organization_id=organization_id, day=report.day, made_at=report.made_at, content=content
    )
    made = await transaction.connection.execute(statement.on_conflict_do_nothing().returning(r.day))
    if made.scalar() is None:
        return False
    settings = await settings_of(transaction.connection, organization_id)
    if not settings.channel_ids:
        return True
    path = f"/reports/{report.day}"
    notification = Notification(
        type=TYPE,
        time=report.made_at,
        severity=Severity.INFO,
        title=title_of(report),
        text=text_of(report),
        html=html_of(report, f"{origin}{path}" if origin else ""),
        path=path,
        data={"report": content},
    )
    hours = {one.id: one.hours for one in await channels_of(transaction.connection, organization_id)}
    due = {number: opening(hours.get(number), now) for number in settings.channel_ids}
    await request(transaction, organization_id, notification, f"report:{report.day}", due, now)
    return True


async def put_settings(transaction: Transaction, organization_id: int, setting: ReportSettings) -> None:
    """When the report is made from now on, and who gets it. Raises Invalid for a channel that is none."""
    connection = transaction.connection
    wanted = set(setting.channel_ids)
    if unknown := wanted - {one.id for one in await channels_of(connection, organization_id)}:
        raise Invalid("There is no such channel", channel_ids=sorted(unknown)[:20])
    statement = insert(report_settings).values(organization_id=organization_id, hour=setting.hour)
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["organization_id"], set_={"hour": setting.hour})
    )
    c = report_channels.c
    await connection.execute(sa.delete(report_channels).where(c.organization_id == organization_id))
    if wanted:
        rows = [{"organization_id": organization_id, "channel_id": number} for number in sorted(wanted)]
        await connection.execute(sa.insert(report_channels), rows)


async def prune_reports(transaction: Transaction, before: datetime) -> int:
    """Delete the reports of days that had ended before this moment less RETENTION; how many."""
    last = datetime.combine((before - RETENTION).date(), time(), UTC) - timedelta(days=1)
    gone = await transaction.connection.execute(sa.delete(daily_reports).where(r.day < last.date()))
    return gone.rowcount
