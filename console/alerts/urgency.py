"""How urgent an alert is as its rule is now, against how urgent it was. No database, no clock."""

from typing import Any

from msgspec import Struct

from console.alert_rules.reads import AlertRule
from console.facts.alerts import AlertChange, Priority, Severity
from console.notifications.rules import rank


class Regraded(Struct, frozen=True, kw_only=True):
    """That an alert has become more or less urgent with its rule, and whether its priority has risen."""

    change: AlertChange  # RAISED or LOWERED
    text: str  # for the history
    priority_rose: bool
    seen: bool  # its priority was already the new one before it was judged: a rule's own is at once


def priority_of(priority: str | None, severity: str) -> Priority:
    """The priority of alerts of this severity, whose rule has this one; None: none of its own."""
    return Priority(priority) if priority else Priority.P1 if severity == Severity.CRITICAL else Priority.P3


def regraded(row: Any, rule: AlertRule, was: str | None) -> Regraded | None:
    """What has become of the urgency of the alert in this row by a change of its rule; `was`: its priority before."""
    before, after = priority_of(was, row.severity), priority_of(rule.priority, rule.severity)
    said = []
    if row.severity != rule.severity:
        said.append(f"{row.severity} to {rule.severity.value}")
    if before is not after:
        said.append(f"{before.value} to {after.value}")
    if not said:
        return None
    rose = list(Priority).index(after) < list(Priority).index(before)
    up = rose or (before is after and rank(rule.severity) > rank(Severity(row.severity)))
    change = AlertChange.RAISED if up else AlertChange.LOWERED
    seen = priority_of(rule.priority, row.severity) is after
    return Regraded(change=change, text=", ".join(said), priority_rose=rose, seen=seen)
