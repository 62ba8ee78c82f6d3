"""The frozen list of a bulk action in SQL: which SIMs it leaves out and why, and the order in which they are started.

Nothing here holds the list in memory: 10,000 SIMs are one statement.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from console.actions.bulk.rules import Exclusion
from console.actions.bulk.tables import bulk_actions, bulk_items
from console.actions.reads import last_step_at
from console.actions.rules import COOL_DOWN, NOT_CHARGED, OPEN, TERMINAL
from console.actions.tables import actions
from console.facts.actions import ActionKind, ActionState
from console.facts.bulk_actions import BulkState
from console.sims.tables import sim_states
from console.sms.variables import OWN, variables

TAC = 8  # digits of an IMEI that name the type of the device (3GPP TS 23.003)


def state_of() -> "sa.ColumnElement[str]":
    """What a SIM's state is in words, to see later whether it has changed."""
    s = sim_states.c
    lock = sa.case((s.imei_lock, "IMEI lock on"), (sa.not_(s.imei_lock), "IMEI lock off"))
    quota = sa.literal("data quota ", sa.Text) + s.quota
    parts = (s.status, s.connection, s.operator, s.country, lock, quota)
    return sa.func.concat_ws(", ", *parts)


def excluded(
    iccid: "sa.ColumnElement[str]", organization_id: int, kind: ActionKind, parameters: Mapping[str, Any], now: datetime
) -> "sa.ColumnElement[str | None]":
    """Why this SIM is left out; NULL if it is not. Of a join with `sim_states` that keeps what was not found."""
    s, a = sim_states.c, actions.c
    mine = sa.and_(a.organization_id == organization_id, a.iccid == iccid, a.kind == kind.value)
    ways: list[tuple[sa.ColumnElement[bool], Exclusion]] = [
        (s.iccid.is_(None), Exclusion.NOT_FOUND),
        (~s.watched, Exclusion.UNWATCHED),
        (s.missing, Exclusion.NOT_LISTED),
    ]
    if kind in (ActionKind.RESET, ActionKind.SMS):
        ways.append((s.status == "disabled", Exclusion.WRONG_STATE))
    if parameters.get("fill"):
        ways += [(_empty(name), Exclusion.LACKS_VALUE) for name in variables(str(parameters["payload"]))]
    if (already := _already_so(kind, parameters)) is not None:
        ways.append((already, Exclusion.ALREADY_SO))
    if kind is ActionKind.TOP_UP:
        recent = sa.and_(last_step_at() > now - COOL_DOWN, a.state.not_in([*NOT_CHARGED]))
        ways.append((sa.exists().where(mine, a.state.in_([*OPEN])), Exclusion.OPEN_ALREADY))
        ways.append((sa.exists().where(mine, recent), Exclusion.COOL_DOWN))
    elif kind is not ActionKind.SMS:
        open_ones = a.state.not_in([*TERMINAL, ActionState.UNKNOWN])
        ways.append((sa.exists().where(mine, open_ones), Exclusion.OPEN_ALREADY))
    return sa.case(*((condition, sa.literal(word.value, sa.Text)) for condition, word in ways))


def _empty(name: str) -> "sa.ColumnElement[bool]":
    value = sim_states.c[name] if name in OWN else sim_states.c.custom_fields[name].astext
    return sa.func.coalesce(value, "") == sa.literal("", sa.Text)


def _already_so(kind: ActionKind, parameters: Mapping[str, Any]) -> Any:
    s: Any = sim_states.c
    if kind is ActionKind.STATUS:
        return s.status == ("enabled" if parameters["enabled"] else "disabled")
    if kind is ActionKind.IMEI_LOCK:
        return s.imei_lock.is_(bool(parameters["locked"]))
    if kind is ActionKind.LABEL:
        return sa.func.coalesce(s.label, "") == sa.literal(str(parameters["label"]), sa.Text)
    return None


