"""Questions about bulk actions: how far each is, and what has become of each SIM."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

import sqlalchemy as sa
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.actions.bulk.listing import not_started
from console.actions.bulk.rules import NOT_BEGUN, TEXTS, Exclusion, counted, explanation
from console.actions.bulk.tables import bulk_actions, bulk_items
from console.actions.explanations import explanation as explanation_of_action
from console.actions.tables import actions
from console.facts.actions import ActionKind, ActionState
from console.facts.bulk_actions import BulkAction, BulkCounts, BulkState
from console.store.counting import Total, count_rows
from console.store.keyset import Cursor, after, mark

b, i, a = bulk_actions.c, bulk_items.c, actions.c
FIELDS = tuple(name for name in BulkAction.__struct_fields__ if name not in ("explanation", "counts"))
COLUMNS = tuple(b[name] for name in FIELDS)
ORDER = ((b.id, True),)
PLAN_KEPT = timedelta(days=1)  # that nobody has begun
IN_PLACE = ((i.place, False),)


class BulkResult(Struct, frozen=True, kw_only=True):
    """What has become of one SIM of a bulk action."""

    place: Annotated[int, Meta(description="The order in which the SIMs are started.", examples=[1])]
    iccid: Annotated[
        str, Meta(description="Or what was written, where no SIM was found.", examples=["8988228066600000001"])
    ]
    result: Annotated[
        str,
        Meta(
            description="The state of its action; `not_started`, `excluded` by the plan, or `refused` before it was "
            "sent.",
            examples=["confirmed"],
        ),
    ]
    explanation: Annotated[str, Meta(description="The same in a sentence.", examples=["1NCE shows the new setting."])]
    excluded: Annotated[
        str | None,
        Meta(
            description="`not_found`, `unwatched`, `not_listed`, `wrong_state`, `already_so`, `open_already`, "
            "`cool_down` or `lacks_value`.",
        ),
    ]
    action_id: Annotated[int | None, Meta(description="The action that was made for it.", examples=[4711])]


async def counts(connection: AsyncConnection, organization_id: int, bulk_action_id: int) -> BulkCounts:
    """How many of its SIMs are how far."""
    mine = sa.and_(i.organization_id == organization_id, i.bulk_action_id == bulk_action_id)
    rows = sa.select(
        sa.func.count().filter(i.excluded.is_not(None)).label("excluded"),
        sa.func.count().filter(not_started()).label("not_started"),
        sa.func.count().filter(i.refusal.is_not(None)).label("refused"),
    ).where(mine)
    found = (await connection.execute(rows)).one()
    of_bulk = sa.and_(a.organization_id == organization_id, a.bulk_action_id == bulk_action_id)
    by_state = sa.select(a.state, sa.func.count()).where(of_bulk).group_by(a.state)
    states = {row[0]: row[1] for row in (await connection.execute(by_state)).all()}
    return counted(states, excluded=found.excluded, not_started=found.not_started, refused=found.refused)


async def whole(connection: AsyncConnection, organization_id: int, row: Any) -> BulkAction:
    """The bulk action in a row of COLUMNS, with its counts as they are now."""
    known = await counts(connection, organization_id, row.id)
    text = explanation(BulkState(row.state), known, row.stop_percent, row.canary, row.message)
    return BulkAction(**{name: getattr(row, name) for name in FIELDS}, explanation=text, counts=known)


async def one(connection: AsyncConnection, organization_id: int, bulk_action_id: int) -> BulkAction | None:
    """A bulk action as it is now."""
    query = sa.select(*COLUMNS).where(b.organization_id == organization_id, b.id == bulk_action_id)
    row = (await connection.execute(query)).first()
    return await whole(connection, organization_id, row) if row else None


async def by_key(
    connection: AsyncConnection, organization_id: int, caller: str, key: str
) -> tuple[BulkAction, str] | None:
    """The bulk action that this caller has asked for with this key, and the digest of what was asked."""
    known = sa.and_(b.organization_id == organization_id, b.caller == caller, b.idempotency_key == key)
    row = (await connection.execute(sa.select(*COLUMNS, b.asked_digest).where(known))).first()
    return (await whole(connection, organization_id, row), row.asked_digest) if row else None


async def planned_retry(connection: AsyncConnection, organization_id: int, bulk_action_id: int) -> BulkAction | None:
    """The plan to try again what this bulk action has not done, that nobody has begun yet."""
    planned = sa.and_(b.retry_of == bulk_action_id, b.state == BulkState.PLANNED.value)
    query = sa.select(*COLUMNS).where(b.organization_id == organization_id, planned).order_by(b.id.desc())
    row = (await connection.execute(query.limit(1))).first()
    return await whole(connection, organization_id, row) if row else None


async def page(
    connection: AsyncConnection, organization_id: int, *, limit: int, offset: int = 0, cursor: Cursor | None = None
) -> tuple[list[BulkAction], str | None]:
    """Bulk actions, the latest first, and the cursor of the next page. Plans that nobody began are left out."""
    query = sa.select(*COLUMNS).where(*_begun(organization_id))
    if cursor is not None:
        query = query.where(after(ORDER, cursor))
    rows = (await connection.execute(query.order_by(b.id.desc()).limit(limit + 1).offset(offset))).all()
    following = mark(ORDER, rows[limit - 1]) if len(rows) > limit else None
    return [await whole(connection, organization_id, row) for row in rows[:limit]], following


async def count(connection: AsyncConnection, organization_id: int, *, exact: bool) -> Total:
    """How many there are."""
    return await count_rows(connection, sa.select(b.id).where(*_begun(organization_id)), exact=exact)


def _begun(organization_id: int) -> "Sequence[sa.ColumnElement[bool]]":
    return [b.organization_id == organization_id, b.begun_at.is_not(None)]


async def at_work(connection: AsyncConnection, organization_id: int, now: datetime) -> list[int]:
    """Those that run, or whose time to undo them has passed."""
    due = sa.and_(b.state == BulkState.HELD.value, b.undo_until <= now)
    wanted = sa.or_(b.state == BulkState.RUNNING.value, due)
    query = sa.select(b.id).where(b.organization_id == organization_id, wanted).order_by(b.id)
    return list((await connection.execute(query)).scalars())


async def work_waits(connection: AsyncConnection, organization_id: int, now: datetime) -> bool:
    """Whether one is at work, or what nobody has begun is to be ended or forgotten."""
    past = sa.and_(b.state.in_([*NOT_BEGUN]), b.expires_at <= now)
    never = sa.and_(b.state == BulkState.EXPIRED.value, b.begun_at.is_(None), b.expires_at <= now - PLAN_KEPT)
    query = sa.select(sa.exists().where(b.organization_id == organization_id, sa.or_(past, never)))
    if (await connection.execute(query)).scalar_one():
        return True
    return bool(await at_work(connection, organization_id, now))


async def results(
    connection: AsyncConnection,
    organization_id: int,
    bulk_action_id: int,
    *,
    wanted: frozenset[str] = frozenset(),
    limit: int,
    offset: int = 0,
    cursor: Cursor | None = None,
) -> tuple[list[BulkResult], str | None]:
    """The SIMs of a bulk action in their order, those with one of these results, and the cursor of the next page."""
    query = _results(organization_id, bulk_action_id, wanted)
    if cursor is not None:
        query = query.where(after(IN_PLACE, cursor))
    rows = (await connection.execute(query.order_by(i.place).limit(limit + 1).offset(offset))).all()
    following = mark(IN_PLACE, rows[limit - 1]) if len(rows) > limit else None
    return [result_of(row) for row in rows[:limit]], following


async def count_results(
    connection: AsyncConnection, organization_id: int, bulk_action_id: int, wanted: frozenset[str], *, exact: bool
) -> Total:
    """How many SIMs of it have one of these results."""
    return await count_rows(connection, _results(organization_id, bulk_action_id, wanted), exact=exact)


def _results(organization_id: int, bulk_action_id: int, wanted: frozenset[str]) -> "sa.Select[Any]":
    result = sa.case(
        (i.excluded.is_not(None), "excluded"),
        (i.refusal.is_not(None), ActionState.REFUSED.value),
        (i.action_id.is_(None), "not_started"),
        else_=a.state,
    )
    mine = sa.and_(i.organization_id == organization_id, i.bulk_action_id == bulk_action_id)
    columns = (i.place, i.iccid, i.excluded, i.refusal, i.action_id, a.kind, a.state, a.parameters, a.message)
    joined = bulk_items.outerjoin(actions, sa.and_(a.id == i.action_id, a.organization_id == organization_id))
    query = sa.select(*columns, result.label("result")).select_from(joined).where(mine)
    return query.where(result.in_([*wanted])) if wanted else query


def result_of(row: Any) -> BulkResult:
    """The result in a row of `results`."""
    if row.excluded is not None:
        text = TEXTS[Exclusion(row.excluded)] + "."
    elif row.refusal is not None:
        text = row.refusal
    elif row.action_id is None:
        text = "Nothing was asked of 1NCE."
    else:
        text = explanation_of_action(ActionKind(row.kind), ActionState(row.state), row.parameters, row.message)
    return BulkResult(
        place=row.place,
        iccid=row.iccid,
        result=row.result,
        explanation=text,
        excluded=row.excluded,
        action_id=row.action_id,
    )
