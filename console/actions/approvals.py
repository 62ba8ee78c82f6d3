"""Questions about approvals: what waits, what was decided, and which SIMs have changed since it was asked for."""

from datetime import UTC, datetime
from typing import Annotated, Any

import sqlalchemy as sa
from msgspec import Meta, Struct, convert
from sqlalchemy.ext.asyncio import AsyncConnection

from console.actions.approving import ApprovalRule, Decider, state_of
from console.actions.bulk.listing import state_of as state_of_sim
from console.actions.bulk.tables import bulk_actions, bulk_items
from console.actions.tables import actions, approval_rules, approvals
from console.api_keys.reads import maker_behind
from console.facts.approvals import Approval, ApprovalGiven, ApprovalState
from console.members.tables import members
from console.organizations.rules import PERMISSIONS, Caller, Permission
from console.sims.tables import sim_states
from console.store.counting import Total, count_rows
from console.store.database import Transaction
from console.store.keyset import Cursor, after, mark
from console.users.tables import users

p, a, b, i = approvals.c, actions.c, bulk_actions.c, bulk_items.c
ORDER = ((p.id, True),)
MOST_CHANGES = 100
DECIDING = [role.value for role, allowed in PERMISSIONS.items() if Permission.BUDGETS_WRITE in allowed]
OWN = ("id", "action_id", "bulk_action_id", "why", "reason", "requested_by", "requested_at", "expires_at", "roles")
DECIDED = ("decided_by", "decided_at", "decision_reason")


class SimChange(Struct, frozen=True, kw_only=True):
    """A SIM of the frozen list that is otherwise than when the list was frozen."""

    iccid: Annotated[str, Meta(description="19 digits.", examples=["8988228066600000001"])]
    was: Annotated[
        str | None,
        Meta(description="Its state then.", examples=["enabled, online, EE, GB, IMEI lock off, data quota ok"]),
    ]
    now: Annotated[
        str | None,
        Meta(description="Its state now.", examples=["disabled, offline, EE, GB, IMEI lock off, data quota ok"]),
    ]


class ApprovalDetail(Struct, frozen=True, kw_only=True):
    """What whoever decides should know."""

    approval: Annotated[Approval, Meta(description="What waits, and how it was decided.")]
    changed: Annotated[int, Meta(description="SIMs of the list whose state has changed since.", examples=[2])]
    changes: Annotated[list[SimChange], Meta(description="The first hundred of them.")]


async def rule_of(connection: AsyncConnection, organization_id: int) -> ApprovalRule:
    """What needs approval here."""
    r = approval_rules.c
    query = sa.select(r.above_sims, r.above_minor, r.both_above_minor).where(r.organization_id == organization_id)
    row = (await connection.execute(query)).first()
    return ApprovalRule(**row._mapping) if row else ApprovalRule()


async def decider_of(connection: AsyncConnection, caller: Caller) -> Decider:
    """The person behind a caller: of an API key the user who made it."""
    return Decider(handle=caller.handle, person=(await maker_behind(connection, caller)).name)


async def was_of(connection: AsyncConnection, organization_id: int, iccid: str) -> str | None:
    """A SIM's state in words."""
    s = sim_states.c
    found = await connection.execute(
        sa.select(state_of_sim()).where(s.organization_id == organization_id, s.iccid == iccid)
    )
    return found.scalar_one_or_none()


async def one(connection: AsyncConnection, organization_id: int, approval_id: int) -> Approval | None:
    """An approval as it is now."""
    row = (await connection.execute(_query(organization_id).where(p.id == approval_id))).first()
    return _approval(row) if row else None


async def of_action(connection: AsyncConnection, organization_id: int, action_id: int) -> Approval | None:
    """The approval that this action needs or needed."""
    row = (await connection.execute(_query(organization_id).where(p.action_id == action_id))).first()
    return _approval(row) if row else None


async def of_bulk_action(connection: AsyncConnection, organization_id: int, bulk_action_id: int) -> Approval | None:
    """The approval that this bulk action needs or needed."""
    row = (await connection.execute(_query(organization_id).where(p.bulk_action_id == bulk_action_id))).first()
    return _approval(row) if row else None


async def page(
    connection: AsyncConnection,
    organization_id: int,
    *,
    pending: bool,
    limit: int,
    offset: int = 0,
    cursor: Cursor | None = None,
) -> tuple[list[Approval], str | None]:
    """Approvals, the latest first, and the cursor of the next page; those that wait, or all."""
    query = _query(organization_id)
    if pending:
        query = query.where(_waits())
    if cursor is not None:
        query = query.where(after(ORDER, cursor))
    rows = (await connection.execute(query.order_by(p.id.desc()).limit(limit + 1).offset(offset))).all()
    following = mark(ORDER, rows[limit - 1]) if len(rows) > limit else None
    return [_approval(row) for row in rows[:limit]], following