def rows(
    bulk_action_id: int,
    organization_id: int,
    kind: ActionKind,
    parameters: Mapping[str, Any],
    candidates: "sa.Select[tuple[str]]",
    now: datetime,
    most: int,
) -> "sa.Select[Any]":
    """The rows of the list: those that are left out last, the others so that the first are as different as possible.

    Of each operator in each country with each type of device one goes first, the largest such group before the others.
    """
    s = sim_states.c
    asked = candidates.limit(most + 1).cte("asked")
    joined = asked.outerjoin(sim_states, sa.and_(s.organization_id == organization_id, s.iccid == asked.c.iccid))
    why = excluded(asked.c.iccid, organization_id, kind, parameters, now)
    place = (s.operator, s.country, sa.func.left(s.imei, TAC).label("tac"))
    known = sa.select(asked.c.iccid, why.label("excluded"), state_of().label("was"), *place)
    found = known.select_from(joined).cte("found").c
    group: list[Any] = [found.excluded.is_(None), found.operator, found.country, found.tac]
    in_group = sa.func.row_number().over(partition_by=group, order_by=found.iccid)
    ranked = sa.select(
        found.iccid,
        found.excluded,
        found.was,
        in_group.label("nth"),
        sa.func.count().over(partition_by=group).label("of"),
    ).cte("ranked")
    r = ranked.c
    order = sa.func.row_number().over(order_by=(r.excluded.is_not(None), r.nth, r.of.desc(), r.iccid))
    constant = (sa.literal(bulk_action_id, sa.BigInteger), sa.literal(organization_id, sa.Integer))
    return sa.select(constant[0], order, constant[1], r.iccid, r.excluded, r.was)


LISTED = ("bulk_action_id", "place", "organization_id", "iccid", "excluded", "was")


def next_rows(
    bulk_action_id: int,
    organization_id: int,
    kind: ActionKind,
    parameters: Mapping[str, Any],
    now: datetime,
    most: int,
) -> "sa.Select[Any]":
    """The next rows to be started, each with the reason why it is left out after all, as the SIM is now."""
    i, s = bulk_items.c, sim_states.c
    waiting = sa.and_(i.bulk_action_id == bulk_action_id, i.organization_id == organization_id, not_started())
    chosen = sa.select(i.place, i.iccid).where(waiting).order_by(i.place).limit(most).cte("chosen")
    joined = chosen.outerjoin(sim_states, sa.and_(s.organization_id == organization_id, s.iccid == chosen.c.iccid))
    why = excluded(chosen.c.iccid, organization_id, kind, parameters, now)
    query = sa.select(chosen.c.place, chosen.c.iccid, why.label("excluded"))
    return query.select_from(joined).order_by(chosen.c.place)


def not_started() -> "sa.ColumnElement[bool]":
    """Rows of which no action was made, and that are not left out."""
    i = bulk_items.c
    return sa.and_(i.action_id.is_(None), i.excluded.is_(None), i.refusal.is_(None))


def to_retry(organization_id: int, bulk_action_id: int) -> "sa.ColumnElement[bool]":
    """Rows of which nothing was done, and that are in no later bulk action. Of what is over: else more will start."""
    i, a, b = bulk_items.c, actions.c, bulk_actions.c
    mine = sa.and_(i.organization_id == organization_id, i.bulk_action_id == bulk_action_id, i.excluded.is_(None))
    done_nothing = sa.select(a.id).where(
        a.organization_id == organization_id, a.bulk_action_id == bulk_action_id, a.state.in_([*NOT_CHARGED])
    )
    never_begun = (BulkState.CANCELLED, BulkState.EXPIRED, BulkState.REJECTED)
    later = sa.select(b.id).where(
        b.organization_id == organization_id, b.retry_of == bulk_action_id, b.state.not_in([*never_begun])
    )
    free = sa.or_(i.retried_in.is_(None), i.retried_in.not_in(later))
    return sa.and_(mine, free, sa.or_(i.action_id.is_(None), i.action_id.in_(done_nothing)))
