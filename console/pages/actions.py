"""What 1NCE was asked to do: the list, one action with its states and times, and asking from a SIM's page."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from litestar import Request, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncConnection

from console.actions import as_curl, reads
from console.actions.api import number_of
from console.actions.budgeting import budgets_of
from console.actions.bulk import reads as bulk_reads
from console.actions.explanations import NAMES, summary
from console.actions.reads import ActionFilter
from console.actions.rules import OPEN, SPENDING
from console.errors import NotFound
from console.facts import Fact
from console.facts.actions import Action, ActionChanged, ActionKind, ActionState
from console.facts.bulk_actions import BulkActionChanged
from console.http.origins import own_origin
from console.live.pieces import Html, prepend, replace
from console.live.view import Receives, Refresh
from console.organizations.rules import Caller, Permission
from console.pages.address_faults import VALUES, OneOf
from console.pages.bulk_view import bulk_row
from console.pages.bulk_view import drawn as bulk_drawn
from console.pages.layout import layout_context
from console.pages.templating import Fragments
from console.settings import Settings
from console.store.keyset import read_cursor

ACTIONS, BULK_ACTIONS = 50, 5
OPTIONS = {VALUES: {"state": OneOf("open", *ActionState), "kind": OneOf(*NAMES)}}
BUDGETS = Refresh(part="budgets", topic="actions")


class ActionsView:
    """Each action in its place in the list, or on top of it; on its own page; what is used of the budgets."""

    name = "actions"
    receives = Receives(facts=(ActionChanged, BulkActionChanged), topics=("actions",))

    def __init__(self, fragments: Fragments) -> None:
        self._fragments = fragments

    def draw(self, fact: Fact) -> Sequence[Html | Refresh]:
        """The row, and the page of the action. Those of bulk actions are not put on top of the list."""
        if isinstance(fact, BulkActionChanged):
            return [bulk_row(self._fragments, fact.data)]
        if not isinstance(fact, ActionChanged):
            return []
        action = fact.data
        row = self._fragments.draw("actions/_action.html", **drawn(action))
        whole = self._fragments.draw("actions/_whole.html", **drawn(action))
        place = f"action-{action.id}"
        page = replace(f"whole-{place}", whole, revision=action.revision)
        budgets = [BUDGETS] if action.kind in SPENDING else []
        if action.bulk_action_id is not None:
            counts = Refresh(part="bulk", subject=str(action.bulk_action_id))
            return [replace(place, row, revision=action.revision), page, counts, *budgets]
        row_on_top = prepend("actions", place, row, revision=action.revision)
        return [row_on_top, page, message(self._fragments, action), *budgets]

    async def refresh(self, reading: AsyncConnection, organization_id: int, what: Refresh) -> Sequence[Html]:
        """A bulk action with its counts, or the budgets."""
        if what.part == BUDGETS.part:
            budgets = await budgets_of(reading, organization_id)
            return [replace("budgets", self._fragments.draw("actions/_budgets.html", budgets=budgets))]
        found = await bulk_reads.one(reading, organization_id, int(what.subject))
        return [bulk_row(self._fragments, found)] if found else []

    def on_return(self, topics: Iterable[str]) -> Sequence[Refresh]:
        """Facts that were missed come again; the budgets are read."""
        return [BUDGETS]

    async def revisions(
        self, reading: AsyncConnection, organization_id: int, topics: Collection[str]
    ) -> Mapping[str, int]:
        """It has none for all."""
        return {}


def message(fragments: Fragments, action: Action) -> Html:
    """The message about an action that whoever asked for it has before them, as it is now."""
    drawn_anew = fragments.draw("actions/_toast.html", **drawn(action))
    return replace(f"action-message-{action.id}", drawn_anew, revision=action.revision)


def drawn(action: Action) -> dict[str, Any]:
    """What the fragments of an action need."""
    return {"action": action, "summary": summary(ActionKind(action.kind), action.parameters)}


def asked_filter(in_state: str, kind: str) -> ActionFilter:
    """Which actions are asked for: `open` are those that have not ended; without a filter not those of bulk actions."""
    states = frozenset(OPEN) if in_state == "open" else frozenset({in_state} if in_state else ())
    return ActionFilter(state=states, kind=frozenset({kind} if kind else ()), single=not (states or kind))


@get("/actions", include_in_schema=False, opt=OPTIONS)
async def actions_page(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    live_since: NamedDependency[str],
    in_state: Annotated[str, QueryParameter(name="state", max_length=20)] = "",
    kind: Annotated[str, QueryParameter(max_length=20)] = "",
    before: Annotated[str, QueryParameter(max_length=300)] = "",
) -> Template:
    """The latest actions; `state=open` those that have not ended."""
    wanted = asked_filter(in_state, kind)
    cursor = read_cursor(before) if before else None
    found, older = await reads.page(reading, caller.organization_id, wanted, limit=ACTIONS, cursor=cursor)
    bulk_actions, _ = await bulk_reads.page(reading, caller.organization_id, limit=BULK_ACTIONS)
    context: dict[str, Any] = {
        **await layout_context(reading, caller, live_since, ActionsView),
        "bulk_actions": [bulk_drawn(bulk) for bulk in bulk_actions],
        "actions": [drawn(action) for action in found],
        "kinds": {one.value: name for one, name in NAMES.items()},
        "query": {"state": in_state, "kind": kind},
        "live_list": not (in_state or kind or before),
        "file": f"/actions.csv?state={in_state}&kind={kind}" if in_state or kind else "/actions.csv",
        "older": f"/actions?state={in_state}&kind={kind}&before={older}" if older else None,
        "newest": "/actions" if cursor else None,
        "as_of_time": datetime.now(UTC),
        "budgets": await budgets_of(reading, caller.organization_id),
        "may_cancel": caller.may(Permission.SIMS_ACT),
    }
    return Template("actions/actions.html", context=context)


@get("/actions/{action_id:str}", include_in_schema=False)
async def action_page(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    live_since: NamedDependency[str],
    request: Request[Any, Any, Any],
    settings: NamedDependency[Settings],
    action_id: FromPath[str],
) -> Template:
    """One action: its states with their times, the request and the answer; the same as a command of curl."""
    action = await reads.one(reading, caller.organization_id, number_of(action_id))
    if action is None:
        raise NotFound("There is no such action")
    layout = await layout_context(reading, caller, live_since, ActionsView)
    context = {**layout, **drawn(action), "may_cancel": caller.may(Permission.SIMS_ACT)}
    context["may_settle"] = caller.may(Permission.SIMS_SPEND)
    context["curl"] = as_curl.of_action(caller, action, own_origin(request, settings))
    return Template("actions/action.html", context=context)


def answer(request: Request[Any, Any, Any], action: Action) -> Template | Redirect:
    """The message about it; a browser without scripts goes to the action."""
    if "hx-request" in request.headers:
        return Template("actions/_toast.html", context=drawn(action))
    return Redirect(f"/actions/{action.id}", status_code=303)


router = Router("/", route_handlers=[actions_page, action_page], include_in_schema=False)
