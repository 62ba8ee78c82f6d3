"""Approvals for programs: read, approved, rejected; and what needs one."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from litestar import Router, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct, structs
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.actions import approvals
from console.actions.api import number_of
from console.actions.approvals import ApprovalDetail
from console.actions.approving import ApprovalRule
from console.actions.bodies import REASON
from console.actions.bulk import deciding, writes
from console.errors import NotFound
from console.facts.approvals import Approval
from console.facts.masking import masked_approval
from console.http.fields import FieldNames, one_selected
from console.http.paging import Listing, ListRequest, list_request
from console.organizations.rules import Caller, Permission
from console.settings import Settings
from console.store.database import Database

Db = NamedDependency[Database]
By = NamedDependency[Caller]
Reading = NamedDependency[AsyncConnection]
MOST_SIMS, MOST_MINOR = 1_000_000, 10**12


class Decision(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is said to whoever asked; a rejection needs it."""

    reason: REASON = None


class NewApprovalRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What needs a second person's approval; null: no such rule."""

    above_sims: Annotated[
        Annotated[int, Meta(ge=0, le=MOST_SIMS)] | None,
        Meta(description="More SIMs than these at once; 0: every action.", examples=[100]),
    ] = None
    above_minor: Annotated[
        Annotated[int, Meta(ge=0, le=MOST_MINOR)] | None,
        Meta(description="A top-up, or top-ups at once, at a higher net price, in minor units.", examples=[10000]),
    ] = None
    both_above_minor: Annotated[
        Annotated[int, Meta(ge=0, le=MOST_MINOR)] | None,
        Meta(
            description="At a higher net price an engineer and an administrator must both approve, in minor units.",
            examples=[100000],
        ),
    ] = None


@get("/approvals", operation_id="listApprovals", summary="List the approvals, the latest first")
async def list_approvals(
    caller: By,
    reading: Reading,
    asked: NamedDependency[ListRequest],
    pending: Annotated[bool, QueryParameter(description="Only those that wait.")] = False,
) -> Listing[Approval]:
    """Those that wait, and the history."""
    organization_id = caller.organization_id
    found, following = await approvals.page(
        reading, organization_id, pending=pending, limit=asked.page_size, offset=asked.offset, cursor=asked.cursor
    )
    total = await approvals.count(reading, organization_id, pending=pending, exact=asked.exact)
    return asked.listing(Approval, [shown(caller, one) for one in found], following, total)


@get("/approvals/{approval_id:str}", operation_id="getApproval", summary="One approval, and what has changed since")
async def get_approval(
    caller: By, reading: Reading, approval_id: FromPath[str], fields: FieldNames = ""
) -> ApprovalDetail:
    """With the SIMs of the frozen list whose state is otherwise now."""
    found = await detail_of(reading, caller.organization_id, approval_id)
    return one_selected(structs.replace(found, approval=shown(caller, found.approval)), fields)


@post(
    "/approvals/{approval_id:str}/approve", operation_id="approveAction", summary="Approve an action", status_code=200
)
async def approve(
    caller: By, db: Db, settings: NamedDependency[Settings], approval_id: FromPath[str], data: JSONBody[Decision]
) -> Approval:
    """403 to whoever asked for it, also by a key of theirs. 409 once it is decided, cancelled or expired.

    Where `roles` must approve, it stays `pending` until the last of them has.
    """
    undo = timedelta(seconds=settings.undo_seconds)
    async with db.transaction() as transaction, acting(transaction, caller, "approval.approve", approval_id) as act:
        number = number_of(approval_id)
        found = await deciding.approve(transaction, caller, number, data.reason, datetime.now(UTC), undo=undo)
        act.after = said(found)
    return shown(caller, found)


@post("/approvals/{approval_id:str}/reject", operation_id="rejectAction", summary="Reject an action", status_code=200)
async def reject(caller: By, db: Db, approval_id: FromPath[str], data: JSONBody[Decision]) -> Approval:
    """422 without a reason; 403 and 409 as for `approve`."""
    async with db.transaction() as transaction, acting(transaction, caller, "approval.reject", approval_id) as act:
        found = await deciding.reject(transaction, caller, number_of(approval_id), data.reason, datetime.now(UTC))
        act.after = said(found)
    return shown(caller, found)


@get("/approval-rules", operation_id="getApprovalRules", summary="What needs approval")
async def get_rules(caller: By, reading: Reading) -> NewApprovalRule:
    """Nulls: nothing does."""
    return NewApprovalRule(**structs.asdict(await approvals.rule_of(reading, caller.organization_id)))


@put("/approval-rules", operation_id="putApprovalRules", summary="Change what needs approval")
async def put_rules(caller: By, db: Db, data: JSONBody[NewApprovalRule]) -> NewApprovalRule:
    """For administrators. What was asked for before stays as it is."""
    async with db.transaction() as transaction, acting(transaction, caller, "approval.change_rules") as act:
        act.before = structs.asdict(await approvals.rule_of(transaction.connection, caller.organization_id))
        rule = ApprovalRule(**structs.asdict(data))
        await writes.put_rule(transaction, caller, rule, datetime.now(UTC))
        act.after = structs.asdict(rule)
    return data


def shown(caller: Caller, approval: Approval) -> Approval:
    """The approval as this caller may see it."""
    return approval if caller.sees_identifiers else masked_approval(approval)


def said(approval: Approval) -> dict[str, object]:
    """What the audit line says of a decision."""
    subject = {"action": approval.action_id} if approval.action_id else {"bulk_action": approval.bulk_action_id}
    reasons = {"reason": approval.decision_reason, "requested_by": approval.requested_by}
    return {"state": approval.state, "sims": approval.sims, **subject, **reasons}


async def detail_of(connection: AsyncConnection, organization_id: int, approval_id: str) -> ApprovalDetail:
    """The approval with this id, and what has changed. Raises NotFound."""
    found = await approvals.one(connection, organization_id, number_of(approval_id))
    if found is None:
        raise NotFound("There is no such approval", approval=approval_id)
    return await approvals.detail(connection, organization_id, found)


deciding_routes = Router("/", route_handlers=[approve, reject], opt={"permission": Permission.BUDGETS_WRITE})
ruling = Router("/", route_handlers=[put_rules], opt={"permission": Permission.ADMIN})
router = Router(
    "/",
    route_handlers=[list_approvals, get_approval, get_rules, deciding_routes, ruling],
    tags=["Approvals"],
    dependencies={"asked": Provide(list_request)},
)
