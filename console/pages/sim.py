"""One SIM, with all that is known of it."""

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
from console.actions.reads import ActionFilter, Replacement
from console.actions.seen import seen
from console.actions.tickets import facts_text
from console.carrier.products import top_up_price
from console.carrier.reads import NotOffered, not_offered_query
from console.facts.actions import ActionKind
from console.facts.sims import SimState
from console.organizations.flags import Flag
from console.organizations.flags_kept import Flags
from console.organizations.rules import Caller, Permission
from console.pages import sim_chart, sim_edits, sim_peek, sim_place, sim_timeline
from console.pages.actions import drawn
from console.pages.address_faults import VALUES, OneOf
from console.pages.frame import frame_and, parts
from console.pages.layout import framed
from console.pages.sim_place import LONGEST_LIST, place_context
from console.pages.sim_tabs import FIRST, TABS, Tab, tab_context
from console.pages.sim_timeline import RANGES, USUAL, timeline_context
from console.pages.sim_view import SimView
from console.quotas import reconciliation
from console.quotas.forecast import forecast
from console.sims.api import shown_sim
from console.store.together import Asked, Together

ACTIONS = 10


def _parts() -> dict[str, Asked]:
    organization = sa.bindparam("organization_id", type_=sa.Integer)
    replacements = action_reads.replacements_query(organization, sa.bindparam("iccid", type_=sa.Text))
    return {
        **parts(),
        "not_offered": Asked(not_offered_query(organization), NotOffered),
        "replacements": Asked(replacements, Replacement),
    }


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
    frame, beside = await frame_and(reading, caller, PAGE, iccid=sim.iccid)
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
        "replacements": beside["replacements"],
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
