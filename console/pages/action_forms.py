"""Actions asked for, cancelled and, where they are unknown, ended by people: the forms of pages."""

from datetime import UTC, datetime
from typing import Annotated, Any

from litestar import Request, Router, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Redirect, Template
from msgspec import Struct

from console.acting import acting
from console.actions import ending, forms
from console.actions.api import number_of
from console.actions.commands import ask
from console.actions.explanations import summary
from console.actions.forms import ActionForm, PageOutOfDate
from console.actions.unpaid_writes import say_unpaid
from console.errors import Invalid
from console.facts.actions import ActionKind
from console.facts.sims import SimState
from console.organizations.rules import Caller, Permission
from console.pages.actions import answer
from console.pages.administration import page
from console.settings import Settings
from console.store.database import Database

Form = Annotated[ActionForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


class SettlingForm(Struct):
    """Whether an action that is unknown has been done, and how the user knows it."""

    happened: str = ""
    reason: str = ""


class UnpaidForm(Struct):
    """How the user knows that a bank transfer was not paid."""

    reason: str = ""


@post("/actions/{action_id:str}/cancel", status_code=200, opt={"permission": Permission.SIMS_ACT})
async def cancel(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    action_id: FromPath[str],
) -> Template | Redirect:
    """That it is cancelled; a browser without scripts goes to the action."""
    async with db.transaction() as transaction, acting(transaction, caller, "action.cancel", action_id) as act:
        action = await ending.cancel(transaction, caller, number_of(action_id), datetime.now(UTC))
        act.after = {"state": action.state, "iccid": action.iccid, "kind": action.kind}
    return answer(request, action)


@post("/sims/{iccid:str}/actions", status_code=200, opt={"permission": Permission.SIMS_ACT})
async def ask_from_page(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    sim: NamedDependency[SimState],
    live_since: NamedDependency[str],
    data: Form,
) -> Template | Redirect:
    """A message with a countdown and Undo; a browser without scripts goes to the action.

    From a page that has missed something nothing is done: what it missed is said, and asked again.
    """
    command = forms.COMMANDS.get(data.kind)
    if command is None:
        raise Invalid("There is no such action", kind=data.kind[:20])
    try:
        async with db.transaction() as transaction, acting(transaction, caller, command, sim.iccid) as act:
            asked = forms.asked_by(data, sim, datetime.now(UTC))
            key = await forms.key_of(transaction.connection, caller, data, sim)
            action, _ = await ask(transaction, act, caller, asked, key, settings)
    except PageOutOfDate as error:
        async with db.reading() as reading:
            fields = await forms.asked_again(reading, caller.organization_id, data, sim)
            again: dict[str, Any] = {"sim": sim, "fields": fields, "changes": error.changes}
            again["what"] = summary(ActionKind(data.kind), asked.parameters)
            if "hx-request" in request.headers:
                return Template("actions/_again.html", context=again, status_code=error.status)
            return await page(reading, caller, live_since, "sims", "actions/again.html", status=error.status, **again)
    return answer(request, action)


@post("/actions/{action_id:str}/settle", status_code=200, opt={"permission": Permission.SIMS_SPEND})
async def settle(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    action_id: FromPath[str],
    data: Annotated[SettlingForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Template | Redirect:
    """That it is ended; a browser without scripts goes to the action."""
    happened = {"yes": True, "no": False}.get(data.happened)
    if happened is None:
        raise Invalid("Say whether it happened")
    async with db.transaction() as transaction, acting(transaction, caller, "action.settle", action_id) as act:
        number = number_of(action_id)
        action = await ending.end_unknown(
            transaction, caller, number, datetime.now(UTC), happened=happened, reason=data.reason
        )
        act.after = {"state": action.state, "iccid": action.iccid, "kind": action.kind, "reason": data.reason}
    return answer(request, action)


@post("/actions/{action_id:str}/unpaid", status_code=200, opt={"permission": Permission.SIMS_SPEND})
async def end_unpaid(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    action_id: FromPath[str],
    data: Annotated[UnpaidForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Template | Redirect:
    """That 1NCE is asked about its order; a browser without scripts goes to the action."""
    async with db.transaction() as transaction, acting(transaction, caller, "action.end_unpaid", action_id) as act:
        action = await say_unpaid(transaction, caller, number_of(action_id), datetime.now(UTC), data.reason)
        act.after = {"order": action.order_number, "iccid": action.iccid, "reason": data.reason}
    return answer(request, action)


router = Router("/", route_handlers=[cancel, ask_from_page, settle, end_unpaid], include_in_schema=False)
