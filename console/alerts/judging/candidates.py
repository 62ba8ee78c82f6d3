"""The SIMs of which a rule begins to hold or has ended, chosen by the database: all others cost nothing here."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from msgspec import Struct, structs
from sqlalchemy.dialects.postgresql import aggregate_order_by, array
from sqlalchemy.ext.asyncio import AsyncConnection

from console.alert_rules.judged import JudgedSim
from console.alert_rules.kinds import KINDS, RuleKind
from console.alert_rules.reads import AlertRule, filter_of
from console.alert_rules.tables import sim_rhythms
from console.alerts.judging.sim_conditions import conditions_of, data, known_until, sms, was_imei, was_status
from console.alerts.tables import alert_subjects, sessionless_sims, unjudged_changes
from console.quotas.tables import quota_forecasts
from console.sims.filters import conditions
from console.sims.tables import checks, is_watched, sim_states, sims

s, u = alert_subjects.c, unjudged_changes.c
TEXTS = sa.ARRAY(sa.Text)
KEPT = 64  # statements of each sort: built anew, one costs 10 ms
CELL_AREA = sa.func.nullif(sa.func.split_part(sims.c.cell, "/", 1), "")  # a cell is written "area/cell"
Candidates = list[tuple[JudgedSim, str]]  # with the rules that each SIM differs for: "4,9"


def numbers(values: Sequence[int]) -> "sa.BindParameter[Any]":
    """A list of ids as one parameter of a query."""
    return sa.bindparam(None, list(values), type_=sa.ARRAY(sa.BigInteger))


def given_changes() -> "sa.Select[tuple[int]]":
    """The ids in `changes`, an array as PostgreSQL writes it, which is given with each execution."""
    given = sa.cast(sa.bindparam("changes", type_=sa.Text), sa.ARRAY(sa.BigInteger))
    return sa.select(sa.func.unnest(given))


class Times(Struct, frozen=True, kw_only=True):
    """When is judged, and since when the Data Streamer reports each contact at once; None: it does not."""

    now: datetime
    flowing_since: datetime | None = None


class Asked(Struct, frozen=True, kw_only=True):
    """The rules of an organization that SIMs are asked by, those of them that can't begin to hold now, by id, and
    whether the Data Streamer reports each contact at once.
    """

    organization_id: int
    rules: tuple[AlertRule, ...]
    ending: frozenset[int] = frozenset()
    flowing: bool = False


async def of_changes(connection: AsyncConnection, asked: Asked, changes: str, times: Times) -> Candidates:
    """Of the SIMs with these changes, and of those whose last change ends, the ones that differ for a rule."""
    return await read(connection, _of_changes(asked), times, changes=changes) if asked.rules else []


@lru_cache(KEPT)
def _of_changes(asked: Asked) -> "sa.Select[tuple[Any, ...]]":
    organization_id = asked.organization_id
    momentary = [rule.id for rule in asked.rules if KINDS[rule.kind].momentary]
    changed = sa.select(u.id, u.iccid, u.was_status, u.was_imei)
    changed = changed.where(u.organization_id == organization_id, u.id.in_(given_changes()))
    nothing = sa.null().cast(sa.Text)
    passing = sa.select(sa.null().cast(sa.BigInteger), s.subject, nothing, nothing)
    passing = passing.where(s.organization_id == organization_id, s.rule_id.in_(momentary), s.open, s.holds)
    each = changed.union_all(passing).subquery("each")

    def before(column: "sa.ColumnElement[Any]", name: str) -> "sa.ColumnElement[Any]":
        known = sa.func.array_agg(aggregate_order_by(column, each.c.id))
        return sa.type_coerce(known.filter(column.is_not(None)), TEXTS).label(name)

    statuses, imeis = before(each.c.was_status, "was_status"), before(each.c.was_imei, "was_imei")
    grouped = sa.select(each.c.iccid, statuses, imeis).group_by(each.c.iccid).subquery("were")
    return _differing(asked, grouped.join(sims, sims.c.iccid == grouped.c.iccid))


@lru_cache(KEPT)
def of_the_fleet(asked: Asked, limit: int) -> "sa.Select[tuple[Any, ...]]":
    """The query for those of all SIMs that differ for one of the rules, by ICCID, so many of those after `after`."""
    nothing = sa.select(sa.null().cast(TEXTS).label("was_status"), sa.null().cast(TEXTS).label("was_imei"))
    query = _differing(asked, sims.join(nothing.subquery("were"), sa.true()))
    return query.where(sims.c.iccid > sa.bindparam("after", type_=sa.Text)).order_by(sims.c.iccid).limit(limit)


async def read(
    connection: AsyncConnection, query: "sa.Select[tuple[Any, ...]]", times: Times, **values: str
) -> Candidates:
    """What a query of this module finds."""
    made: Callable[..., JudgedSim] = JudgedSim  # of a row, in the order of its fields
    rows = (await connection.execute(query, structs.asdict(times) | values)).all()
    return [(made(*row[:-3], row[-3] or (), row[-2] or ()), row[-1]) for row in rows]


def _differing(asked: Asked, joined: "sa.FromClause") -> "sa.Select[tuple[Any, ...]]":
    rules = asked.rules
    for quota, service in ((data, "data"), (sms, "sms")):
        mine = sa.and_(quota.c.organization_id == sims.c.organization_id, quota.c.iccid == sims.c.iccid)
        joined = joined.outerjoin(quota, sa.and_(mine, quota.c.service == service))
    mine = sa.and_(s.organization_id == sims.c.organization_id, s.subject == sims.c.iccid)
    held = sa.select(sa.func.array_agg(s.rule_id).label("rules"))
    held = held.where(mine, s.rule_id == sa.func.any(numbers([rule.id for rule in rules])), s.open, s.holds)
    known = held.lateral("known")
    joined = joined.join(known, sa.true())
    own = [sims.c[name] for name in ("iccid", "status", "imei", "connection", "operator", "country", "last_seen_at")]
    of_data = [data.c["left"], data.c.total, data.c.status, data.c.expires_at]
    joined, of_network = _with_network(joined, {rule.kind for rule in rules}, flowing=asked.flowing)
    of_sms = [sms.c["left"], sms.c.total, sms.c.status]
    columns = [
        *own,
        *of_data,
        *of_sms,
        *of_network,
        CELL_AREA,
        is_watched(sims),
        *(sa.type_coerce(one, sa.types.NULLTYPE) for one in (was_status, was_imei)),
    ]
    held_rules = sa.func.coalesce(known.c.rules, sa.cast([], sa.ARRAY(sa.Integer)))
    differs = {rule.id: _differs(asked, rule, held_rules) for rule in rules}
    columns.append(sa.func.array_to_string(array([sa.case((one, id_)) for id_, one in differs.items()]), ","))
    query = sa.select(*(column.label(f"column_{place}") for place, column in enumerate(columns))).select_from(joined)
    return query.where(sims.c.organization_id == asked.organization_id, sa.or_(*differs.values()))


def _with_network(
    joined: "sa.FromClause", kinds: set[RuleKind], *, flowing: bool
) -> "tuple[sa.FromClause, list[sa.ColumnElement[Any]]]":
    """What only some kinds of rules ask is joined for these alone."""
    found: list[sa.ColumnElement[Any]] = []
    for kind, table, names in (
        (RuleKind.NO_SESSION, sessionless_sims, ("since",)),
        (RuleKind.SILENT, sim_rhythms, ("usual_gap_seconds", "longest_gap_seconds")),
        (RuleKind.DATA_RUNS_OUT, quota_forecasts, ("daily_bytes",)),
    ):
        if kind in kinds:
            c = table.c
            same = sa.and_(c.organization_id == sims.c.organization_id, c.iccid == sims.c.iccid)
            joined = joined.outerjoin(table, same)
        found += [table.c[name] if kind in kinds else sa.null().cast(table.c[name].type) for name in names]
    if kinds.isdisjoint({RuleKind.NO_CONTACT, RuleKind.SILENT}):
        return joined, [*found, sa.null().cast(checks.c.status_at.type)]
    same = sa.and_(checks.c.organization_id == sims.c.organization_id, checks.c.iccid == sims.c.iccid)
    return joined.outerjoin(checks, same), [*found, known_until(flowing=flowing)]


def _differs(asked: Asked, rule: AlertRule, held: "sa.ColumnElement[Any]") -> "sa.ColumnElement[bool]":
    """Whether the rule holds for the SIM and did not, or did and may have ended."""
    of = conditions_of(rule.kind, rule.parameters, flowing=asked.flowing)
    holds, ended = of.holds, of.ended
    if rule.filter:
        where = conditions(asked.organization_id, filter_of(rule.filter))
        theirs = sa.exists().where(*where, sim_states.c.iccid == sims.c.iccid).correlate(sims)
        holds, ended = sa.and_(holds, theirs), sa.or_(ended, ~theirs)
    begins = sa.false() if rule.id in asked.ending else holds
    return sa.case((sa.literal(rule.id) == sa.func.any(held), ended), else_=begins)
