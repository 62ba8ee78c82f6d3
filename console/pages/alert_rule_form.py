"""The form of an alert rule: the rule that it asks for, and the form of a rule as it is."""

from typing import Any

import msgspec
from msgspec import Struct

from console.alert_rules.kinds import KINDS, RuleKind, RuleParameters
from console.alert_rules.reads import AlertRule
from console.alert_rules.ready_made import READY_MADE
from console.alert_rules.writes import NewAlertRule, checked
from console.errors import Invalid
from console.facts.alerts import Severity

NUMBERS = (
    *("percent", "left_bytes", "left_messages", "hours", "days", "minutes", "least_sims", "failures"),
    *("times", "sessions", "deviations", "least_bytes"),
)
MEBIBYTE = 1024 * 1024
IN_MB = {"left_bytes": "left_mb", "least_bytes": "least_mb"}


class RuleForm(Struct, frozen=True, kw_only=True):
    """A rule as the form has it; numbers that its kind does not take are empty. `do`: "try", or save.
    `revision`: of the rule that it was drawn from.
    """

    name: str = ""
    kind: str = ""
    severity: str = "warning"
    priority: str = ""
    filter: str = ""
    for_minutes: str = ""
    keep_minutes: str = ""
    enabled: str = ""
    do: str = ""
    revision: str = ""
    percent: str = ""
    left_mb: str = ""
    left_messages: str = ""
    service: str = ""
    hours: str = ""
    days: str = ""
    minutes: str = ""
    countries: str = ""
    by: str = ""
    least_sims: str = ""
    failures: str = ""
    times: str = ""
    sessions: str = ""
    deviations: str = ""
    least_mb: str = ""


def wanted_of(form: RuleForm) -> NewAlertRule:
    """The rule that a form asks for. Raises Invalid."""
    try:
        kind, severity = RuleKind(form.kind), Severity(form.severity)
    except ValueError as error:
        raise Invalid("Choose a kind and a severity of the lists") from error
    takes = {*KINDS[kind].takes, *KINDS[kind].either}
    values: dict[str, Any] = {}
    for name in takes & {*NUMBERS}:
        text = getattr(form, IN_MB.get(name, name))
        if text.strip():
            values[name] = _whole(text, MEBIBYTE if name in IN_MB else 1)
    if "countries" in takes:
        values["countries"] = [one.upper() for one in form.countries.replace(",", " ").split()]
    values |= {name: getattr(form, name) for name in takes & {"service", "by"} if getattr(form, name)}
    rule = {
        "name": form.name.strip(),
        "kind": kind.value,
        "severity": severity.value,
        "priority": form.priority or None,
        "parameters": values,
        "filter": form.filter.strip().removeprefix("?") if KINDS[kind].of_sims else "",
        "for_seconds": _whole(form.for_minutes or "0", 60) if not KINDS[kind].momentary else 0,
        "keep_firing_seconds": _whole(form.keep_minutes or "0", 60),
        "enabled": bool(form.enabled),
    }
    try:
        return checked(msgspec.convert(rule, NewAlertRule))
    except msgspec.ValidationError as error:
        raise Invalid(f"The rule can't be so: {error}") from error


def _whole(text: str, unit: int) -> int:
    try:
        return round(float(text) * unit)
    except (ValueError, OverflowError) as error:
        raise Invalid(f"{text[:20]!r} is no number") from error


def new_form(kind: RuleKind) -> RuleForm:
    """The form of a new rule: with the numbers of the ready-made set, if it has one of the kind."""
    usual = next((one.parameters for one in READY_MADE if one.kind is kind), RuleParameters())
    return RuleForm(name=KINDS[kind].text, kind=kind.value, enabled="yes", **_fields(usual))


def _fields(given: RuleParameters) -> dict[str, str]:
    parameters = {name: str(value) for name, value in msgspec.to_builtins(given).items()}
    for name, field in IN_MB.items():
        if name in parameters:
            parameters[field] = f"{int(parameters.pop(name)) / MEBIBYTE:.6g}"
    parameters["countries"] = " ".join(given.countries or ())
    return parameters


def form_of(rule: AlertRule) -> RuleForm:
    """The form that asks for the rule as it is."""
    return RuleForm(
        name=rule.name,
        kind=rule.kind.value,
        severity=rule.severity.value,
        priority=rule.priority or "",
        filter=rule.filter,
        for_minutes=f"{rule.for_seconds / 60:.6g}",
        keep_minutes=f"{rule.keep_firing_seconds / 60:.6g}",
        enabled="yes" if rule.enabled else "",
        revision=str(rule.revision),
        **_fields(rule.parameters),
    )
