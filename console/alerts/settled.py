"""What an alert becomes, given for how many subjects its rule holds now. No database, no clock."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from console.alert_rules.kinds import KINDS, Feed, RuleKind
from console.alert_rules.reads import AlertRule
from console.alerts.grouping import is_group
from console.alerts.rules import Timing, next_state
from console.alerts.titles import title_of_group, title_of_one
from console.facts.alerts import AlertChange, AlertState

RULE_GONE = "The rule was disabled or deleted"
STEPS = {
    AlertState.FIRING: AlertChange.FIRED,
    AlertState.RECOVERING: AlertChange.RECOVERING,
    AlertState.RESOLVED: AlertChange.RESOLVED,
}

UNSAID = frozenset({AlertChange.GREW, AlertChange.SHRANK})  # no lines of the history


def settled(
    row: Any,
    rule: AlertRule | None,
    now: datetime,
    *,
    stale: frozenset[Feed],
    shares_hold: Mapping[int, bool],
) -> tuple[dict[str, Any], AlertChange | None, str | None]:
    """What changes of an alert, what has happened by that (None: nothing), and why."""
    before = AlertState(row.state)
    can_judge = rule is None or KINDS[rule.kind].feed not in stale
    holds = rule is not None and shares_hold.get(row.id, row.now_sims > 0)
    timing = Timing(
        state=before,
        started_at=row.started_at,
        recovering_at=row.recovering_at,
        for_=timedelta(seconds=rule.for_seconds if rule else 0),
        keep_firing_for=timedelta(seconds=rule.keep_firing_seconds if rule else 0),
    )
    after = next_state(timing, now, holds=holds, can_judge=can_judge)
    values: dict[str, Any] = {
        "state": after.value,
        "sims": row.now_sims if is_group(row.key) or row.iccid else 0,
        "sims_total": row.now_total if is_group(row.key) or row.iccid else 0,
        "cannot_judge_since": None if can_judge or after is AlertState.RESOLVED else row.cannot_judge_since or now,
    }
    if rule is not None:
        values |= {"severity": rule.severity.value, "title": _title(rule, row)}
    if after is AlertState.FIRING:
        values |= {"fired_at": row.fired_at or now, "recovering_at": None}
    elif after is AlertState.RECOVERING:
        values["recovering_at"] = row.recovering_at or now
    elif after is AlertState.RESOLVED:
        values["resolved_at"] = now
    if row.acknowledged_until is not None and row.acknowledged_until <= now and row.acknowledged_at is not None:
        values |= {"acknowledged_at": None, "acknowledged_by": None, "acknowledged_until": None}
    return values, _happened(row, before, after, values), None if rule else RULE_GONE


def _happened(row: Any, before: AlertState, after: AlertState, values: dict[str, Any]) -> AlertChange | None:
    if before is not after:
        again = before is AlertState.RECOVERING and after is AlertState.FIRING
        return AlertChange.FIRED_AGAIN if again else STEPS[after]
    if row.revision == 0:
        return AlertChange.PENDING
    if "acknowledged_at" in values:
        return AlertChange.ACKNOWLEDGEMENT_ENDED
    if (row.cannot_judge_since is None) != (values["cannot_judge_since"] is None):
        return AlertChange.CAN_JUDGE if values["cannot_judge_since"] is None else AlertChange.CANNOT_JUDGE
    if all(getattr(row, name) == values.get(name, getattr(row, name)) for name in ("sims", "title", "severity")):
        return None
    return AlertChange.SHRANK if values["sims"] < row.sims else AlertChange.GREW


def _title(rule: AlertRule, row: Any) -> str:
    if is_group(row.key) or rule.kind is RuleKind.SHARE_LEFT:
        return title_of_group(rule, row.key, row.now_sims or row.now_total)
    kind, _, name = row.key.partition(":")
    shown = row.label or row.iccid or (name if kind == "job" else "")
    return title_of_one(rule, shown if kind != "action" else "", row.value)
