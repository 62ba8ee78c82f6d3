"""Alerts that wait for a person."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.alert_rules.tables import alert_rules
from console.alerts.reads import ACTIVE_STATES, RANK, alert_of, query_of
from console.alerts.tables import alert_history, alert_subjects, alerts
from console.facts.alerts import Alert, AlertChange, Severity
from console.sims.tables import sims

FORGOTTEN_AFTER = timedelta(hours=4)  # of an acknowledgement whose alert still fires

MOST_SIMS = 8
MOST_OF_ONE = 3  # SIMs of one alert
MOST_READ = 200  # alerts that they are taken from

a, h, s = alerts.c, alert_history.c, alert_subjects.c


class WaitingSim(Struct, frozen=True, kw_only=True):
    """A SIM that an alert fires for which nobody has acknowledged."""

    iccid: str
    label: str | None
    severity: str
    reason: str  # the rule's name
    value: str | None  # what was found
    since: datetime
    alert_id: int


class WaitingAlerts(Struct, frozen=True, kw_only=True):
    """Of what fires or recovers and is not hidden. The moments are None where there are none."""

    critical: int  # that nobody has acknowledged
    critical_since: datetime | None
    forgotten: int  # acknowledged longer than FORGOTTEN_AFTER ago
    forgotten_since: datetime | None


async def waiting_alerts(connection: AsyncConnection, organization_id: int, now: datetime) -> WaitingAlerts:
    """Critical ones without an acknowledgement, and those acknowledged so long ago that they may be forgotten."""
    critical = sa.and_(a.severity == Severity.CRITICAL.value, a.acknowledged_at.is_(None))
    forgotten = a.acknowledged_at < now - FORGOTTEN_AFTER
    query = sa.select(
        sa.func.count().filter(critical).label("critical"),
        sa.func.min(a.started_at).filter(critical).label("critical_since"),
        sa.func.count().filter(forgotten).label("forgotten"),
        sa.func.min(a.acknowledged_at).filter(forgotten).label("forgotten_since"),
    ).where(a.organization_id == organization_id, a.state.in_(ACTIVE_STATES), a.hidden_by.is_(None))
    return WaitingAlerts(**(await connection.execute(query)).one()._mapping)


async def forgotten(connection: AsyncConnection, organization_id: int, now: datetime) -> list[int]:
    """The alerts that somebody is to be reminded of, the one acknowledged the longest ago first.

    Again after as long, while nobody acknowledges them anew. Those acknowledged for a time end by themselves.
    """
    since = now - FORGOTTEN_AFTER
    lately = sa.exists().where(
        h.organization_id == organization_id,
        h.alert_id == a.id,
        h.change == AlertChange.REMINDED.value,
        h.at > sa.func.greatest(a.acknowledged_at, since),
    )
    query = sa.select(a.id).where(a.organization_id == organization_id, a.state.in_(ACTIVE_STATES))
    query = query.where(a.hidden_by.is_(None), a.acknowledged_at <= since, a.acknowledged_until.is_(None), ~lately)
    query = query.order_by(a.acknowledged_at, a.id).with_for_update()
    return list((await connection.execute(query)).scalars())


async def waiting_sims(connection: AsyncConnection, organization_id: int) -> list[WaitingSim]:
    """At most MOST_SIMS, the most urgent first; of what is as urgent, some of each rule, those that wait longest."""
    firing = (
        sa.select(a.id, a.rule_id, a.severity, a.started_at, RANK.label("rank"))
        .where(a.organization_id == organization_id, a.state.in_(ACTIVE_STATES), a.hidden_by.is_(None))
        .where(a.acknowledged_at.is_(None))
        .order_by(RANK, a.started_at, a.id)
        .limit(MOST_READ)
        .subquery()
    )
    some = (
        sa.select(s.subject, s.since, s.value)
        .where(s.organization_id == organization_id, s.alert_id == firing.c.id, s.open, s.holds)
        .order_by(s.since, s.subject)
        .limit(MOST_OF_ONE)
        .lateral()
    )
    same_sim = sa.and_(sims.c.organization_id == organization_id, sims.c.iccid == some.c.subject)
    same_rule = sa.and_(alert_rules.c.organization_id == organization_id, alert_rules.c.id == firing.c.rule_id)
    place = sa.func.row_number().over(partition_by=firing.c.rule_id, order_by=(some.c.since, some.c.subject))
    query = (
        sa.select(
            sims.c.iccid,
            sims.c.label,
            firing.c.severity,
            alert_rules.c.name.label("reason"),
            some.c.value,
            some.c.since,
            firing.c.id.label("alert_id"),
        )
        .select_from(firing.join(some, sa.true()).join(sims, same_sim).join(alert_rules, same_rule))
        .order_by(firing.c.rank, place, some.c.since, sims.c.iccid)
    )
    found: dict[str, WaitingSim] = {}
    for row in await connection.execute(query):
        found.setdefault(row.iccid, WaitingSim(**row._mapping))
    return list(found.values())[:MOST_SIMS]


async def firing_of(connection: AsyncConnection, organization_id: int, iccid: str, *, limit: int) -> list[Alert]:
    """The alerts whose condition holds for this SIM now and that are not hidden, the most urgent first."""
    holding = sa.select(s.alert_id).where(s.organization_id == organization_id, s.subject == iccid, s.open, s.holds)
    query = query_of(organization_id).where(a.state.in_(ACTIVE_STATES), a.hidden_by.is_(None), a.id.in_(holding))
    rows = (await connection.execute(query.order_by(RANK, a.started_at, a.id).limit(limit))).all()
    return [alert_of(row) for row in rows]
