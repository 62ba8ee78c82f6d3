"""Actions for programs: read, cancelled, and ended by people."""

from datetime import UTC, datetime
from typing import Annotated

from litestar import Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.actions import ending, reads
from console.actions.asking import router as asking
from console.actions.auto_topping_up import router as auto_topping_up
from console.actions.bodies import Settled, UnpaidOrder
from console.actions.budgeting import router as budgeting
from console.actions.diagnosing import router as diagnosing
from console.actions.orders_api import router as account
from console.actions.reads import ActionFilter
from console.actions.unpaid_writes import say_unpaid
from console.errors import NotFound
from console.facts.actions import Action, ActionKind, ActionState
from console.facts.masking import masked_action
from console.http.fields import FieldNames, one_selected
from console.http.paging import Listing, ListRequest, list_request
from console.organizations.rules import Caller, Permission
from console.store.database import Database
from console.store.keyset import LARGEST


def number_of(text: str) -> int:
    """The id of an action in a path. Raises NotFound for what can't be one."""
    if not (text.isascii() and text.isdigit() and 0 < int(text[:20]) <= LARGEST) or len(text) > 19:
        raise NotFound("There is no such action", action=text[:40])
    return int(text)


@get("/", operation_id="listActions", summary="List the actions, the latest first")
async def list_actions(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    asked: NamedDependency[ListRequest],
    states: Annotated[list[ActionState] | None, QueryParameter(name="state")] = None,
    kind: FromQuery[list[ActionKind] | None] = None,
    iccid: FromQuery[str | None] = None,
) -> Listing[Action]:
    """Filters by state, kind and SIM; several values: any of them."""
    wanted = ActionFilter(state=frozenset(states or ()), kind=frozenset(kind or ()), iccid=iccid)
    found, following = await reads.page(
        reading, caller.organization_id, wanted, limit=asked.page_size, offset=asked.offset, cursor=asked.cursor
    )
    total = await reads.count(reading, caller.organization_id, wanted, exact=asked.exact)
    return asked.listing(Action, [shown(caller, one) for one in found], following, total)


@get("/{action_id:str}", operation_id="getAction", summary="One action as it is now")
async def get_action(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    action_id: FromPath[str],
    fields: FieldNames = "",
) -> Action:
    """With its states so far, and the request and answer."""
    found = await reads.one(reading, caller.organization_id, number_of(action_id))
    if found is None:
        raise NotFound("There is no such action", action=action_id)
    return one_selected(shown(caller, found), fields)


@post(
    "/{action_id:str}/cancel",
    operation_id="cancelAction",
    summary="Cancel an action that has not been sent",
    status_code=200,
    opt={"permission": Permission.SIMS_ACT},
)
async def cancel_action(
    caller: NamedDependency[Caller], db: NamedDependency[Database], action_id: FromPath[str]
) -> Action:
    """409 once a worker has begun to send it. Twice is once."""
    async with db.transaction() as transaction, acting(transaction, caller, "action.cancel", action_id) as act:
        action = await ending.cancel(transaction, caller, number_of(action_id), datetime.now(UTC))
        act.after = {"state": action.state, "iccid": action.iccid, "kind": action.kind}
    return shown(caller, action)


@post(
    "/{action_id:str}/settle",
    operation_id="settleAction",
    summary="End an action that is unknown by what a person has found out",
    status_code=200,
    opt={"permission": Permission.SIMS_SPEND},
)
async def settle_action(
    caller: NamedDependency[Caller], db: NamedDependency[Database], action_id: FromPath[str], data: JSONBody[Settled]
) -> Action:
    """409 if it is not `unknown`; that it did not happen can be said ten minutes after it was sent."""
    async with db.transaction() as transaction, acting(transaction, caller, "action.settle", action_id) as act:
        number, now = number_of(action_id), datetime.now(UTC)
        action = await ending.end_unknown(transaction, caller, number, now, happened=data.happened, reason=data.reason)
        act.after = {"state": action.state, "iccid": action.iccid, "kind": action.kind, "reason": data.reason}
    return shown(caller, action)


@post(
    "/{action_id:str}/unpaid",
    operation_id="endUnpaidAction",
    summary="End a bank transfer that was not paid, if 1NCE has dropped its order",
    status_code=202,
    opt={"permission": Permission.SIMS_SPEND},
)
async def end_unpaid_action(
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    action_id: FromPath[str],
    data: JSONBody[UnpaidOrder],
) -> Action:
    """1NCE is asked about its order at once. Where it no longer has it, or calls it cancelled or rejected, the top-up
    ends as `failed`; else it stays, and `message` says why. 409 for all but an `accepted` bank transfer or boleto, and
    for ten minutes after it was sent.
    """
    async with db.transaction() as transaction, acting(transaction, caller, "action.end_unpaid", action_id) as act:
        action = await say_unpaid(transaction, caller, number_of(action_id), datetime.now(UTC), data.reason)
        act.after = {"order": action.order_number, "iccid": action.iccid, "reason": data.reason}
    return shown(caller, action)


def shown(caller: Caller, action: Action) -> Action:
    """The action as this caller may see it."""
    return action if caller.sees_identifiers else masked_action(action)


reading = Router(
    "/actions",
    route_handlers=[list_actions, get_action, cancel_action, settle_action, end_unpaid_action],
    tags=["Actions"],
    dependencies={"asked": Provide(list_request)},
)
router = Router("/", route_handlers=[asking, reading, budgeting, auto_topping_up, account, diagnosing])
