"""Changes of the rows of bulk actions: planned, changed and published, the next actions made, tried again, expired."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from msgspec import structs, to_builtins
from sqlalchemy.dialects.postgresql import insert

from console.actions.approvals import ask_for_mails, decider_of, was_of
from console.actions.approvals import one as one_approval
from console.actions.approving import NO_REASON, ApprovalRule, is_reason
from console.actions.bulk import listing, reads
from console.actions.bulk.asking import asked_approval, for_sim, planned
from console.actions.bulk.reads import COLUMNS
from console.actions.bulk.rules import MOST_SIMS, NEXT, NOT_BEGUN, TEXTS, Exclusion, canaries
from console.actions.bulk.selection import Selection
from console.actions.bulk.tables import bulk_actions, bulk_items
from console.actions.requests import Asked
from console.actions.rules import SPENDING
from console.actions.tables import approval_rules, approvals
from console.actions.writes import SAME_KEY, request
from console.carrier.products import top_up_price
from console.errors import Conflict, ConsoleError, Invalid
from console.facts.actions import Action, ActionKind
from console.facts.approvals import Approval, ApprovalChanged, ApprovalState
from console.facts.bulk_actions import BulkAction, BulkActionChanged, BulkState
from console.organizations.rules import Caller, Role
from console.store.database import Transaction

b, i, p = bulk_actions.c, bulk_items.c, approvals.c
S = BulkState


async def plan(
    transaction: Transaction,
    caller: Caller,
    asked: Asked,
    selection: Selection,
    key: str,
    digest: str,
    now: datetime,
    *,
    stop_percent: int,
    retry_of: int | None = None,
) -> tuple[BulkAction, bool]:
    """Freeze the list of SIMs; the planned bulk action, and whether the key had made it before.

    Raises Invalid for a key that has made another one, for too many SIMs and for none.
    """
    connection, organization_id = transaction.connection, caller.organization_id
    values = planned(caller, asked, selection, now) | {"idempotency_key": key, "asked_digest": digest}
    values |= {"stop_percent": stop_percent, "retry_of": retry_of}
    if asked.kind in SPENDING:
        price = await top_up_price(connection, organization_id, now)
        values |= {"price_minor": price.amount_minor, "currency": price.currency}
    statement = insert(bulk_actions).values(**values)
    statement = statement.on_conflict_do_nothing(index_elements=["organization_id", "caller", "idempotency_key"])
    bulk_id = (await connection.execute(statement.returning(b.id))).scalar()
    if bulk_id is None:
        known = await reads.by_key(connection, organization_id, caller.handle, key)
        assert known is not None
        if known[1] != digest:
            raise Invalid(SAME_KEY, bulk_action=known[0].id)
        return known[0], True
    chosen = selection.candidates(organization_id)
    rows = listing.rows(bulk_id, organization_id, asked.kind, asked.parameters, chosen, now, MOST_SIMS)
    listed = (await connection.execute(insert(bulk_items).from_select(listing.LISTED, rows))).rowcount
    if listed > MOST_SIMS:
        raise Invalid(f"A bulk action is for at most {MOST_SIMS:,} SIMs")
    if not listed:
        raise Invalid("No SIM was chosen")
    sims = (await reads.counts(connection, organization_id, bulk_id)).sims
    mine = sa.and_(b.organization_id == organization_id, b.id == bulk_id)
    await connection.execute(sa.update(bulk_actions).where(mine).values(canary=canaries(sims)))
    made = await reads.one(connection, organization_id, bulk_id)
    assert made is not None
    return made, False


async def change(
    transaction: Transaction, organization_id: int, bulk: BulkAction, after: BulkState, now: datetime, **values: Any
) -> BulkAction:
    """Lead it to the next state, or to the same where its counts have changed, and publish it.

    Its row is locked: `bulk` is as it is now.
    """
    assert after == bulk.state or after in NEXT[S(bulk.state)], f"{bulk.state} -> {after}"
    mine = sa.and_(b.organization_id == organization_id, b.id == bulk.id, b.state == bulk.state)
    fresh = {"state": after.value, "changed_at": now, "revision": b.revision + 1, **values}
    statement = sa.update(bulk_actions).where(mine).values(fresh).returning(*COLUMNS)
    row = (await transaction.connection.execute(statement)).one()
    found = await reads.whole(transaction.connection, organization_id, row)
    transaction.publish(organization_id, BulkActionChanged(time=now, subject=str(found.id), data=found))
    return found


async def start_some(transaction: Transaction, caller: Caller, bulk: BulkAction, now: datetime, *, most: int) -> int:
    """Make ordinary actions of the next rows; how many rows have gone on. What the rules refuse now says so instead."""
    connection, kind = transaction.connection, ActionKind(bulk.kind)
    chosen = listing.next_rows(bulk.id, caller.organization_id, kind, bulk.parameters, now, most)
    rows = (await connection.execute(chosen)).all()
    for row in rows:
        values: dict[str, Any]
        try:
            if row.excluded is not None:
                raise Conflict(f"{TEXTS[Exclusion(row.excluded)]} when its time came.")
            async with transaction.attempt():
                asked = await for_sim(connection, caller.organization_id, bulk, row.iccid)
                key = f"bulk:{bulk.id}:{row.iccid}"
                action, _ = await request(transaction, caller, asked, key, now, undo=timedelta(0))
            values = {"action_id": action.id}
        except ConsoleError as error:
            values = {"refusal": error.message}
        mine = sa.and_(i.organization_id == caller.organization_id, i.bulk_action_id == bulk.id, i.place == row.place)
        await connection.execute(sa.update(bulk_items).where(mine).values(values))
    return len(rows)


async def plan_again(
    transaction: Transaction, caller: Caller, bulk: BulkAction, key: str, now: datetime
) -> tuple[BulkAction, bool]:
    """Plan what failed or was not started; whether there was that plan. Never what may have been done. Or Conflict."""
    organization_id, connection = caller.organization_id, transaction.connection
    if (known := await reads.planned_retry(connection, organization_id, bulk.id)) is not None:
        return known, True
    again, digest = listing.to_retry(organization_id, bulk.id), f"retry:{bulk.id}"
    iccids = (await connection.execute(sa.select(i.iccid).where(again).order_by(i.place))).scalars().all()
    if not iccids and await reads.by_key(connection, organization_id, caller.handle, key) is None:
        raise Conflict("No SIM has failed or was not started: there is nothing to try again")
    asked = Asked(kind=ActionKind(bulk.kind), iccid="", parameters=bulk.parameters, reason=bulk.reason)
    chosen, of = Selection(iccids=iccids), {"stop_percent": bulk.stop_percent, "retry_of": bulk.id}
    made, replayed = await plan(transaction, caller, asked, chosen, key, digest, now, **of)
    if not replayed:
        await connection.execute(sa.update(bulk_items).where(again).values(retried_in=made.id))
    return made, replayed


async def expire(transaction: Transaction, organization_id: int, now: datetime) -> None:
    """End what nobody has begun in time; forget plans a day later."""
    mine, past = b.organization_id == organization_id, b.expires_at <= now
    query = sa.select(b.id).where(mine, past, b.state.in_([*NOT_BEGUN])).with_for_update(skip_locked=True)
    for bulk_id in (await transaction.connection.execute(query)).scalars().all():
        known = await reads.one(transaction.connection, organization_id, bulk_id)
        assert known is not None
        await change(transaction, organization_id, known, S.EXPIRED, now)
    never = sa.and_(mine, b.state == S.EXPIRED.value, b.begun_at.is_(None), b.expires_at <= now - reads.PLAN_KEPT)
    await transaction.connection.execute(sa.delete(bulk_actions).where(never))


async def add_approval(
    transaction: Transaction,
    caller: Caller,
    why: str,
    reason: str | None,
    now: datetime,
    *,
    roles: Sequence[Role] = (),
    action: Action | None = None,
    bulk_action_id: int | None = None,
) -> None:
    """Ask for the approval of an action or a bulk action, by all of `roles`. Raises Invalid for no proper reason."""
    if not is_reason(reason):
        raise Invalid(NO_REASON, why=why)
    connection, organization_id = transaction.connection, caller.organization_id
    values = asked_approval(caller, await decider_of(connection, caller), why, reason, now)
    values |= {"action_id": action.id if action else None, "bulk_action_id": bulk_action_id, "roles": [*roles]}
    values["was"] = await was_of(connection, organization_id, action.iccid) if action else None
    approval_id = (await connection.execute(insert(approvals).values(**values).returning(p.id))).scalar_one()
    await _publish_approval(transaction, organization_id, approval_id, now)


async def record_decision(
    transaction: Transaction, caller: Caller, approval: Approval, reason: str | None, now: datetime
) -> Approval:
    """Record who approved or rejected it, as `approval.state` says, and publish it; pending: one of several has."""
    values: dict[str, Any] = {"given": to_builtins(approval.given)}
    if approval.state != ApprovalState.PENDING:
        values |= {"decision": approval.state, "decided_by": caller.name, "decided_at": now, "decision_reason": reason}
    mine = sa.and_(p.organization_id == caller.organization_id, p.id == approval.id, p.decision.is_(None))
    await transaction.connection.execute(sa.update(approvals).where(mine).values(values))
    return await _publish_approval(transaction, caller.organization_id, approval.id, now)


async def _publish_approval(transaction: Transaction, organization_id: int, number: int, now: datetime) -> Approval:
    found = await one_approval(transaction.connection, organization_id, number)
    assert found is not None
    transaction.publish(organization_id, ApprovalChanged(time=now, subject=str(found.id), data=found))
    await ask_for_mails(transaction, organization_id, found)
    return found


async def put_rule(transaction: Transaction, caller: Caller, rule: ApprovalRule, now: datetime) -> None:
    """Put this in the place of what needs approval in the organization."""
    values = structs.asdict(rule) | {"changed_by": caller.name, "changed_at": now}
    statement = insert(approval_rules).values(organization_id=caller.organization_id, **values)
    statement = statement.on_conflict_do_update(index_elements=["organization_id"], set_=values)
    await transaction.connection.execute(statement)
