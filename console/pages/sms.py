"""Messages: with which SIMs there are any, and a SIM's conversation with the form to write to it."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncConnection

from console.actions import forms
from console.actions import reads as action_reads
from console.actions.reads import ActionFilter
from console.actions.seen import seen
from console.carrier import reads as carrier_reads
from console.facts import Fact
from console.facts.actions import ActionChanged, ActionKind
from console.facts.sims import SimChanged, SimState
from console.facts.sms import SmsChanged
from console.live.pieces import Html, prepend, replace
from console.live.view import Receives, Refresh
from console.organizations.rules import Caller, Permission
from console.pages.actions import drawn, message
from console.pages.address_faults import VALUES, OneOf
from console.pages.layout import layout_context
from console.pages.row_places import cursor_before
from console.pages.sim_offered import forms_now
from console.pages.sms_composer import TEMPLATES, templates_piece
from console.pages.templating import Fragments
from console.sims.api import shown_sim
from console.sms import reads
from console.sms.api import shown
from console.sms.undelivered import undelivered
from console.sms.variables import filled, missing
from console.store.keyset import read_cursor

CONVERSATIONS, MESSAGES, ACTIONS = 50, 50, 5
OPTIONS = {VALUES: {"failed": OneOf("24h")}}
OF_SMS = frozenset({ActionKind.SMS.value, ActionKind.CANCEL_SMS.value})
LATEST = Refresh(part="conversations", topic="sms")
EVERY_SECONDS = 10.0  # for a SIM that is watched again
By = NamedDependency[Caller]
Reading = NamedDependency[AsyncConnection]
Before = Annotated[str, QueryParameter(max_length=300)]


class SmsView:
    """The SIMs with the latest messages. Numbers in their texts are masked: the list is drawn for everybody."""

    name = "sms"
    receives = Receives(facts=(SmsChanged, SimChanged), topics=("sms",))

    def __init__(self, fragments: Fragments) -> None:
        self._fragments = fragments

    def draw(self, fact: Fact) -> Sequence[Html | Refresh]:
        """The list is read anew: a message does not say which SIM's is the latest. Of a SIM on it, its name."""
        if isinstance(fact, SimChanged):
            if not fact.data.watched:
                return [LATEST]
            name = self._fragments.draw("sms/_name.html", iccid=fact.data.iccid, label=fact.data.label)
            return [replace(f"with-{fact.data.iccid}", name, revision=fact.data.revision)]
        return [LATEST]

    async def refresh(self, reading: AsyncConnection, organization_id: int, what: Refresh) -> Sequence[Html]:
        """The first page of the list."""
        found, _ = await reads.conversations(reading, organization_id, limit=CONVERSATIONS)
        return [replace("conversations", self._fragments.draw("sms/_conversations.html", conversations=found))]

    def on_return(self, topics: Iterable[str]) -> Sequence[Refresh]:
        """The list."""
        return [LATEST]


class ConversationView:
    """A SIM's messages, what was asked for, and its quota."""

    name = "conversation"
    receives = Receives(facts=(SmsChanged, ActionChanged, SimChanged))

    def __init__(self, fragments: Fragments) -> None:
        self._fragments = fragments

    def draw(self, fact: Fact) -> Sequence[Html | Refresh]:
        """The message in its place, the action on top of its list, the quota."""
        draw = self._fragments.draw
        if isinstance(fact, SmsChanged):
            one = fact.data
            return [prepend("conversation", f"sms-{one.direction}-{one.id}", draw("sms/_message.html", message=one))]
        if isinstance(fact, SimChanged):
            parts = [
                replace(f"sms-{part}", draw(f"sms/_{part}.html", sim=fact.data), revision=fact.data.revision)
                for part in ("quota", "trail", "title")
            ]
            return [*parts, *forms_now(self._fragments, fact.data, (ActionKind.SMS,))]
        if isinstance(fact, ActionChanged) and fact.data.kind in OF_SMS:
            action = fact.data
            after = draw("sim/_after.html", kind=action.kind, after=action.id)
            row = draw("sim/_action.html", **drawn(action))
            return [
                prepend("sms-actions", f"action-{action.id}", row, revision=action.revision),
                replace(f"after-{action.kind}", after, revision=action.id),
                message(self._fragments, action),
            ]
        return []

    async def refresh(self, reading: AsyncConnection, organization_id: int, what: Refresh) -> Sequence[Html]:
        """The templates."""
        return [await templates_piece(self._fragments, reading, organization_id)]

    def on_return(self, topics: Iterable[str]) -> Sequence[Refresh]:
        """The templates. Facts that were missed come again."""
        return [TEMPLATES]


