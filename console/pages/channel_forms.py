"""The forms of a notification channel, as browsers send them."""

from typing import Annotated, Any

from msgspec import Meta, Struct, ValidationError, convert

from console.errors import Invalid
from console.facts.alerts import Severity
from console.notifications.bodies import ChannelSetting
from console.notifications.rules import ChannelKind, Hours, Weekday

Text = Annotated[str, Meta(max_length=3_000)]
CHOICES: dict[str, Any] = {"severities": list(Severity), "weekdays": list(Weekday)}


class ChannelForm(Struct):
    """A channel: tags by comma; without a time zone it takes notifications at all hours."""

    name: Text = ""
    target: Text = ""
    least_severity: Severity = Severity.WARNING
    tags: Text = ""
    time_zone: Text = ""
    days: list[Weekday] | Weekday = []  # a form with one box ticked sends no list
    begin: Text = ""
    end: Text = ""
    send_resolved: Text = ""
    by_route: Text = ""
    digest: Text = ""
    enabled: Text = ""


class NewChannelForm(ChannelForm):
    """A channel to be made."""

    kind: ChannelKind = ChannelKind.WEBHOOK
    enabled: Text = "yes"


def setting_of(form: ChannelForm) -> ChannelSetting:
    """What the form says. Raises Invalid for hours that are none."""
    return ChannelSetting(
        name=form.name,
        least_severity=form.least_severity,
        tags=form.tags.split(","),
        hours=_hours(form),
        send_resolved=bool(form.send_resolved),
        by_route=bool(form.by_route),
        digest=bool(form.digest),
        enabled=bool(form.enabled),
    )


def _hours(form: ChannelForm) -> Hours | None:
    if not form.time_zone.strip():
        return None
    days = [form.days] if isinstance(form.days, Weekday) else form.days
    asked = {"time_zone": form.time_zone.strip(), "days": days, "begin": form.begin, "end": form.end}
    try:
        return convert(asked, Hours)
    except ValidationError as error:
        raise Invalid("Hours have a beginning and an end, HH:MM, and a time zone like Europe/Berlin") from error
