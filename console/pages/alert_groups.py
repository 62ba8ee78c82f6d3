"""What the page of alerts shows, and its file: the groups, or what a filter lets through."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncConnection

from console.alerts import reads
from console.alerts.reads import AlertFilter
from console.facts.alerts import Alert, AlertState, Severity
from console.pages.address_faults import VALUES, OneOf, is_page_number

MOST = 100  # alerts of a group
STATES = (("", "Open, and resolved within 24 h"), *((state.value, state.value) for state in AlertState))
SEVERITIES = (("", "Any"), *((severity.value, severity.value) for severity in Severity))
OPTIONS = {
    VALUES: {"state": OneOf(*(state for state, _ in STATES)), "severity": OneOf(*Severity), "rule": is_page_number}
}
Group = tuple[str, list[Alert], str]


async def groups_of(connection: AsyncConnection, organization_id: int, now: datetime) -> list[Group]:
    """What fires, what somebody looks at (longest first), what waits or is hidden, what was resolved in 24 hours."""
    firing = await reads.active(connection, organization_id, acknowledged=False, limit=MOST)
    seen = await reads.active(connection, organization_id, acknowledged=True, limit=MOST)
    seen.sort(key=lambda one: one.started_at)
    pending, _ = await reads.page(
        connection, organization_id, AlertFilter(state=frozenset({AlertState.PENDING})), limit=MOST
    )
    active = frozenset({AlertState.FIRING, AlertState.RECOVERING})
    hidden, _ = await reads.page(connection, organization_id, AlertFilter(state=active, hidden=True), limit=MOST)
    resolved = await reads.resolved_since(connection, organization_id, now - timedelta(hours=24), limit=MOST)
    found = [
        ("Firing", firing, "Nothing fires."),
        ("Acknowledged, the oldest first", seen, "Nothing is acknowledged."),
        ("Pending", pending, "Nothing is about to fire."),
        ("Hidden by a silence or a maintenance window", hidden, "Nothing is hidden."),
        ("Resolved in the last 24 hours", resolved, "Nothing was resolved."),
    ]
    always = {"Firing", "Resolved in the last 24 hours"}
    return [group for group in found if group[1] or group[0] in always]


def known(of_state: str, severity: str, rule: str) -> dict[str, str]:
    """What is asked for by its names; empty for what can't be."""
    return {
        "state": of_state if of_state in [*AlertState] else "",
        "severity": severity if severity in [*Severity] else "",
        "rule": rule if is_page_number(rule) else "",
    }


def asked_filter(query: Mapping[str, str]) -> AlertFilter | None:
    """Which alerts that asks for; None for the groups."""
    if not any(query.values()):
        return None
    return AlertFilter(
        state=frozenset({AlertState(query["state"])} if query["state"] else ()),
        severity=frozenset({Severity(query["severity"])} if query["severity"] else ()),
        rule_id=int(query["rule"]) if query["rule"] else None,
    )


def address(path: str, query: Mapping[str, str]) -> str:
    """The address of these alerts."""
    named = {name: value for name, value in query.items() if value}
    return f"{path}?{urlencode(named)}" if named else path
