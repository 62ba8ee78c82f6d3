"""A shift handover as plain text, for a chat or a mail."""

from datetime import UTC, datetime

from console.carrier.money import money
from console.facts.alerts import Alert
from console.reports.handover import MOST, Handover
from console.reports.rules import Spent


def clock(moment: datetime | None, now: datetime) -> str:
    """The time of day, UTC; with the date, and the year, if they are not those of `now`."""
    if moment is None:
        return "–"
    there, here = moment.astimezone(UTC), now.astimezone(UTC)
    if there.date() == here.date():
        return there.strftime("%H:%M:%S")
    return there.strftime("%-d %b %H:%M" if there.year == here.year else "%-d %b %Y %H:%M")


def text_of(found: Handover, organization: str) -> str:
    """The same as plain text, for a chat or a mail."""
    lines = [f"Handover of {organization}, {found.since:%Y-%m-%d %H:%M} to {found.until:%Y-%m-%d %H:%M} UTC", ""]
    for title, alerts in (
        ("Open, nobody has acknowledged", found.unacknowledged),
        ("Open, acknowledged, the oldest first", found.acknowledged),
        ("Open, hidden by a silence or maintenance window", found.hidden),
        ("Resolved in this time", found.resolved),
    ):
        lines.append(f"{title}: {len(alerts) or 'none'}{' or more' if len(alerts) == MOST else ''}")
        lines += [f"- {_line(alert, found.until)}" for alert in alerts]
    lines.append(f"Silences that end soon: {len(found.silences) or 'none'}")
    lines += [f"- {one.reason}, until {clock(one.ends_at, found.until)}" for one in found.silences]
    lines.append(f"Maintenance windows, open or soon: {len(found.windows) or 'none'}")
    lines += [f"- {one.name}, from {clock(one.next_begins_at, found.until)}" for one in found.windows]
    if found.spent is not None:
        lines.append(f"Spent on top-ups: {', '.join(map(spent_words, found.spent)) or 'nothing'}")
    return "\n".join(lines) + "\n"


def _line(alert: Alert, now: datetime) -> str:
    parts = [f"{alert.severity}: {alert.title}, since {clock(alert.started_at, now)}"]
    if alert.resolved_at is not None:
        parts.append(f"resolved {clock(alert.resolved_at, now)} by {alert.resolved_by or 'itself'}")
    elif alert.acknowledged_by:
        ends = f" until {clock(alert.acknowledged_until, now)}" if alert.acknowledged_until else ""
        parts.append(f"acknowledged by {alert.acknowledged_by}{ends}")
    if alert.cannot_judge_since is not None:
        parts.append(f"can't be judged since {clock(alert.cannot_judge_since, now)}")
    if alert.hidden_by and alert.resolved_at is None:
        parts.append(f"hidden by {alert.hidden_by.replace(':', ' ')}")
    assigned = f"assigned to {alert.assigned_to}" if alert.assigned_to else None
    parts += [part for part in (assigned, alert.note, alert.ticket) if part]
    return ", ".join(parts)


def spent_words(one: Spent) -> str:
    """How many top-ups, and what they cost."""
    parts = []
    for number, minor, state in (
        (one.spent_top_ups, one.spent_minor, ""),
        (one.reserved_top_ups, one.reserved_minor, " under way or unknown"),
    ):
        if number:
            price = "price not known" if one.currency is None else money(minor, one.currency)
            parts.append(f"{number:,} top-up{'' if number == 1 else 's'}{state} ({price})")
    return ", ".join(parts)