@get("/sms", opt=OPTIONS)
async def sms_page(
    caller: By, reading: Reading, live_since: NamedDependency[str], before: Before = "", failed: FromQuery[str] = ""
) -> Template:
    """The SIMs with the latest messages first, each with its latest; or each message of a day that did not arrive."""
    now = datetime.now(UTC)
    if failed == "24h":
        found = await undelivered(reading, caller.organization_id, now.replace(second=0, microsecond=0))
        context = {
            **await layout_context(reading, caller, live_since, SmsView),
            "conversations": found.messages,
            "number": found.number,
            "as_of_time": now,
        }
        return Template("sms/failed.html", context=context)
    cursor = read_cursor(before) if before else None
    conversations, older = await reads.conversations(
        reading, caller.organization_id, limit=CONVERSATIONS, cursor=cursor
    )
    context = {
        **await layout_context(reading, caller, live_since, SmsView),
        "conversations": conversations,
        "as_of_time": now,
        "older": f"/sms?before={older}" if older else None,
        "newest": "/sms" if cursor else None,
    }
    return Template("sms/sms.html", context=context)


@get("/sims/{iccid:str}/sms")
async def conversation_page(
    caller: By,
    reading: Reading,
    live_since: NamedDependency[str],
    sim: NamedDependency[SimState],
    template: Annotated[str, QueryParameter(max_length=10)] = "",
    before: Before = "",
) -> Template:
    """Messages both ways, the latest first. `template`: the number of the one that the form is filled from."""
    organization_id, cursor = caller.organization_id, cursor_before(reads.ORDER, before)
    found, older = await reads.of_sim(reading, organization_id, sim.iccid, limit=MESSAGES, cursor=cursor)
    wanted = ActionFilter(iccid=sim.iccid, kind=OF_SMS)
    actions, _ = await action_reads.page(reading, organization_id, wanted, limit=ACTIONS)
    templates = await reads.templates(reading, organization_id)
    chosen = next((one for one in templates if str(one.id) == template), None)
    lacking = missing(chosen.text, sim) if chosen else []
    context: dict[str, Any] = {
        **await layout_context(reading, caller, live_since, ConversationView, [f"sim:{sim.iccid}"]),
        "here": "sms",
        "sim": shown_sim(caller, sim),
        "messages": shown(caller, found),
        "actions": [drawn(action) for action in actions],
        "seen": seen(sim, ActionKind.SMS),
        "latest": await forms.latest(reading, organization_id, sim.iccid),
        "may_send": caller.may(Permission.SMS_SEND) and caller.may(Permission.SIMS_ACT),
        "sending": await carrier_reads.operation(reading, organization_id, "sms.send"),
        "cancelling": await carrier_reads.operation(reading, organization_id, "sms.cancel"),
        "templates": templates,
        "chosen": chosen,
        "lacking": lacking,
        "text": filled(chosen.text, shown_sim(caller, sim)) if chosen and not lacking else "",
        "as_of_time": datetime.now(UTC),
        "older": f"/sims/{sim.iccid}/sms?before={older}" if older else None,
        "newest": f"/sims/{sim.iccid}/sms" if cursor else None,
    }
    return Template("sms/conversation.html", context=context)


router = Router("/", route_handlers=[sms_page, conversation_page], include_in_schema=False)
