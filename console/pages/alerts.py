"""Alerts: what fires, what somebody looks at, what was resolved within 24 hours; one with its SIMs and its history."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncConnection

from console.alert_rules import reads as alert_rules
from console.alerts import reads
from console.alerts.commands import number_of
from console.alerts.hints import hint_of
from console.alerts.looking import looking_too
from console.alerts.paging import escalation_of
from console.alerts.reads import AlertFilter
from console.errors import NotFound
from console.facts import Fact
from console.facts.alerts import AlertChanged
from console.live.pieces import Html, replace
from console.live.view import Receives, Refresh
from console.members.reads import names_of
from console.organizations.rules import Caller, Permission
from console.pages.alert_forms import changing
from console.pages.alert_groups import (
    MOST,
    OPTIONS,
    SEVERITIES,
    STATES,
    address,
    asked_filter,
    groups_of,
    known,
)
from console.pages.layout import layout_context
from console.pages.templating import Fragments
from console.store.database import Database
from console.store.keyset import read_cursor

SUBJECTS, EVENTS = 200, 100
LISTS = Refresh(part="lists")
By = NamedDependency[Caller]
Reading = NamedDependency[AsyncConnection]


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
        escalation = await escalation_of(reading, organization_id, number)
        html = self._fragments.draw("alerts/_history.html", alert_id=number, history=history, escalation=escalation)
        return [replace(f"alert-history-{number}", html)]

    def on_return(self, topics: Iterable[str]) -> Sequence[Refresh]:
        """A refresh under way when the page was cut off has not reached it."""
        return [LISTS]


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
    now, query = datetime.now(UTC), known(of_state, severity, rule)  # the page says what it can't be
    wanted = asked_filter(query)
    context: dict[str, Any] = {
        **await layout_context(reading, caller, live_since, AlertsView),
        **query,
        **await _rule(reading, caller, query["rule"], query["state"]),
        "states": STATES,
        "severities": SEVERITIES,
        "as_of_time": now,
        "most": MOST,
        "groups": None,
        "file": address("/alerts.csv", query),
    }
    if wanted is None and not before:
        context["groups"] = await groups_of(reading, caller.organization_id, now)
        return Template("alerts/alerts.html", context=context)
    wanted = wanted or AlertFilter()
    cursor = read_cursor(before) if before else None
    shown, older = await reads.page(reading, caller.organization_id, wanted, limit=MOST, cursor=cursor)
    total = await reads.count(reading, caller.organization_id, wanted, exact=True)
    here = address("/alerts", query)
    again = None if before else here  # what enters and leaves it, no fact says
    context |= {"shown": shown, "total": total.number, "again": again}
    context["older"] = f"{here}{'&' if '?' in here else '?'}before={older}" if older else None
    return Template("alerts/alerts.html", context=context)


async def _rule(reading: AsyncConnection, caller: Caller, number: str, of_state: str) -> dict[str, Any]:
    """The rule whose alerts are shown, and whether a silence can be about just these: it knows names, and no states."""
    rules = await alert_rules.rules(reading, caller.organization_id) if number else []
    found = next((one for one in rules if one.id == int(number)), None)
    alone = found is not None and [one.name for one in rules].count(found.name) == 1
    return {"of_rule": found, "silenced": alone and not of_state}


@get("/alerts/{alert_id:str}")
async def alert_page(
    caller: By,
    reading: Reading,
    db: NamedDependency[Database],
    live_since: NamedDependency[str],
    alert_id: FromPath[str],
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
        "escalation": await escalation_of(reading, organization_id, number),
        "looking": await looking_too(db.redis, organization_id, number, caller.name, datetime.now(UTC)),
        "hint": await hint_of(reading, organization_id, found, datetime.now(UTC)),
        "assignees": await names_of(reading, organization_id),
        "as_of_time": datetime.now(UTC),
        "most": SUBJECTS,
    }
    return Template("alerts/alert.html", context=context)


@get("/alerts/{alert_id:str}/looking")
async def looking_fragment(
    caller: By, reading: Reading, db: NamedDependency[Database], alert_id: FromPath[str]
) -> Template:
    """Who else has the page of the alert open; asked by the page, which says by that that it is."""
    number = number_of(alert_id)
    if await reads.one(reading, caller.organization_id, number) is None:
        raise NotFound("There is no such alert", alert=alert_id)
    looking = await looking_too(db.redis, caller.organization_id, number, caller.name, datetime.now(UTC))
    return Template("alerts/_looking.html", context={"alert_id": number, "looking": looking})


router = Router(
    "/",
    route_handlers=[alerts_page, alert_page, looking_fragment, changing],
    opt={"permission": Permission.ALERTS_READ},
    include_in_schema=False,
)
