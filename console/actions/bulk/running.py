"""One step of a bulk action that is at work: judge the results, let the rest follow the first, make the next actions.

A step is one transaction under the lock of the bulk action's row. Whatever ends a worker, the next step finds in the
rows what has been done.
"""

from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.actions.bulk import writes
from console.actions.bulk.commands import cancel_unsent, locked
from console.actions.bulk.rules import canary_passed, must_stop, startable, window
from console.actions.bulk.tables import bulk_actions
from console.actions.requester import needed, requester_of
from console.actions.tables import actions
from console.facts.actions import ActionKind
from console.facts.bulk_actions import BulkAction, BulkState
from console.organizations.tables import organizations
from console.store.database import Transaction

S = BulkState
b, a, o = bulk_actions.c, actions.c, organizations.c


class Progress(Struct, frozen=True, kw_only=True):
    """What a step needs to know beside the bulk action itself."""

    handle: str  # of whoever asked for it
    canary_passed_at: datetime | None
    last_change_at: datetime | None  # of any of its actions, while the rest waits for the first
    calls_per_second: float  # that the organization may make


async def go_on(
    transaction: Transaction, organization_id: int, bulk_action_id: int, now: datetime, *, at_work: int
) -> tuple[BulkAction, int]:
    """The bulk action after one step, and how many of its SIMs have been started. `at_work`: of the organization."""
    bulk = await locked(transaction, organization_id, bulk_action_id)
    if bulk.state == S.HELD and bulk.undo_until is not None and bulk.undo_until <= now:
        return await writes.change(transaction, organization_id, bulk, S.RUNNING, now), 0
    if bulk.state != S.RUNNING:
        return bulk, 0
    counts = bulk.counts
    progress = await progress_of(transaction.connection, organization_id, bulk_action_id)
    requester = await requester_of(transaction.connection, organization_id, progress.handle, now)
    if requester is None or not requester.may(needed(ActionKind(bulk.kind))):
        why = f"{bulk.requested_by} may not do this any more."
        return await writes.change(transaction, organization_id, bulk, S.STOPPED, now, message=why), 0
    if must_stop(counts, bulk.stop_percent):
        await cancel_unsent(transaction, requester, bulk_action_id, now)
        why = f"{counts.failed_percent:.1f} % have failed or are unknown; it stops at {bulk.stop_percent} %."
        return await writes.change(transaction, organization_id, bulk, S.STOPPED, now, message=why), 0
    if not counts.not_started and not counts.under_way:
        return await writes.change(transaction, organization_id, bulk, S.FINISHED, now), 0
    passed = progress.canary_passed_at is not None or not bulk.canary
    if not passed and canary_passed(counts, bulk.canary, progress.last_change_at, now):
        bulk = await writes.change(transaction, organization_id, bulk, S.RUNNING, now, canary_passed_at=now)
        passed = True
    most = startable(counts, bulk.canary, passed=passed, window=window(progress.calls_per_second, at_work))
    return bulk, await writes.start_some(transaction, requester, bulk, now, most=most) if most else 0


async def progress_of(connection: AsyncConnection, organization_id: int, bulk_action_id: int) -> Progress:
    """Who asked for it, how the first SIMs are, and how quickly it may go."""
    mine = sa.and_(b.organization_id == organization_id, b.id == bulk_action_id)
    of_bulk = sa.and_(a.organization_id == organization_id, a.bulk_action_id == bulk_action_id)
    last = sa.case(
        (b.canary_passed_at.is_(None), sa.select(sa.func.max(a.changed_at)).where(of_bulk).scalar_subquery())
    )
    columns = (b.caller, b.canary_passed_at, last.label("last"), o.once_requests_per_second)
    joined = bulk_actions.join(organizations, o.id == b.organization_id)
    row = (await connection.execute(sa.select(*columns).select_from(joined).where(mine))).one()
    return Progress(
        handle=row.caller,
        canary_passed_at=row.canary_passed_at,
        last_change_at=row.last,
        calls_per_second=row.once_requests_per_second,
    )
