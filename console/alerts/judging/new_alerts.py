"""An alert as it begins. No database, no clock."""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from console.alert_rules.reads import AlertRule
from console.alerts.grouping import NewSubject, is_group
from console.facts.alerts import AlertChange, AlertState


def new_alert(
    organization_id: int, rule: AlertRule, key: str, subjects: Sequence[NewSubject], now: datetime
) -> dict[str, Any]:
    """The row of an alert about these subjects: pending until it is settled."""
    first = min((one.since for one in subjects if one.since), default=now)
    return {
        "organization_id": organization_id,
        "rule_id": rule.id,
        "severity": rule.severity.value,
        "state": AlertState.PENDING.value,
        "key": key,
        "title": "",  # as it is settled
        "iccid": None if is_group(key) else subjects[0].iccid,
        "operator": shared(subjects, "operator"),
        "country": shared(subjects, "country"),
        "started_at": min(first, now),
        "change": AlertChange.PENDING.value,
        "changed_at": now,
        "revision": 0,
    }


def shared(subjects: Sequence[NewSubject], name: str) -> str | None:
    """What all of these have in a field; None where they differ, or it is known of none."""
    values = set(map(attrgetter(name), subjects))
    return (values.pop() or None) if len(values) == 1 else None
