"""Questions about actions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec import Struct, convert
from sqlalchemy.ext.asyncio import AsyncConnection

from console.actions.explanations import explanation
from console.actions.rules import NOT_CHARGED, OPEN
from console.actions.tables import actions
from console.facts.actions import Action, ActionKind, ActionState, ActionStep
from console.store.counting import Total, count_rows
from console.store.keyset import Cursor, after, mark

c = actions.c
FIELDS = tuple(name for name in Action.__struct_fields__ if name != "explanation")
COLUMNS = tuple(c[name] for name in FIELDS)
ORDER = ((c.id, True),)
REPLACEMENTS = 5  # by which a SIM got the places of others: the latest
IS_REPLACEMENT = sa.literal_column("actions.kind") == sa.literal_column("'replace'")
TAKES_THE_PLACE: sa.ColumnElement[str] = sa.literal_column("actions.parameters ->> 'by'", sa.Text)


class ActionFilter(Struct, frozen=True, kw_only=True):
    """Which actions are wanted; an empty field wants all. `single`: not those of bulk actions."""

    state: frozenset[str] = frozenset()
    kind: frozenset[str] = frozenset()
    iccid: str | None = None
    single: bool = False


class Replacement(Struct, frozen=True, kw_only=True):
    """The action `id` by which a SIM has taken the place of another, `iccid`."""

    id: int
    iccid: str
    changed_at: datetime


def action_of(row: Any) -> Action:
    """The action in a row of COLUMNS."""
    values = {name: getattr(row, name) for name in FIELDS}
    values["steps"] = convert(values["steps"], list[ActionStep])
    kind, state = ActionKind(values["kind"]), ActionState(values["state"])
    by = values["steps"][-1].by  # of the state that it is in
    if by is None and state is ActionState.REFUSED and values["sent_at"] is None:
        by = "console"
    text = explanation(kind, state, values["parameters"], values["message"], by)
    return Action(**values, explanation=text)


async def one(connection: AsyncConnection, organization_id: int, action_id: int) -> Action | None:
    """An action as it is now."""
    query = sa.select(*COLUMNS).where(c.organization_id == organization_id, c.id == action_id)
    row = (await connection.execute(query)).first()
    return action_of(row) if row else None


def concerning(
    organization_id: int, iccids: Sequence[str], *wanted: "sa.ColumnElement[bool]"
) -> "sa.CompoundSelect[Any]":
    """The ids of actions on these SIMs, and of those by which one of them takes another's place: each by an index."""
    mine = sa.select(c.id).where(c.organization_id == organization_id, *wanted)
    return sa.union_all(mine.where(c.iccid.in_(iccids)), mine.where(replaces_by(iccids)))


def replaces_by(iccids: Sequence[str]) -> "sa.ColumnElement[bool]":
    """The replacements by which one of these SIMs takes another's place, as the index has them."""
    return sa.and_(IS_REPLACEMENT, TAKES_THE_PLACE.in_(iccids))


def replacements_query(organization_id: Any, iccid: Any) -> "sa.Select[Any]":
    """The SIMs whose places this SIM has taken, the latest first, each as a Replacement."""
    done = sa.and_(c.organization_id == organization_id, IS_REPLACEMENT, iccid == TAKES_THE_PLACE)
    query = sa.select(c.id, c.iccid, c.changed_at).where(done, c.state == ActionState.CONFIRMED.value)
    return query.order_by(c.id.desc()).limit(sa.literal_column(str(REPLACEMENTS)))


async def replacements_by(connection: AsyncConnection, organization_id: int, iccid: str) -> list[Replacement]:
    """The same, asked by itself."""
    rows = await connection.execute(replacements_query(organization_id, iccid))
    return [Replacement(**row._mapping) for row in rows]


async def by_key(connection: AsyncConnection, organization_id: int, caller: str, key: str) -> Action | None:
    """The action that this caller has asked for with this idempotency key."""
    query = sa.select(*COLUMNS).where(
        c.organization_id == organization_id, c.caller == caller, c.idempotency_key == key
    )
    row = (await connection.execute(query)).first()
    return action_of(row) if row else None


