"""Shift handover: what fired, what is open, which silences end soon, what was spent."""

from datetime import datetime, timedelta
from typing import Annotated, Literal, get_args

from msgspec import Meta, Struct, structs
from sqlalchemy.ext.asyncio import AsyncConnection

from console.alerts import reads as alert_reads
from console.alerts.reads import AlertFilter
from console.facts.alerts import ACTIVE, Alert
from console.facts.masking import masked_alert, masked_text
from console.organizations.rules import Caller
from console.reports.figures import spent
from console.reports.rules import Spent
from console.silences import reads as silence_reads
from console.silences.reads import MaintenanceWindow, Silence

MOST = 100
Shift = Literal[8, 12, 24]  # hours
SHIFTS: tuple[int, ...] = get_args(Shift)


class Handover(Struct, frozen=True, kw_only=True):
    """What the next shift should know."""

    since: Annotated[datetime, Meta(description="When the shift began.", examples=["2026-11-20T06:00:00Z"])]
    until: Annotated[datetime, Meta(description="When this was asked for.", examples=["2026-11-20T14:00:00Z"])]
    unacknowledged: Annotated[list[Alert], Meta(description="Open, nobody has acknowledged: at most 100.")]
    acknowledged: Annotated[list[Alert], Meta(description="Open, the oldest acknowledgement first: at most 100.")]
    hidden: Annotated[
        list[Alert],
        Meta(description="Open, a silence or maintenance window hides them: the latest 100 at most."),
    ]
    resolved: Annotated[list[Alert], Meta(description="Resolved in the shift, the latest first: at most 100.")]
    silences: Annotated[list[Silence], Meta(description="Those that end within as long as the shift was.")]
    windows: Annotated[list[MaintenanceWindow], Meta(description="Those that are open, or open within it.")]
    spent: Annotated[
        list[Spent] | None,
        Meta(description="On top-ups in the shift, by currency; null for who may not read the organization's budgets."),
    ]


async def handover(
    connection: AsyncConnection, organization_id: int, hours: int, now: datetime, *, with_money: bool = True
) -> Handover:
    """Of the last so many hours, and of the next."""
    shift = timedelta(hours=hours)
    since, until = now - shift, now + shift
    unacknowledged = await alert_reads.active(connection, organization_id, acknowledged=False, limit=MOST)
    acknowledged = await alert_reads.active(connection, organization_id, acknowledged=True, limit=MOST)
    hidden, _ = await alert_reads.page(connection, organization_id, AlertFilter(state=ACTIVE, hidden=True), limit=MOST)
    silences = await silence_reads.silences_of(connection, organization_id, now)
    windows = await silence_reads.windows_of(connection, organization_id)
    return Handover(
        since=since,
        until=now,
        unacknowledged=unacknowledged,
        acknowledged=sorted(acknowledged, key=lambda alert: alert.acknowledged_at or now),
        hidden=hidden,
        resolved=await alert_reads.resolved_since(connection, organization_id, since, limit=MOST),
        silences=[one for one in reversed(silences) if one.begins_at <= now < one.ends_at <= until],
        windows=[one for one in windows if one.next_begins_at is not None and one.next_begins_at <= until],
        spent=await spent(connection, organization_id, since, now) if with_money else None,
    )


def shown(caller: Caller, found: Handover) -> Handover:
    """The handover as this caller may see it."""
    if caller.sees_identifiers:
        return found
    alerts: dict[str, list[Alert]] = {
        name: [masked_alert(alert) for alert in getattr(found, name)]
        for name in ("unacknowledged", "acknowledged", "hidden", "resolved")
    }
    silences = [structs.replace(one, reason=masked_text(one.reason)) for one in found.silences]
    return structs.replace(found, **alerts, silences=silences)
