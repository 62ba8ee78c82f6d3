"""Shift handover: what fired, what is open, which silences end soon, what was spent; as a page and as text to copy."""

from datetime import UTC, datetime

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncConnection

from console.carrier.money import money
from console.facts.alerts import Alert
from console.organizations.rules import Caller, Permission
from console.pages.administration import page
from console.pages.templating import clock
from console.reports.handover import MOST, SHIFTS, Handover, Shift, handover
from console.reports.rules import Spent


def text_of(found: Handover, organization: str) -> str:
    """The same as plain text, for a chat or a mail."""
    lines = [f"Handover of {organization}, {found.since:%Y-%m-%d %H:%M} to {found.until:%Y-%m-%d %H:%M} UTC", ""]
    for title, alerts in (
        ("Open, nobody has acknowledged", found.unacknowledged),
        ("Open, acknowledged, the oldest first", found.acknowledged),
        ("Resolved in this time", found.resolved),
    ):
        lines.append(f"{title}: {len(alerts) or 'none'}{' or more' if len(alerts) == MOST else ''}")
        lines += [f"- {_line(alert, found.until)}" for alert in alerts]
    lines.append(f"Silences that end soon: {len(found.silences) or 'none'}")
    lines += [f"- {one.reason}, until {clock(one.ends_at, found.until)}" for one in found.silences]
    lines.append(f"Maintenance windows, open or soon: {len(found.windows) or 'none'}")
    lines += [f"- {one.name}, from {clock(one.next_begins_at, found.until)}" for one in found.windows]
    lines.append(f"Spent on top-ups: {', '.join(_spent(one) for one in found.spent) or 'nothing'}")
    return "\n".join(lines) + "\n"


def _line(alert: Alert, now: datetime) -> str:
    parts = [f"{alert.severity}: {alert.title}, since {clock(alert.started_at, now)}"]
    if alert.resolved_at is not None:
        parts.append(f"resolved {clock(alert.resolved_at, now)} by {alert.resolved_by or 'itself'}")
    elif alert.acknowledged_by:
        parts.append(f"acknowledged by {alert.acknowledged_by}")
    assigned = f"assigned to {alert.assigned_to}" if alert.assigned_to else None
    parts += [part for part in (assigned, alert.note, alert.ticket) if part]
    return ", ".join(parts)


def _spent(one: Spent) -> str:
    parts = []
    for number, minor, state in (
        (one.spent_top_ups, one.spent_minor, ""),
        (one.reserved_top_ups, one.reserved_minor, " under way or unknown"),
    ):
        if number:
            price = "price not known" if one.currency is None else money(minor, one.currency)
            parts.append(f"{number:,} top-up{'' if number == 1 else 's'}{state} ({price})")
    return ", ".join(parts)


@get("/handover")
async def handover_page(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    live_since: NamedDependency[str],
    hours: FromQuery[Shift] = 8,
) -> Template:
    """As it is now: what is copied does not change while it is read."""
    found = await handover(reading, caller.organization_id, hours, datetime.now(UTC))
    return await page(
        reading,
        caller,
        live_since,
        "handover",
        "alerts/handover.html",
        found=found,
        text=text_of(found, caller.organization),
        hours=hours,
        shifts=SHIFTS,
        spent_words=_spent,
    )


router = Router(
    "/", route_handlers=[handover_page], opt={"permission": Permission.ALERTS_READ}, include_in_schema=False
)
