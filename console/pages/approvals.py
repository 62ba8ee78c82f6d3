"""What waits for a second person's approval: the list, one with all that whoever decides should know, and the rules."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, QueryParameter
from litestar.response import Redirect, Template
from msgspec import Struct, structs
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.actions import approvals
from console.actions import reads as action_reads
from console.actions.api import number_of
from console.actions.approving import ApprovalRule
from console.actions.bulk import deciding, writes
from console.actions.bulk.approvals_api import MOST_MINOR, MOST_SIMS, detail_of, said, shown
from console.actions.explanations import summary
from console.errors import Invalid
from console.facts import Fact
from console.facts.actions import ActionChanged, ActionKind, ActionState
from console.facts.approvals import Approval, ApprovalChanged
from console.facts.bulk_actions import BulkActionChanged, BulkState
from console.live.pieces import Html, prepend, replace
from console.live.view import Receives, Refresh
from console.organizations.rules import Caller, Permission
from console.pages.layout import layout_context
from console.pages.templating import Fragments
from console.settings import Settings
from console.store.database import Database
from console.store.keyset import read_cursor

APPROVALS = 50
ENDED = {ActionState.CANCELLED, ActionState.EXPIRED, BulkState.CANCELLED, BulkState.EXPIRED}
Db = NamedDependency[Database]
By = NamedDependency[Caller]
Reading = NamedDependency[AsyncConnection]


class DecisionForm(Struct, frozen=True):
    """What is said to whoever asked."""

    reason: str = ""


class RuleForm(Struct, frozen=True):
    """Empty: no such rule. The price in whole units of its currency, with a point."""

    above_sims: str = ""
    above_price: str = ""
    both_above_price: str = ""


Decision = Annotated[DecisionForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
Rule = Annotated[RuleForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


class ApprovalsView:
    """Each approval in its place in the list, or on top of it; and on its own page."""

    name = "approvals"
    receives = Receives(facts=(ApprovalChanged, ActionChanged, BulkActionChanged), topics=("actions",))

    def __init__(self, fragments: Fragments) -> None:
        self._fragments = fragments

    def draw(self, fact: Fact) -> Sequence[Html | Refresh]:
        """An approval; or that what it is for was cancelled or has expired."""
        if isinstance(fact, ApprovalChanged):
            return self._pieces(fact.data)
        if isinstance(fact, ActionChanged | BulkActionChanged) and fact.data.state in ENDED:
            part = "action" if isinstance(fact, ActionChanged) else "bulk_action"
            return [Refresh(part=part, subject=str(fact.data.id))]
        return []

    async def refresh(self, reading: AsyncConnection, organization_id: int, what: Refresh) -> Sequence[Html]:
        """The approval of an action or a bulk action, if it has one."""
        read = approvals.of_action if what.part == "action" else approvals.of_bulk_action
        found = await read(reading, organization_id, int(what.subject))
        return self._pieces(found) if found else []

    def on_return(self, topics: Iterable[str]) -> Sequence[Refresh]:
        """Facts that were missed come again."""
        return []

    def _pieces(self, approval: Approval) -> list[Html]:
        row = self._fragments.draw("approvals/_row.html", **drawn(approval))
        whole = self._fragments.draw("approvals/_whole.html", **drawn(approval))
        return [
            prepend("approvals", f"approval-{approval.id}", row),
            replace(f"whole-approval-{approval.id}", whole),
        ]


def drawn(approval: Approval) -> dict[str, Any]:
    """What the fragments of an approval need."""
    return {"approval": approval, "summary": summary(ActionKind(approval.kind), approval.parameters)}


@get("/approvals")
async def approvals_page(
    caller: By,
    reading: Reading,
    live_since: NamedDependency[str],
    before: Annotated[str, QueryParameter(max_length=300)] = "",
) -> Template:
    """The latest; what is decided stays in the list."""
    cursor = read_cursor(before) if before else None
    found, older = await approvals.page(reading, caller.organization_id, pending=False, limit=APPROVALS, cursor=cursor)
    context = {
        **await layout_context(reading, caller, live_since, ApprovalsView),
        "here": "actions",
        "approvals": [drawn(shown(caller, one)) for one in found],
        "rule": await approvals.rule_of(reading, caller.organization_id),
        "older": f"/approvals?before={older}" if older else None,
        "live_list": cursor is None,
        "as_of_time": datetime.now(UTC),
    }
    return Template("approvals/approvals.html", context=context)


@get("/approvals/{approval_id:str}")
async def approval_page(
    caller: By, reading: Reading, live_since: NamedDependency[str], approval_id: FromPath[str]
) -> Template:
    """One, with the SIMs that have changed since. Opening it decides nothing."""
    detail = await detail_of(reading, caller.organization_id, approval_id)
    single = detail.approval.action_id
    action = await action_reads.one(reading, caller.organization_id, single) if single is not None else None
    context = {
        **await layout_context(reading, caller, live_since, ApprovalsView),
        **drawn(shown(caller, detail.approval)),
        "here": "actions",
        "detail": detail,
        "iccid": action.iccid if action else None,
        "may_decide": caller.may(Permission.BUDGETS_WRITE) and detail.approval.requested_by != caller.name,
        "as_of_time": datetime.now(UTC),
    }
    return Template("approvals/approval.html", context=context)


@post("/approvals/{approval_id:str}/approve", opt={"permission": Permission.BUDGETS_WRITE})
async def approve(
    caller: By, db: Db, settings: NamedDependency[Settings], approval_id: FromPath[str], data: Decision
) -> Redirect:
    """To the approval."""
    number, undo = number_of(approval_id), timedelta(seconds=settings.undo_seconds)
    async with db.transaction() as transaction, acting(transaction, caller, "approval.approve", approval_id) as act:
        found = await deciding.approve(transaction, caller, number, data.reason or None, datetime.now(UTC), undo=undo)
        act.after = said(found)
    return Redirect(f"/approvals/{number}", status_code=303)


@post("/approvals/{approval_id:str}/reject", opt={"permission": Permission.BUDGETS_WRITE})
async def reject(caller: By, db: Db, approval_id: FromPath[str], data: Decision) -> Redirect:
    """To the approval."""
    number = number_of(approval_id)
    async with db.transaction() as transaction, acting(transaction, caller, "approval.reject", approval_id) as act:
        found = await deciding.reject(transaction, caller, number, data.reason, datetime.now(UTC))
        act.after = said(found)
    return Redirect(f"/approvals/{number}", status_code=303)


@post("/approval-rules", opt={"permission": Permission.ADMIN})
async def put_rule(caller: By, db: Db, data: Rule) -> Redirect:
    """To the list, which says what needs approval."""
    rule = ApprovalRule(
        above_sims=_number(data.above_sims, 1, MOST_SIMS),
        above_minor=_number(data.above_price, 100, MOST_MINOR),
        both_above_minor=_number(data.both_above_price, 100, MOST_MINOR),
    )
    async with db.transaction() as transaction, acting(transaction, caller, "approval.change_rules") as act:
        act.before = structs.asdict(await approvals.rule_of(transaction.connection, caller.organization_id))
        await writes.put_rule(transaction, caller, rule, datetime.now(UTC))
        act.after = structs.asdict(rule)
    return Redirect("/approvals", status_code=303)


def _number(text: str, times: int, most: int) -> int | None:
    if not text.strip():
        return None
    try:
        found = round(float(text) * times)
    except (ValueError, OverflowError) as error:
        raise Invalid("Write a number, or nothing") from error
    if not 0 <= found <= most:
        raise Invalid(f"A limit is between 0 and {most // times:,}")
    return found


router = Router("/", route_handlers=[approvals_page, approval_page, approve, reject, put_rule], include_in_schema=False)