async def key_to_cancel(connection: AsyncConnection, organization_id: int, caller: str, iccid: str, sms_id: str) -> str:
    """The key by which a message is cancelled once. An attempt that came to nothing is followed by another."""
    first = key = f"cancel-sms:{iccid}:{sms_id}"
    while (made := await by_key(connection, organization_id, caller, key)) is not None and made.state in NOT_CHARGED:
        key = f"{first}:{made.id}"
    return key


async def page(
    connection: AsyncConnection,
    organization_id: int,
    wanted: ActionFilter,
    *,
    limit: int,
    offset: int = 0,
    cursor: Cursor | None = None,
) -> tuple[list[Action], str | None]:
    """Actions, the latest first, and the cursor of the next page."""
    query = sa.select(*COLUMNS).where(*_wanted(organization_id, wanted))
    if cursor is not None:
        query = query.where(after(ORDER, cursor))
    rows = (await connection.execute(query.order_by(c.id.desc()).limit(limit + 1).offset(offset))).all()
    following = mark(ORDER, rows[limit - 1]) if len(rows) > limit else None
    return [action_of(row) for row in rows[:limit]], following


async def count(connection: AsyncConnection, organization_id: int, wanted: ActionFilter, *, exact: bool) -> Total:
    """How many actions these are."""
    return await count_rows(connection, sa.select(c.id).where(*_wanted(organization_id, wanted)), exact=exact)


async def open_top_up(connection: AsyncConnection, organization_id: int, iccid: str) -> Action | None:
    """The top-up of this SIM that is under way."""
    query = _top_ups(organization_id, iccid).where(c.state.in_(OPEN))
    row = (await connection.execute(query)).first()
    return action_of(row) if row else None


async def last_top_up(connection: AsyncConnection, organization_id: int, iccid: str, since: datetime) -> Action | None:
    """The latest top-up of this SIM since then that may have been charged."""
    query = _top_ups(organization_id, iccid).where(last_step_at() > since, c.state.not_in(NOT_CHARGED))
    row = (await connection.execute(query.order_by(c.id.desc()).limit(1))).first()
    return action_of(row) if row else None


def last_step_at() -> "sa.ColumnElement[datetime]":
    """When a top-up was asked for or, later, approved or sent: what a cool-down counts from."""
    return sa.func.greatest(c.requested_at, c.approved_at, c.sent_at)  # which passes over NULL


async def of_orders(connection: AsyncConnection, organization_id: int, numbers: Sequence[str]) -> dict[str, int]:
    """The actions that have made these orders, by the order's number."""
    query = sa.select(c.order_number, c.id).where(c.organization_id == organization_id, c.order_number.in_(numbers))
    return {row[0]: row[1] for row in (await connection.execute(query)).all()}


async def of_tickets(connection: AsyncConnection, organization_id: int, ids: Sequence[str]) -> dict[str, int]:
    """The actions that have opened these tickets, by the ticket's id."""
    query = sa.select(c.ticket_id, c.id).where(c.organization_id == organization_id, c.ticket_id.in_(ids))
    return {row[0]: row[1] for row in (await connection.execute(query)).all()}


def _top_ups(organization_id: int, iccid: str) -> "sa.Select[Any]":
    return sa.select(*COLUMNS).where(
        c.organization_id == organization_id, c.iccid == iccid, c.kind == ActionKind.TOP_UP
    )


def _wanted(organization_id: int, wanted: ActionFilter) -> "Sequence[sa.ColumnElement[bool]]":
    found = [c.organization_id == organization_id]
    if wanted.state:
        found.append(c.state.in_(wanted.state))
    if wanted.kind:
        found.append(c.kind.in_(wanted.kind))
    if wanted.iccid is not None:
        found.append(c.iccid == wanted.iccid)
    if wanted.single:
        found.append(c.bulk_action_id.is_(None))
    return found
