"""One notification of those that a channel has held in its quiet hours. Pure."""

from datetime import datetime

from msgspec import Struct, structs, to_builtins

from console.notifications.rules import Notification, rank

MOST_LINES = 200
FEWEST = 2  # one alone is sent as it is


class Held(Struct, frozen=True, kw_only=True):
    """What waits for a channel's hours, the oldest first."""

    channel_id: int
    ids: list[int]  # of the deliveries
    notifications: list[Notification]


def digest_of(held: Held, now: datetime) -> Notification:
    """All of them in one: a line each, what has resolved meanwhile beside its beginning, 200 lines at most."""
    ended = {one.subject: one for one in held.notifications if one.type == "alert.resolved"}
    begun = {one.subject for one in held.notifications if one.type == "alert.firing"}
    listed = [one for one in held.notifications if one.type != "alert.resolved" or one.subject not in begun]
    lines = [_line(one, ended.get(one.subject) if one.type == "alert.firing" else None) for one in listed]
    if len(lines) > MOST_LINES:
        lines = [*lines[:MOST_LINES], f"and {len(lines) - MOST_LINES:,} more"]
    since = min(one.time for one in held.notifications)
    return Notification(
        type="digest",
        time=now,
        severity=max((one.severity for one in held.notifications), key=rank),
        title=f"{len(held.ids):,} notifications that waited since {since:%Y-%m-%d %H:%M} UTC",
        text="\n".join(lines),
        path="/alerts",
        data={"items": [to_builtins(structs.replace(one, html="")) for one in held.notifications[:MOST_LINES]]},
    )


def _line(one: Notification, ended: Notification | None) -> str:
    resolved = f", resolved {ended.time:%H:%M}" if ended is not None and ended.time >= one.time else ""
    return f"{one.time:%Y-%m-%d %H:%M} {one.severity}: {one.title}{resolved}"
