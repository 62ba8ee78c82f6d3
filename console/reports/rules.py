"""What a daily report says, and for which day one is due. Pure: no clock, no database."""

from datetime import date, datetime, timedelta
from typing import Annotated

from msgspec import Meta, Struct

from console.alerts.reads import AlertCounts

HOUR = 2  # UTC, unless the organization says another
RETENTION = timedelta(days=730)

ByWord = Annotated[dict[str, int], Meta(description="SIMs by word.", examples=[{"online": 1812, "offline": 188}])]


class FleetFigures(Struct, frozen=True, kw_only=True):
    """The watched SIMs when the report was made, and how many were online on its day."""

    total: Annotated[int, Meta(description="Watched SIMs.", examples=[2000])]
    connection: ByWord
    status: ByWord
    quota: ByWord
    missing: Annotated[int, Meta(description="SIMs that 1NCE does not list any more.", examples=[0])]
    online_least: Annotated[int | None, Meta(description="Online, least; null: not sampled.", examples=[1790])]
    online_mean: Annotated[int | None, Meta(description="Online, the mean of the minutes.", examples=[1812])]
    online_most: Annotated[int | None, Meta(description="Online, most.", examples=[1840])]
    sampled_minutes: Annotated[int, Meta(description="Minutes of the day that were sampled.", examples=[1440])]


class SimUsed(Struct, frozen=True, kw_only=True):
    """What a SIM used."""

    iccid: Annotated[str, Meta(description="Its ICCID.", examples=["8988228066600000001"])]
    label: Annotated[str | None, Meta(description="Its label.", examples=["pump-1"])]
    data_bytes: Annotated[int, Meta(description="Data in both directions.", examples=[3_145_728])]


class UsageFigures(Struct, frozen=True, kw_only=True):
    """What the watched SIMs used."""

    data_bytes: Annotated[
        int | None, Meta(description="On the day; null, here and below: nothing is known of it.", examples=[3_145_728])
    ]
    sms: Annotated[int, Meta(description="Messages, on the day.", examples=[12])]
    day_before_bytes: Annotated[int | None, Meta(description="On the day before.", examples=[3_145_728])]
    week_mean_bytes: Annotated[int | None, Meta(description="A day, mean of the seven before.", examples=[3_145_728])]
    month_bytes: Annotated[int | None, Meta(description="In the month up to the day's end.", examples=[90_145_728])]
    unknown_minutes: Annotated[
        int, Meta(description="Minutes of the day of which usage records are missing.", examples=[0])
    ]
    most: Annotated[list[SimUsed], Meta(description="The SIMs that used most on the day, at most ten.")]


class Spent(Struct, frozen=True, kw_only=True):
    """Top-ups that were asked for, in one currency."""

    currency: Annotated[str | None, Meta(description="ISO 4217; null: the price is not known.", examples=["EUR"])]
    spent_minor: Annotated[int, Meta(description="1NCE has taken it: minor units.", examples=[2000])]
    spent_top_ups: Annotated[int, Meta(description="Top-ups that 1NCE has taken.", examples=[2])]
    reserved_minor: Annotated[int, Meta(description="Asked for, or unknown: minor units.", examples=[0])]
    reserved_top_ups: Annotated[int, Meta(description="Top-ups asked for, or unknown.", examples=[0])]


class SpendFigures(Struct, frozen=True, kw_only=True):
    """What top-ups cost, as far as was known when the report was made."""

    day: Annotated[list[Spent], Meta(description="Asked for on the day, by currency.")]
    month: Annotated[list[Spent], Meta(description="Asked for in the month up to the day's end.")]


class ReportedAlert(Struct, frozen=True, kw_only=True):
    """An alert that fired on the day."""

    id: Annotated[int, Meta(description="The alert.", examples=[17])]
    severity: Annotated[str, Meta(description="`critical`, `warning` or `info`.", examples=["critical"])]
    title: Annotated[str, Meta(description="In words.", examples=["1,204 SIMs offline"])]
    fired_at: Annotated[datetime, Meta(description="When.", examples=["2026-11-20T10:02:00Z"])]
    resolved_at: Annotated[datetime | None, Meta(description="Null: it was open.", examples=["2026-11-20T11:00:00Z"])]


class AlertFigures(Struct, frozen=True, kw_only=True):
    """The alerts of the day, and those that were open when the report was made."""

    fired: Annotated[dict[str, int], Meta(description="By severity.", examples=[{"critical": 1}])]
    resolved: Annotated[int, Meta(description="Resolved on the day.", examples=[3])]
    open: Annotated[AlertCounts, Meta(description="Open when the report was made.")]
    latest: Annotated[list[ReportedAlert], Meta(description="Fired on the day, the most urgent first, at most 20.")]


class AuditFigures(Struct, frozen=True, kw_only=True):
    """How far the audit trail was sealed: kept elsewhere, it shows later whether anything was changed."""

    lines: Annotated[int, Meta(description="Lines of the day.", examples=[214])]
    refused: Annotated[int, Meta(description="Of these, refused attempts.", examples=[3])]
    number: Annotated[int, Meta(description="The last sealed line; 0: none is.", examples=[4711])]
    hmac: Annotated[str | None, Meta(description="Its HMAC-SHA256, hexadecimal.", examples=["9f2c"])]
    sealed_to: Annotated[datetime | None, Meta(description="Its time.", examples=["2026-11-21T01:59:58Z"])]
    verified_at: Annotated[datetime | None, Meta(description="When the trail was last verified.")]
    fault: Annotated[str | None, Meta(description="The first line that did not hold; null: all held.")]


class DailyReport(Struct, frozen=True, kw_only=True):
    """The report of a UTC day. It is kept as it was made."""

    day: Annotated[date, Meta(description="The UTC day.", examples=["2026-11-20"])]
    organization: Annotated[str, Meta(description="The organization's name.", examples=["Acme"])]
    made_at: Annotated[datetime, Meta(description="When it was made.", examples=["2026-11-21T02:00:03Z"])]
    fleet: Annotated[FleetFigures, Meta(description="The SIMs.")]
    usage: Annotated[UsageFigures, Meta(description="Data and messages.")]
    spend: Annotated[SpendFigures, Meta(description="Top-ups.")]
    alerts: Annotated[AlertFigures | None, Meta(description="Alerts; null without `alerts:read`.")]
    audit: Annotated[AuditFigures, Meta(description="The audit trail's head.")]


class ReportSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When an organization's report is made, and which channels get it."""

    hour: Annotated[int, Meta(ge=0, le=23, description="UTC: the day before is reported from then on.", examples=[2])]
    channel_ids: Annotated[
        list[int], Meta(max_length=100, description="Notification channels that get it.", examples=[[1]])
    ]


def due_day(now: datetime, hour: int) -> date:
    """The latest day whose report is due. `now` is UTC."""
    return (now - timedelta(hours=hour)).date() - timedelta(days=1)
