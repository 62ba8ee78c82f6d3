"""What is sent and which channel takes it: kinds, severities, hours, routing. Pure: no clock, no database."""

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Meta, Struct, field

from console.errors import Invalid
from console.facts.alerts import Severity
from console.users.zones import zone_names

MOST_CHANNELS = 100  # of an organization
MOST_TAGS = 20


class ChannelKind(StrEnum):
    """How a channel is reached."""

    WEBHOOK = "webhook"
    MAIL = "mail"
    CHAT = "chat"  # Slack, Teams, PagerDuty and the like


class Weekday(StrEnum):
    """A day of the week, Monday first (ISO 8601)."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"


class Hours(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a channel takes notifications; what comes at another time waits for the next beginning."""

    time_zone: Annotated[str, Meta(description="An IANA time zone.", examples=["Europe/Berlin"], max_length=64)]
    days: Annotated[list[Weekday], Meta(description="On which days they begin.", examples=[["monday", "friday"]])]
    begin: Annotated[str, Meta(description="Local time, HH:MM.", examples=["08:00"], pattern=TIME)]
    end: Annotated[
        str,
        Meta(
            description="Local time, HH:MM; on the next day if it is not after `begin`.",
            examples=["18:00"],
            pattern=TIME,
        ),
    ]


class Notification(Struct, frozen=True, kw_only=True):
    """What is sent to a channel. `data` is the thing's state, as its fact has it."""

    type: str  # alert.firing, alert.page, alert.resolved, alert.reminder, report.daily, test
    time: datetime
    severity: Severity
    title: str
    text: str = ""
    html: str = ""  # of a mail, beside the text: a whole document
    subject: str | None = None  # the alert's id
    path: str | None = None  # of the page about it
    tags: list[str] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)


class Route(Struct, frozen=True, kw_only=True):
    """What a channel takes, and when."""

    channel_id: int
    least_severity: Severity
    tags: Collection[str]
    hours: Hours | None


def rank(severity: Severity) -> int:
    """A number that is higher the more urgent it is."""
    return (Severity.INFO, Severity.WARNING, Severity.CRITICAL).index(severity)


def check_hours(hours: Hours | None) -> None:
    """Raises Invalid for a time zone that is none, or for no day."""
    if hours is None:
        return
    if not hours.days:
        raise Invalid("Hours need one day or more", days=[])
    check_zone(hours.time_zone)


def check_zone(name: str) -> None:
    """Raises Invalid unless it is an IANA time zone, and one that means the same on every machine."""
    if name not in zone_names():
        raise Invalid(f"There is no time zone {name[:64]!r}: write it as Europe/Berlin", time_zone=name[:64])


def zone_of(name: str) -> ZoneInfo:
    """The time zone that is stored as this. Raises Invalid if there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Invalid(f"There is no time zone {name[:64]!r}: write it as Europe/Berlin", time_zone=name[:64]) from error


def opening(hours: Hours | None, moment: datetime) -> datetime:
    """The first moment, this one or a later, at which a channel with these hours takes notifications. UTC.

    A beginning that the change to summer time leaves out is an hour later, and with it the end of hours that it leaves
    out as a whole; a beginning that happens twice is the first.
    """
    if hours is None:
        return moment
    zone = zone_of(hours.time_zone)
    begin, end = time.fromisoformat(hours.begin), time.fromisoformat(hours.end)
    days = {list(Weekday).index(day) for day in hours.days}
    today = moment.astimezone(zone).date()
    for offset in range(-1, 9):
        day = today + timedelta(days=offset)
        if day.weekday() not in days:
            continue
        begins = instant(day, begin, zone)
        until = day + timedelta(days=int(end <= begin))
        ends = instant(until, end, zone)
        if ends <= begins:
            ends = begins + (datetime.combine(until, end) - datetime.combine(day, begin))
        if moment < ends:
            return max(moment, begins)
    return moment


def instant(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """The moment of a local time; one that the change to summer time leaves out is an hour later. UTC."""
    return datetime.combine(day, wall, zone).astimezone(UTC)


def routed(routes: Collection[Route], notification: Notification) -> Mapping[int, datetime]:
    """The channels that take this notification, each with the moment at which it is due."""
    return {
        route.channel_id: opening(route.hours, notification.time)
        for route in routes
        if rank(notification.severity) >= rank(route.least_severity)
        and (not route.tags or not set(route.tags).isdisjoint(notification.tags))
    }
