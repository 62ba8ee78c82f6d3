"""For which SIMs a rule holds by what happened to them lately: their use, their sessions, their messages."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.alert_rules.history_findings import failed_in_a_row, sessions_flapping, sms_failing, usual_bytes
from console.alert_rules.history_findings import usage_spike as judge_use
from console.alert_rules.judged import Finding
from console.alert_rules.kinds import RuleKind, RuleParameters
from console.alert_rules.reads import AlertRule
from console.alerts.grouping import NewSubject
from console.alerts.judging.candidates import CELL_AREA
from console.alerts.judging.conditions import Differing
from console.alerts.judging.reads import matching, open_subjects
from console.alerts.tables import alert_subjects
from console.connectivity.tables import status_history
from console.sims.tables import is_watched, sims
from console.sms.tables import sms
from console.usage.baselines import HOUR, hours_before
from console.usage.tables import usage_hourly

AT_ONCE = 2_000  # SIMs whose earlier use is held in memory
KNOWN_BEFORE = timedelta(days=1)  # the window: what the connection was at its beginning
MEBIBYTE = 1024 * 1024
AREA = CELL_AREA.label("area")
NOT_ARRIVED = ("failed", "expired")


class Observed(Struct, frozen=True, kw_only=True):
    """What is found of a SIM, and in words."""

    iccid: str
    finding: Finding
    value: str
    operator: str | None
    country: str | None
    area: str | None


async def differing(connection: AsyncConnection, organization_id: int, rule: AlertRule, now: datetime) -> Differing:
    """What differs from what is written. A SIM of which nothing is found has ended."""
    found = {one.iccid: one for one in await observed(connection, organization_id, rule, now)}
    open_ = await open_subjects(connection, organization_id, alert_subjects.c.rule_id == rule.id)
    held = {subject for (_, subject), known in open_.items() if known.holds}
    theirs = await matching(connection, organization_id, rule, sorted({*found, *held}))
    new = [
        NewSubject(
            subject=iccid, iccid=iccid, operator=one.operator, country=one.country, area=one.area, value=one.value
        )
        for iccid, one in found.items()
        if one.finding is Finding.HOLDS and iccid in theirs and iccid not in held
    ]
    going_on = {iccid for iccid, one in found.items() if one.finding is not Finding.ENDED and iccid in theirs}
    return Differing(new=new, ended=held - going_on, open=open_)


async def observed(
    connection: AsyncConnection, organization_id: int, rule: AlertRule, now: datetime
) -> Sequence[Observed]:
    """The watched SIMs for which this rule holds, or may stay."""
    match rule.kind:
        case RuleKind.USAGE_SPIKE:
            return await _spikes(connection, organization_id, rule.parameters, now)
        case RuleKind.SESSIONS_FLAPPING:
            return await _flapping(connection, organization_id, rule.parameters, now)
        case _:
            return await _failing(connection, organization_id, rule.parameters, now)


async def _spikes(
    connection: AsyncConnection, organization_id: int, parameters: RuleParameters, now: datetime
) -> list[Observed]:
    """By the last whole hour and by the present one, of which more is to come: too much stays too much."""
    hour, u = now.replace(minute=0, second=0, microsecond=0), usage_hourly.c
    query = _of_watched(sa.select(u.iccid, u.bucket, u.data_bytes, sims.c.operator, sims.c.country, AREA), usage_hourly)
    query = query.where(u.organization_id == organization_id, u.bucket >= hour - HOUR, u.bucket <= hour)
    query = query.where(u.data_bytes * 2 >= (parameters.least_bytes or 1)).order_by(u.iccid, u.bucket)
    found: dict[str, Observed] = {}
    every = (await connection.execute(query)).all()
    for first in range(0, len(every), AT_ONCE):
        rows = every[first : first + AT_ONCE]
        before = await hours_before(connection, organization_id, {(row.iccid, row.bucket) for row in rows})
        for row in rows:
            weeks = before.get((row.iccid, row.bucket), ())
            finding = judge_use(parameters, row.data_bytes, weeks)
            known = found.get(row.iccid)
            if known is not None and known.finding is Finding.HOLDS:
                continue
            if finding is Finding.ENDED and known is not None:
                continue
            usual = f", usually {usual_bytes(weeks) / MEBIBYTE:,.1f}" if weeks else ""
            used = f"{row.data_bytes / MEBIBYTE:,.1f} MB in the hour from {row.bucket:%H:%M} UTC"
            found[row.iccid] = _observed(row, finding, used + usual)
    return list(found.values())


async def _flapping(
    connection: AsyncConnection, organization_id: int, parameters: RuleParameters, now: datetime
) -> list[Observed]:
    """By the times that a SIM came online from something else."""
    h, since = status_history.c, now - timedelta(minutes=parameters.minutes or 0)
    often = sa.select(h.iccid).where(h.organization_id == organization_id, h.time > since, h.connection == "online")
    often = often.group_by(h.iccid).having(sa.func.count() * 2 >= (parameters.sessions or 1))
    order: dict[str, Any] = {"partition_by": h.iccid, "order_by": h.time}
    before = sa.func.lag(h.connection).over(**order).label("before")
    moved = sa.select(h.organization_id, h.iccid, h.time, h.connection, before)
    moved = moved.where(h.organization_id == organization_id, h.time > since - KNOWN_BEFORE, h.iccid.in_(often))
    m = moved.subquery("moved")
    begun = sa.func.count().label("begun")
    query = _of_watched(sa.select(m.c.iccid, sims.c.operator, sims.c.country, AREA, begun), m)
    query = query.where(m.c.time > since, m.c.connection == "online", m.c.before != "online")
    query = query.group_by(m.c.iccid, sims.c.operator, sims.c.country, sims.c.cell)
    return [
        _observed(
            row, sessions_flapping(parameters, row.begun), f"{row.begun:,} sessions in {parameters.minutes} minutes"
        )
        for row in (await connection.execute(query)).all()
    ]


async def _failing(
    connection: AsyncConnection, organization_id: int, parameters: RuleParameters, now: datetime
) -> list[Observed]:
    """By the messages whose end is known; one under way says nothing yet."""
    c, since = sms.c, now - timedelta(hours=parameters.hours or 0)
    to_it = sa.and_(c.organization_id == organization_id, c.direction == "mt", c.time > since)
    failed = sa.select(c.iccid).where(to_it, c.status.in_(NOT_ARRIVED)).group_by(c.iccid)
    failed = failed.having(sa.func.count() >= (parameters.failures or 1))
    query = _of_watched(sa.select(c.iccid, c.status, sims.c.operator, sims.c.country, AREA), sms)
    query = query.where(to_it, c.status.in_(("delivered", *NOT_ARRIVED)), c.iccid.in_(failed))
    rows: Mapping[str, list[Any]] = defaultdict(list)
    for row in (await connection.execute(query.order_by(c.iccid, c.time.desc(), c.id.desc()))).all():
        rows[row.iccid].append(row)
    found = []
    for theirs in rows.values():
        arrived = [row.status not in NOT_ARRIVED for row in theirs]
        value = f"{failed_in_a_row(arrived):,} messages in a row have not arrived"
        found.append(_observed(theirs[0], sms_failing(parameters, arrived), value))
    return found


def _of_watched(query: "sa.Select[Any]", table: "sa.FromClause") -> "sa.Select[Any]":
    same = sa.and_(sims.c.organization_id == table.c.organization_id, sims.c.iccid == table.c.iccid)
    return query.select_from(sa.join(table, sims, same)).where(is_watched(sims))


def _observed(row: Any, finding: Finding, value: str) -> Observed:
    return Observed(
        iccid=row.iccid, finding=finding, value=value, operator=row.operator, country=row.country, area=row.area
    )
