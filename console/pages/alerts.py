"""Alerts: what fires, what somebody looks at, what was resolved within 24 hours; one with its SIMs and its history."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncConnection

from console.alert_rules import reads as alert_rules
from console.alerts import reads
from console.alerts.commands import number_of
from console.alerts.reads import AlertFilter
from console.errors import NotFound
from console.facts import Fact
from console.facts.alerts import Alert, AlertChanged, AlertState, Severity
from console.live.pieces import Html, replace
from console.live.view import Receives, Refresh
from console.organizations.rules import Caller, Permission
from console.pages.address_faults import VALUES, OneOf, is_page_number
from console.pages.alert_forms import changing
from console.pages.layout import layout_context
from console.pages.templating import Fragments
from console.store.keyset import read_cursor

MOST = 100  # alerts of a group
SUBJECTS, EVENTS = 200, 100
STATES = (("", "Open, and resolved within 24 h"), *((state.value, state.value) for state in AlertState))
SEVERITIES = (("", "Any"), *((severity.value, severity.value) for severity in Severity))
LISTS = Refresh(part="lists")
By = NamedDependency[Caller]
Reading = NamedDependency[AsyncConnection]
Group = tuple[str, list[Alert], str]


class AlertsView:
    """The groups are drawn anew, at most once a second; a row of another list, and the alert's page, by themselves."""

    name = "alerts"
    receives = Receives(facts=(AlertChanged,), topics=("alerts",))

    def __init__(self, fragments: Fragments) -> None:
        self._fragments = fragments

    def draw(self, fact: Fact) -> Sequence[Html | Refresh]:
        """One alert, wherever it is shown."""
        if not isinstance(fact, AlertChanged):
            return []
        alert = fact.data
        row = self._fragments.draw("alerts/_row.html", alert=alert)
        whole = self._fragments.draw("alerts/_whole.html", alert=alert)
        return [
            replace(f"alert-{alert.id}", row),
            replace(f"whole-alert-{alert.id}", whole),
            LISTS,
            Refresh(part="history", subject=str(alert.id)),
        ]

    async def refresh(self, reading: AsyncConnection, organization_id: int, what: Refresh) -> Sequence[Html]:
        """The groups, or the history of one alert."""
        if what.part == "lists":
            groups = await groups_of(reading, organization_id, datetime.now(UTC))
            return [replace("alert-lists", self._fragments.draw("alerts/_lists.html", groups=groups, most=MOST))]
        number = int(what.subject)
        history = await reads.history(reading, organization_id, number, limit=EVENTS)
        html = self._fragments.draw("alerts/_history.html", alert_id=number, history=history)
        return [replace(f"alert-history-{number}", html)]

    def on_return(self, topics: Iterable[str]) -> Sequence[Refresh]:
        """A refresh under way when the page was cut off has not reached it."""
        return [LISTS]


async def groups_of(connection: AsyncConnection, organization_id: int, now: datetime) -> list[Group]:
    """What fires, what somebody looks at (longest first), what waits or is hidden, what was resolved in 24 hours."""
    open_ = await reads.active(connection, organization_id, limit=2 * MOST)
    firing = [alert for alert in open_ if alert.acknowledged_at is None][:MOST]
    seen = sorted((alert for alert in open_ if alert.acknowledged_at is not None), key=lambda one: one.started_at)
    pending, _ = await reads.page(
        connection, organization_id, AlertFilter(state=frozenset({AlertState.PENDING})), limit=MOST
    )
    active = frozenset({AlertState.FIRING, AlertState.RECOVERING})
    hidden, _ = await reads.page(connection, organization_id, AlertFilter(state=active, hidden=True), limit=MOST)
    resolved = await reads.resolved_since(connection, organization_id, now - timedelta(hours=24), limit=MOST)
    found = [
        ("Firing", firing, "Nothing fires."),
        ("Acknowledged, the oldest first", seen[:MOST], "Nothing is acknowledged."),
        ("Pending", pending, "Nothing is about to fire."),
        ("Hidden by a silence or a maintenance window", hidden, "Nothing is hidden."),
        ("Resolved in the last 24 hours", resolved, "Nothing was resolved."),
    ]
    always = {"Firing", "Resolved in the last 24 hours"}
    return [group for group in found if group[1] or group[0] in always]


OPTIONS = {
    VALUES: {"state": OneOf(*(state for state, _ in STATES)), "severity": OneOf(*Severity), "rule": is_page_number}
}


@get("/alerts", opt=OPTIONS)
async def alerts_page(
    caller: By,
    reading: Reading,
    live_since: NamedDependency[str],
    of_state: Annotated[str, QueryParameter(name="state")] = "",
    severity: FromQuery[str] = "",
    rule: FromQuery[str] = "",
    before: Annotated[str, QueryParameter(max_length=300)] = "",
) -> Template:
    """The groups; with a filter, a list of what it lets through."""
    now = datetime.now(UTC)
    of_state = of_state if of_state in [*AlertState] else ""  # the page says what it can't be
    severity = severity if severity in [*Severity] else ""
    rule = rule if is_page_number(rule) else ""
    context: dict[str, Any] = {
        **await layout_context(reading, caller, live_since, AlertsView),
        "rule": rule,
        "of_rule": await alert_rules.one(reading, caller.organization_id, int(rule)) if rule else None,
        "states": STATES,
        "severities": SEVERITIES,
        "state": of_state,
        "severity": severity,
        "as_of_time": now,
        "most": MOST,
        "groups": None,
    }
    if not (of_state or severity or rule or before):
        context["groups"] = await groups_of(reading, caller.organization_id, now)
        return Template("alerts/alerts.html", context=context)
    wanted = AlertFilter(
        state=frozenset({AlertState(of_state)} if of_state else ()),
        severity=frozenset({Severity(severity)} if severity else ()),
        rule_id=int(rule) if rule else None,
    )
    cursor = read_cursor(before) if before else None
    shown, older = await reads.page(reading, caller.organization_id, wanted, limit=MOST, cursor=cursor)
    total = await reads.count(reading, caller.organization_id, wanted, exact=True)
    here = "/alerts?" + urlencode({"state": of_state, "severity": severity, **({"rule": rule} if rule else {})})
    address = f"{here}&before={older}" if older else None
    again = None if before else here  # what enters and leaves it, no fact says
    context |= {"shown": shown, "total": total.number, "older": address, "again": again}
    return Template("alerts/alerts.html", context=context)


@get("/alerts/{alert_id:str}")
async def alert_page(
    caller: By, reading: Reading, live_since: NamedDependency[str], alert_id: FromPath[str]
) -> Template:
    """One, with what it is about and what happened to it."""
    organization_id, number = caller.organization_id, number_of(alert_id)
    found = await reads.one(reading, organization_id, number)
    if found is None:
        raise NotFound("There is no such alert", alert=alert_id)
    context = {
        **await layout_context(reading, caller, live_since, AlertsView),
        "alert": found,
        "alert_id": number,
        "subjects": await reads.subjects(reading, organization_id, number, limit=SUBJECTS),
        "history": await reads.history(reading, organization_id, number, limit=EVENTS),
        "as_of_time": datetime.now(UTC),
        "most": SUBJECTS,
    }
    return Template("alerts/alert.html", context=context)


router = Router(
    "/",
    route_handlers=[alerts_page, alert_page, changing],
    opt={"permission": Permission.ALERTS_READ},
    include_in_schema=False,
)
