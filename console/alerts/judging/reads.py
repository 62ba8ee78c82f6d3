"""What rules are judged by: SIMs with what they were before, what is open, and whether the sources are fresh."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.alert_rules.kinds import KINDS, Feed
from console.alert_rules.reads import AlertRule, filter_of
from console.alert_rules.tables import alert_rules
from console.alerts.grouping import NO_TAGS, NewSubject, Tags
from console.alerts.tables import alert_subjects, alerts
from console.carrier.tables import carrier_circuits
from console.facts.alerts import AlertState
from console.runs.tables import job_runs
from console.sims.filters import conditions, texts
from console.sims.tables import annotations, fleet_counts, sim_states
from console.streamer.rules import StreamerState
from console.streamer.tables import streamer_health

STALE_AFTER = timedelta(minutes=10)  # without a poll that succeeded
POLL = "sync_status"
a, s = alerts.c, alert_subjects.c


class OpenSubject(Struct, frozen=True):
    """What a rule holds for, or held for while its alert is open."""

    rule_id: int
    subject: str
    alert_id: int
    holds: bool


async def matching(
    connection: AsyncConnection, organization_id: int, rule: AlertRule, iccids: Sequence[str]
) -> set[str]:
    """Those of these SIMs that the rule is about."""
    if not rule.filter:
        return set(iccids)
    where = conditions(organization_id, filter_of(rule.filter))
    query = sa.select(sim_states.c.iccid).where(*where, sim_states.c.iccid == sa.func.any(texts(iccids)))
    return set((await connection.execute(query)).scalars())


async def open_subjects(
    connection: AsyncConnection, organization_id: int, which: "sa.ColumnElement[bool]"
) -> dict[tuple[int, str], OpenSubject]:
    """Those of `which` of which an alert is open, by rule and subject."""
    query = sa.select(s.rule_id, s.subject, s.alert_id, s.holds)
    query = query.where(s.organization_id == organization_id, s.open, which)
    rows = (await connection.execute(query)).all()
    return {(row[0], row[1]): OpenSubject(*row) for row in rows}


async def tags_of(
    connection: AsyncConnection, organization_id: int, subjects: Sequence[NewSubject], shares: dict[str, float]
) -> Tags:
    """The tags of these; `shares`, of the fleet, is filled if it is empty, and holds "" from then on."""
    n = annotations.c
    if not shares:
        tag = sa.func.unnest(n.tags).label("tag")
        each = sa.select(tag).where(n.organization_id == organization_id).subquery()
        total = sa.select(sa.func.sum(fleet_counts.c.sims)).where(fleet_counts.c.organization_id == organization_id)
        query = sa.select(each.c.tag, sa.func.count() / sa.cast(total.scalar_subquery(), sa.Double)).group_by(
            each.c.tag
        )
        shares |= {"": 0.0, **{row[0]: row[1] for row in (await connection.execute(query)).all()}}
    if len(shares) == 1:
        return NO_TAGS
    mine = sa.and_(n.organization_id == organization_id, n.tags != sa.cast([], sa.ARRAY(sa.Text)))
    asked = sa.select(n.iccid, n.tags).where(mine, n.iccid == sa.func.any(texts([one.subject for one in subjects])))
    return Tags({row[0]: row[1] for row in (await connection.execute(asked)).all()}, shares)


async def open_keys(connection: AsyncConnection, organization_id: int, rule_id: int) -> dict[str, int]:
    """The rule's open alerts by key."""
    values = {"organization_id": organization_id, "rule_id": rule_id}
    return {row.key: row.id for row in (await connection.execute(_open_keys(), values)).all()}


@cache
def _open_keys() -> "sa.Select[tuple[str, int]]":
    mine = sa.and_(a.organization_id == sa.bindparam("organization_id"), a.rule_id == sa.bindparam("rule_id"))
    return sa.select(a.key, a.id).where(mine, a.state != "resolved")


async def stale_feeds(connection: AsyncConnection, organization_id: int, now: datetime) -> frozenset[Feed]:
    """The sources that bring nothing now: what is judged by them alone can't be judged."""
    j, c, h = job_runs.c, carrier_circuits.c, streamer_health.c
    done = sa.select(sa.func.max(j.finished_at)).where(
        j.organization_id == organization_id, j.job == POLL, j.state == "done", j.finished_at > now - STALE_AFTER
    )
    closed = sa.select(c.state == "closed").where(c.organization_id == organization_id)
    flowing = sa.exists().where(
        h.organization_id == organization_id, h.kind == "event", h.state == StreamerState.FLOWING.value
    )
    query = sa.select(
        done.scalar_subquery(),
        sa.func.coalesce(closed.scalar_subquery(), sa.true()),
        sa.select(flowing).scalar_subquery(),
    )
    polled_at, answers, posted = (await connection.execute(query)).one()
    polled = polled_at is not None and answers
    stale = set() if polled else {Feed.POLLING}
    return frozenset(stale if polled or posted else stale | {Feed.NETWORK})


async def flowing_since(connection: AsyncConnection, organization_id: int) -> datetime | None:
    """Since when the Data Streamer reports contacts at once; None while it does not."""
    h = streamer_health.c
    flowing = sa.and_(h.kind == "event", h.state == StreamerState.FLOWING.value)
    query = sa.select(h.since).where(h.organization_id == organization_id, flowing)
    since: datetime | None = (await connection.execute(query)).scalar()
    return since


async def due(
    connection: AsyncConnection,
    organization_id: int,
    rules: Mapping[int, AlertRule],
    stale: frozenset[Feed],
    now: datetime,
) -> set[int]:
    """Open alerts that time leads on, whose rule is gone, or that can be judged now and could not, or the reverse."""
    r = alert_rules.c
    of_stale = a.rule_id.in_([rule.id for rule in rules.values() if KINDS[rule.kind].feed in stale])

    def over(since: "sa.ColumnElement[Any]", seconds: "sa.ColumnElement[Any]") -> "sa.ColumnElement[bool]":
        return since + sa.func.make_interval(0, 0, 0, 0, 0, 0, seconds, type_=sa.Interval) <= now

    fires = sa.and_(a.state == AlertState.PENDING.value, over(a.started_at, r.for_seconds))
    ends = sa.and_(a.state == AlertState.RECOVERING.value, over(a.recovering_at, r.keep_firing_seconds))
    cannot = a.cannot_judge_since.is_not(None)
    which = sa.or_(
        sa.and_(fires, sa.or_(~of_stale, r.for_seconds == 0)),
        sa.and_(ends, ~of_stale),
        a.acknowledged_until <= now,
        a.rule_id.not_in(list(rules)),
        of_stale != cannot,
    )
    rule_of = sa.and_(r.organization_id == a.organization_id, r.id == a.rule_id)
    query = sa.select(a.id).select_from(alerts.join(alert_rules, rule_of))
    query = query.where(a.organization_id == organization_id, a.state != AlertState.RESOLVED.value, which)
    return set((await connection.execute(query)).scalars())


async def revised(connection: AsyncConnection, organization_id: int) -> dict[int, str | None]:
    """The rules by which not every SIM has been judged since they were changed, with their priority before that."""
    r = alert_rules.c
    query = sa.select(r.id, r.judged_priority).where(
        r.organization_id == organization_id, r.judged_revision < r.revision
    )
    return {row.id: row.judged_priority for row in (await connection.execute(query)).all()}
