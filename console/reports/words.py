"""A daily report in words: sections of figures and tables, which the page, the mail, the PDF and the command show."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from console.carrier.money import money
from console.reports.rules import AlertFigures, DailyReport, Spent
from console.usage.volumes import NOTHING, volume

SEVERITIES = ("critical", "warning", "info")
UNPRICED = "price not known"


class Table(Struct, frozen=True, kw_only=True):
    """Rows of texts below heads."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]


class Section(Struct, frozen=True, kw_only=True):
    """A part of the report: figures by their names, and a table; `note` says what must be known of them."""

    title: str
    figures: Sequence[tuple[str, str]]
    note: str = ""
    table: Table | None = None


def title_of(report: DailyReport) -> str:
    """The report's title."""
    return f"Daily report of {_date(report)}: {report.organization}"


def said_of(report: DailyReport) -> str:
    """What the report is of, in a sentence."""
    return f"The UTC day {_date(report)}, as known at {_clock(report.made_at)}."


def sections(report: DailyReport) -> list[Section]:
    """All parts that the report has."""
    parts = [_fleet(report), _usage(report), _spend(report)]
    if report.alerts is not None:
        parts.append(_alerts(report.alerts))
    return [*parts, _audit(report)]


def _date(report: DailyReport) -> str:
    return f"{report.day.day} {report.day:%b %Y}"


def _clock(moment: datetime | None) -> str:
    return NOTHING if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _count(number: int | None) -> str:
    return NOTHING if number is None else f"{number:,}"


def _words(found: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {word}" for word, number in sorted(found.items(), key=lambda one: -one[1])) or "none"


def _fleet(report: DailyReport) -> Section:
    found = report.fleet
    online = "not sampled"
    if found.sampled_minutes:
        online = f"{found.online_least:,} to {found.online_most:,}, mean {found.online_mean:,}"
    sampled = min(found.sampled_minutes, 1440)
    return Section(
        title="Fleet",
        figures=[
            ("Watched SIMs", _count(found.total)),
            ("Connection", _words(found.connection)),
            ("Status", _words(found.status)),
            ("Data quota", _words(found.quota)),
            ("Missing at 1NCE", _count(found.missing)),
            ("Online on the day", online),
        ],
        note="" if sampled >= 1438 else f"Only {sampled:,} of the day's 1,440 minutes were sampled.",
    )


def _usage(report: DailyReport) -> Section:
    found = report.usage
    missing = found.unknown_minutes
    return Section(
        title="Usage",
        figures=[
            ("Data", volume(found.data_bytes)),
            ("The day before", volume(found.day_before_bytes)),
            ("Mean of the 7 days before", volume(found.week_mean_bytes)),
            ("In the month", volume(found.month_bytes)),
            ("SMS", _count(found.sms)),
        ],
        note=f"Usage records are missing for {missing:,} minutes of the day: the sums may be too low."
        if missing
        else "",
        table=Table(
            heads=("SIM that used most", "Label", "Data"),
            rows=[(one.iccid, one.label or NOTHING, volume(one.data_bytes)) for one in found.most],
        ),
    )


def _spend(report: DailyReport) -> Section:
    rows = [
        (
            when,
            one.currency or UNPRICED,
            f"{_amount(one.spent_minor, one)}: {one.spent_top_ups:,} top-ups",
            f"{_amount(one.reserved_minor, one)}: {one.reserved_top_ups:,} top-ups",
        )
        for when, spent in (("day", report.spend.day), ("month", report.spend.month))
        for one in spent
    ]
    top_ups = sum(one.spent_top_ups + one.reserved_top_ups for one in report.spend.day)
    return Section(
        title="Spend",
        figures=[("Top-ups asked for on the day", _count(top_ups))],
        table=Table(heads=("In the", "Currency", "Taken by 1NCE", "Asked for, or unknown"), rows=rows),
    )


def _amount(minor: int, spent: Spent) -> str:
    return money(minor, spent.currency) if spent.currency else UNPRICED


def _alerts(found: AlertFigures) -> Section:
    still = {name: number for name in SEVERITIES if (number := getattr(found.open, name))}
    more = sum(found.fired.values()) - len(found.latest)
    return Section(
        title="Alerts",
        figures=[
            ("Fired on the day", _words({name: found.fired[name] for name in SEVERITIES if name in found.fired})),
            ("Resolved on the day", _count(found.resolved)),
            ("Open when the report was made", _words(still)),
            ("Of these, not acknowledged", _count(found.open.unacknowledged)),
        ],
        note=f"{more:,} more are not listed here." if more > 0 else "",
        table=Table(
            heads=("Severity", "Alert", "Fired", "Resolved"),
            rows=[
                (one.severity, one.title, _clock(one.fired_at), _clock(one.resolved_at) if one.resolved_at else "open")
                for one in found.latest
            ],
        ),
    )


def _audit(report: DailyReport) -> Section:
    found = report.audit
    holds = "not yet" if found.verified_at is None else f"{_clock(found.verified_at)}: every line held"
    return Section(
        title="Audit trail",
        figures=[
            ("Lines of the day", _count(found.lines)),
            ("Refused attempts", _count(found.refused)),
            ("Sealed up to line", _count(found.number)),
            ("Seal of that line", found.hmac or NOTHING),
            ("Its time", _clock(found.sealed_to)),
            ("Verified", f"does not hold: {found.fault}" if found.fault else holds),
        ],
        note="Keep this seal outside of the console: it shows later whether lines before it were changed or removed."
        if found.hmac
        else "",
    )
