"""One SIM, with all that is known of it."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import sqlalchemy as sa
from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncConnection

from console.actions import forms
from console.actions import reads as action_reads
from console.actions.diagnosing import diagnosis_of
from console.actions.explanations import PAYMENT_NAMES
from console.actions.reads import ActionFilter
from console.actions.seen import MATTERS, seen
from console.actions.tickets import facts_text
from console.carrier.products import top_up_price
from console.carrier.reads import NotOffered, not_offered_query
from console.facts import Fact
from console.facts.actions import Action, ActionChanged, ActionKind
from console.facts.network import NetworkEventReported
from console.facts.sims import SimChanged, SimState
from console.facts.sms import SmsChanged
from console.facts.topic_names import sims_in
from console.live.pieces import Html, prepend, replace
from console.live.view import Receives, Refresh
from console.organizations.flags import Flag
from console.organizations.flags_kept import Flags
from console.organizations.rules import Caller, Permission
from console.pages import sim_chart, sim_edits, sim_peek, sim_place, sim_timeline
from console.pages.actions import drawn, message
from console.pages.address_faults import VALUES, OneOf
from console.pages.frame import frame_and, parts
from console.pages.layout import framed
from console.pages.sim_offered import forms_now
from console.pages.sim_place import LONGEST_LIST, place_context
from console.pages.sim_tabs import FIRST, TABS, Tab, tab_context
from console.pages.sim_timeline import RANGES, USUAL, timeline_context
from console.pages.templating import Fragments
from console.quotas import reconciliation
from console.quotas.forecast import forecast
from console.sims import reads as sim_reads
from console.sims.api import shown_sim
from console.store.together import Asked, Together

ACTIONS = 10
CONFIRMED = "reconciliation"  # of quotas: no fact reports it
EVERY_SECONDS = 10.0


class SimView:
    """The SIM's state, events and messages at once; its quotas with their forecast from the database."""

    name = "sim"
    receives = Receives(facts=(SimChanged, NetworkEventReported, SmsChanged, ActionChanged))

    def __init__(self, fragments: Fragments) -> None:
        self._fragments = fragments

    def draw(self, fact: Fact) -> Sequence[Html | Refresh]:
        """Its state, or a new event or message on top of its list."""
        draw = self._fragments.draw
        if isinstance(fact, SimChanged):
            state = replace("sim-state", draw("sim/_state.html", sim=fact.data), revision=fact.data.revision)
            ours = self._fragments.draw("sim/_annotations.html", sim=fact.data)
            annotations = replace("sim-annotations", ours, revision=fact.data.revision)
            facts = replace("sim-facts", draw("sim/_facts.html", sim=fact.data), revision=fact.data.revision)
            return [
                state,
                facts,
                annotations,
                *forms_now(self._fragments, fact.data, MATTERS),
                _quotas(fact.data.iccid),
                _diagnosis(fact.data.iccid),
            ]
        if isinstance(fact, NetworkEventReported):
            event = prepend("sim-events", f"event-{fact.data.id}", draw("sim/_event.html", event=fact.data))
            return [event, *([_diagnosis(fact.data.iccid)] if fact.data.iccid else [])]
        if isinstance(fact, SmsChanged):
            sms = f"sms-{fact.data.direction}-{fact.data.id}"
            return [prepend("sim-sms", sms, draw("sim/_sms.html", message=fact.data))]
        if isinstance(fact, ActionChanged):
            return self._action(fact.data)
        return []

    def _action(self, action: Action) -> Sequence[Html]:
        """Its row and message, and in the form of its kind that it is the latest."""
        row = self._fragments.draw("sim/_action.html", **drawn(action))
        after = self._fragments.draw("sim/_after.html", kind=action.kind, after=action.id)
        return [
            prepend("sim-actions", f"action-{action.id}", row, revision=action.revision),
            replace(f"after-{action.kind}", after, revision=action.id),
            message(self._fragments, action),
        ]

    def confirmed(self, sim: SimState) -> Html:
        """When 1NCE last confirmed the SIM, in the head of the page."""
        return replace("sim-confirmed", self._fragments.draw("sim/_head_confirmed.html", sim=sim))

    async def refresh(self, reading: AsyncConnection, organization_id: int, what: Refresh) -> Sequence[Html]:
        """Its quotas, when they were confirmed, or its diagnosis."""
        sim = await sim_reads.one(reading, organization_id, what.subject)
        if sim is None:
            return []
        if what.part == "diagnosis":
            found = await diagnosis_of(reading, organization_id, sim, datetime.now(UTC))
            return [replace("sim-diagnosis", self._fragments.draw("sim/_diagnosis.html", diagnosis=found))]
        if what.part == CONFIRMED:
            found_of = await reconciliation.of_sim(reading, organization_id, sim.iccid, datetime.now(UTC))
            html = self._fragments.draw("sim/_reconciliation.html", reconciliation=found_of)
            return [replace("sim-reconciliation", html)]
        expected = await forecast(reading, organization_id, sim.iccid, datetime.now(UTC))
        html = self._fragments.draw("sim/_quotas.html", sim=sim, forecast=expected)
        return [replace("sim-quotas", html, revision=sim.revision)]

    def on_return(self, topics: Iterable[str]) -> Sequence[Refresh]:
        """Its quotas and its diagnosis."""
        return [one for iccid in sims_in(topics) for one in (_quotas(iccid), _diagnosis(iccid))]