async def count(connection: AsyncConnection, organization_id: int, *, pending: bool, exact: bool) -> Total:
    """How many there are."""
    query = _query(organization_id)
    return await count_rows(connection, query.where(_waits()) if pending else query, exact=exact)


async def detail(connection: AsyncConnection, organization_id: int, approval: Approval) -> ApprovalDetail:
    """With the SIMs whose state is otherwise than when the list was frozen."""
    s, now = sim_states.c, state_of_sim()
    if approval.bulk_action_id is not None:
        mine = sa.and_(i.bulk_action_id == approval.bulk_action_id, i.excluded.is_(None))
        listed = sa.select(i.iccid, i.was).where(i.organization_id == organization_id, mine).cte("listed")
    else:
        of_one = sa.and_(p.id == approval.id, a.organization_id == p.organization_id, a.id == p.action_id)
        listed = sa.select(a.iccid, p.was).where(p.organization_id == organization_id, of_one).cte("listed")
    joined = listed.outerjoin(sim_states, sa.and_(s.organization_id == organization_id, s.iccid == listed.c.iccid))
    differs = listed.c.was.is_distinct_from(sa.case((s.iccid.is_not(None), now)))
    total = sa.func.count().over().label("total")
    query = sa.select(listed.c.iccid, listed.c.was, now.label("now"), total).select_from(joined).where(differs)
    rows = (await connection.execute(query.order_by(listed.c.iccid).limit(MOST_CHANGES))).all()
    changes = [SimChange(iccid=row.iccid, was=row.was, now=row.now or None) for row in rows]
    return ApprovalDetail(approval=approval, changed=rows[0].total if rows else 0, changes=changes)


async def ask_for_mails(transaction: Transaction, organization_id: int, approval: Approval) -> None:
    """Ask for a mail to each who may give it, or, once it is decided, to whoever asked for it."""
    u, m = users.c, members.c
    person = sa.select(p.person).where(p.organization_id == organization_id, p.id == approval.id).scalar_subquery()
    if approval.state == ApprovalState.PENDING:
        wanted = sa.and_(
            u.name != person, m.role.in_(DECIDING), sa.not_(u.name.in_([one.by for one in approval.given]))
        )
    else:
        wanted = sa.and_(u.name == person, u.name != approval.decided_by)
    query = sa.select(u.id).join(members, m.user_id == u.id).where(m.organization_id == organization_id, wanted)
    query = query.where(u.mail_address.is_not(None), u.disabled_at.is_(None), m.disabled_at.is_(None)).order_by(u.id)
    for user_id in (await transaction.connection.execute(query)).scalars().all():
        key = f"mail_approval:{approval.id}:{approval.state}:{len(approval.given)}:{user_id}"
        ids = {"approval_id": approval.id, "user_id": user_id}
        transaction.later("mail_approval", key=key, organization_id=organization_id, **ids)


def _waits() -> "sa.ColumnElement[bool]":
    waiting = sa.func.coalesce(a.state, b.state) == "awaiting_approval"
    return sa.and_(p.decision.is_(None), waiting, p.expires_at > sa.func.now())


def _query(organization_id: int) -> "sa.Select[Any]":
    sims = sa.select(sa.func.count()).where(
        i.organization_id == organization_id, i.bulk_action_id == p.bulk_action_id, i.excluded.is_(None)
    )
    of_one = sa.and_(a.organization_id == p.organization_id, a.id == p.action_id)
    of_many = sa.and_(b.organization_id == p.organization_id, b.id == p.bulk_action_id)
    joined = approvals.outerjoin(actions, of_one).outerjoin(bulk_actions, of_many)
    columns = [p[name] for name in (*OWN, "decision", "given", *DECIDED)]
    both = [sa.func.coalesce(a[name], b[name]).label(name) for name in ("kind", "state", "currency", "price_minor")]
    many = sa.case((p.bulk_action_id.is_not(None), sims.scalar_subquery()), else_=1).label("sims")
    parameters = sa.func.coalesce(a.parameters, b.parameters, type_=a.parameters.type).label("parameters")
    return sa.select(*columns, *both, parameters, many).select_from(joined).where(p.organization_id == organization_id)


def _approval(row: Any) -> Approval:
    state = state_of(row.decision, row.state, past=row.expires_at <= datetime.now(UTC))
    price = None if row.price_minor is None else row.price_minor * row.sims
    values = {name: getattr(row, name) for name in (*OWN, *DECIDED, "kind", "parameters", "sims", "currency")}
    given = convert(row.given, list[ApprovalGiven])
    return Approval(**values, state=ApprovalState(state), price_minor=price, given=given)
