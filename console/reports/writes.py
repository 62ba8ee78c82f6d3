"""Changes of daily reports: kept, removed when they are old; when they are made and who gets them."""

from datetime import UTC, datetime, time, timedelta

import sqlalchemy as sa
from msgspec import to_builtins
from sqlalchemy.dialects.postgresql import insert

from console.acting import Act
from console.errors import Conflict, Invalid
from console.facts.alerts import Severity
from console.notifications.deliveries_writes import request
from console.notifications.reads import channels_of
from console.notifications.rules import Notification, opening
from console.notifications.targets import check_url, shown_url
from console.organizations.rules import Caller
from console.organizations.sealing import AFTER_ID, key_id, keys_in, seal, unseal
from console.reports.handover import handover
from console.reports.handover_text import text_of as text_of_handover
from console.reports.mail import html_of, text_of
from console.reports.reads import settings_of
from console.reports.rules import RETENTION, DailyReport, ReportSettings
from console.reports.shift_ends import HandoverSettings, check_ends, handover_settings_of, next_end
from console.reports.tables import (
    daily_reports,
    handover_settings,
    outgoing_heartbeats,
    report_channels,
    report_settings,
)
from console.reports.words import title_of
from console.settings import Settings
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


async def put_handover_settings(
    transaction: Transaction, organization_id: int, setting: HandoverSettings, now: datetime
) -> None:
    """When shifts end from now on, and who gets the handover then. Raises Invalid."""
    check_ends(setting)
    known = {one.id for one in await channels_of(transaction.connection, organization_id)}
    if unknown := set(setting.channel_ids) - known:
        raise Invalid("There is no such channel", channel_ids=sorted(unknown)[:20])
    values = {"setting": to_builtins(setting), "next_at": next_end(setting, now)}
    statement = insert(handover_settings).values(organization_id=organization_id, **values)
    await transaction.connection.execute(
        statement.on_conflict_do_update(index_elements=["organization_id"], set_=values)
    )


async def send_handover(
    transaction: Transaction, organization_id: int, organization: str, key: str, now: datetime
) -> list[int]:
    """Ask that its channels get the handover as it is now; the deliveries. Of one key a channel gets one."""
    setting = await handover_settings_of(transaction.connection, organization_id)
    found = await handover(transaction.connection, organization_id, setting.hours, now)
    open_ = len(found.unacknowledged) + len(found.acknowledged) + len(found.hidden)
    notification = Notification(
        type="report.handover",
        time=now,
        severity=Severity.INFO,
        title=f"Handover of {organization}: {open_ or 'nothing'} open",
        text=text_of_handover(found, organization),
        path=f"/handover?hours={setting.hours}",
        data={"handover": to_builtins(found)},
    )
    enabled = {one.id for one in await channels_of(transaction.connection, organization_id) if one.enabled}
    due = {number: now for number in setting.channel_ids if number in enabled}
    return await request(transaction, organization_id, notification, f"handover:{key}", due, now)


async def send_by_hand(transaction: Transaction, act: Act, caller: Caller, now: datetime) -> list[int]:
    """Send the handover as it is now; the deliveries. Raises Conflict if no channel takes it."""
    key = f"{now:%Y%m%dT%H%M%S%fZ}"
    found = await send_handover(transaction, caller.organization_id, caller.organization, key, now)
    if not found:
        raise Conflict("No channel takes the handover: choose one in its settings")
    act.after = {"deliveries": len(found)}
    return found


async def end_shift(transaction: Transaction, organization_id: int, organization: str, now: datetime) -> int:
    """Send the handover of the shift that has ended, once; to how many channels. Ends missed meanwhile are left out."""
    c = handover_settings.c
    due = sa.select(c.next_at).where(c.organization_id == organization_id, c.next_at <= now).with_for_update()
    ended = (await transaction.connection.execute(due)).scalar()
    if ended is None:
        return 0
    setting = await handover_settings_of(transaction.connection, organization_id)
    following = sa.update(handover_settings).where(c.organization_id == organization_id)
    await transaction.connection.execute(following.values(next_at=next_end(setting, now)))
    return len(await send_handover(transaction, organization_id, organization, f"{ended:%Y%m%dT%H%MZ}", now))


async def put_heartbeat(
    transaction: Transaction, settings: Settings, organization_id: int, url: str | None, by: str, now: datetime
) -> None:
    """Where the heartbeat goes from now on; None: nowhere. Raises Invalid for an address that is never posted to."""
    c = outgoing_heartbeats.c
    await transaction.connection.execute(sa.delete(outgoing_heartbeats).where(c.organization_id == organization_id))
    if url is not None:
        checked = check_url(url, loopback=settings.webhook_loopback)
        address = {"url_sealed": seal(settings.secret_key, checked), "url_shown": shown_url(checked)}
        values = {"organization_id": organization_id, "set_by": by, "set_at": now, **address}
        await transaction.connection.execute(sa.insert(outgoing_heartbeats).values(values))


async def reseal_heartbeats(transaction: Transaction, secret_key: str, *, limit: int) -> tuple[int, int]:
    """Seal some heartbeats' addresses with the newest key; how many, and how many are left. May raise SealBroken."""
    c, newest = outgoing_heartbeats.c, key_id(keys_in(secret_key)[0]).encode() + AFTER_ID
    older = sa.func.substring(c.url_sealed, 1, len(newest)) != newest
    query = sa.select(c.organization_id, c.url_sealed).where(older).order_by(c.organization_id)
    found = (await transaction.connection.execute(query.limit(limit).with_for_update())).all()
    for row in found:
        mine = sa.update(outgoing_heartbeats).where(c.organization_id == row.organization_id)
        sealed = seal(secret_key, unseal(secret_key, row.url_sealed))
        await transaction.connection.execute(mine.values(url_sealed=sealed))
    left = (await transaction.connection.execute(sa.select(sa.func.count()).where(older))).scalar_one()
    return len(found), int(left)


async def note_heartbeat(transaction: Transaction, organization_id: int, message: str | None, now: datetime) -> None:
    """Note how an attempt ended: None, it was taken."""
    c = outgoing_heartbeats.c
    noted = {"tried_at": now, "message": message} | ({"taken_at": now} if message is None else {})
    mine = sa.update(outgoing_heartbeats).where(c.organization_id == organization_id)
    await transaction.connection.execute(mine.values(noted))


async def prune_reports(transaction: Transaction, before: datetime) -> int:
    """Delete the reports of days that had ended before this moment less RETENTION; how many."""
    last = datetime.combine((before - RETENTION).date(), time(), UTC) - timedelta(days=1)
    gone = await transaction.connection.execute(sa.delete(daily_reports).where(r.day < last.date()))
    return gone.rowcount