def _quotas(iccid: str) -> Refresh:
    return Refresh(part="quotas", subject=iccid, topic=f"sim:{iccid}")


def _diagnosis(iccid: str) -> Refresh:
    return Refresh(part="diagnosis", subject=iccid, topic=f"sim:{iccid}")


def _parts() -> dict[str, Asked]:
    organization = sa.bindparam("organization_id", type_=sa.Integer)
    return {**parts(), "not_offered": Asked(not_offered_query(organization), NotOffered)}


PAGE = Together(_parts)


@get("/sims/{iccid:str}", include_in_schema=False, opt={VALUES: {"range": OneOf(*RANGES), "tab": OneOf(*TABS)}})
async def sim_page(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    live_since: NamedDependency[str],
    sim: NamedDependency[SimState],
    flags: NamedDependency[Flags],
    tab: Tab = "",
    before: Annotated[str, QueryParameter(max_length=300)] = "",
    sms_before: Annotated[str, QueryParameter(max_length=300)] = "",
    list_address: Annotated[str | None, QueryParameter(name="list", max_length=LONGEST_LIST)] = None,
    shown_range: Annotated[str, QueryParameter(name="range", max_length=10)] = USUAL,
) -> Template:
    """What it is, where it is, what it has left, what happened to it; `list`: the list it stands in."""
    actions, _ = await action_reads.page(reading, caller.organization_id, ActionFilter(iccid=sim.iccid), limit=ACTIONS)
    frame, beside = await frame_and(reading, caller, PAGE)
    now, kept = datetime.now(UTC), {"list": list_address} if list_address is not None else {}
    ranged = {"range": shown_range} if shown_range in RANGES and shown_range != USUAL else {}
    tabbed = {"tab": tab} if tab in TABS and tab != FIRST else {}
    context: dict[str, Any] = {
        **framed(frame, caller, live_since, SimView, [f"sim:{sim.iccid}"]),
        **await place_context(reading, caller, sim, list_address),
        **await timeline_context(reading, caller, sim, shown_range, {**tabbed, **kept}),
        **await tab_context(reading, caller, sim, tab, {**ranged, **kept}, before, sms_before),
        "here": "sims",
        "sim": shown_sim(caller, sim),
        "diagnosis": await diagnosis_of(reading, caller.organization_id, sim, now),
        "forecast": await forecast(reading, caller.organization_id, sim.iccid, now),
        "reconciliation": await reconciliation.of_sim(reading, caller.organization_id, sim.iccid, now),
        "may_act": caller.may(Permission.SIMS_ACT),
        "actions": [drawn(action) for action in actions],
        "seen_of": {kind.value: seen(sim, kind) for kind in ActionKind},
        "latest": await forms.latest(reading, caller.organization_id, sim.iccid),
        "ticket_facts": facts_text(sim, mask=not caller.sees_identifiers),
        "ticket_facts_at": now,
        "not_offered": {one.operation: one.unavailable_reason for one in beside["not_offered"]},
        "payment_methods": PAYMENT_NAMES,
        "spending": flags[Flag.SPENDING],
        "price": await top_up_price(reading, caller.organization_id, now),
    }
    return Template("sim/sim.html", context=context)


router = Router(
    "/",
    route_handlers=[
        sim_page,
        sim_place.router,
        sim_peek.router,
        sim_timeline.router,
        sim_chart.router,
        sim_edits.router,
    ],
)
