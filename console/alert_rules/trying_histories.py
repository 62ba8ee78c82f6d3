"""When a rule that is judged by the histories of SIMs would have fired."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from console.alert_rules import rhythms
from console.alert_rules.findings import silent_after
from console.alert_rules.history_findings import sms_failing, usage_spike
from console.alert_rules.judged import Finding
from console.alert_rules.kinds import RuleKind, RuleParameters
from console.connectivity.tables import status_history
from console.errors import Conflict
from console.sms.tables import sms
from console.usage.baselines import hours_before
from console.usage.tables import usage_hourly

Firing = tuple[datetime, str]
MOST_SIMS = 500  # whose use is compared with earlier weeks
KINDS = frozenset(
    {
        RuleKind.SILENT,
        RuleKind.SESSIONS_FLAPPING,
        RuleKind.USAGE_SPIKE,
        RuleKind.SMS_FAILING,
    }
)
NOT_ARRIVED = ("failed", "expired")
h, u, m = status_history.c, usage_hourly.c, sms.c


async def firings(
    connection: AsyncConnection,
    organization_id: int,
    kind: RuleKind,
    parameters: RuleParameters,
    which: "sa.Select[Any] | None",
    since: datetime,
    now: datetime,
) -> list[Firing]:
    """When, and for which SIM, by time. `which`: the ICCIDs that the rule is about; None for all. Raises Conflict."""

    def mine(table: "sa.FromClause", moment: str) -> "sa.ColumnElement[bool]":
        c = table.c
        found = sa.and_(c.organization_id == organization_id, c[moment] >= since, c[moment] < now)
        return found if which is None else sa.and_(found, c.iccid.in_(which))

    match kind:
        case RuleKind.SESSIONS_FLAPPING:
            found = await _flapping(connection, mine(status_history, "time"), parameters)
        case RuleKind.SMS_FAILING:
            found = await _failing(connection, mine(sms, "time"), parameters)
        case RuleKind.USAGE_SPIKE:
            found = await _spikes(connection, organization_id, mine(usage_hourly, "bucket"), parameters)
        case _:
            found = await _silent(connection, organization_id, which, parameters, since, now)
    return sorted(found)


async def _flapping(
    connection: AsyncConnection, mine: "sa.ColumnElement[bool]", parameters: RuleParameters
) -> Sequence[Firing]:
    """Each session with which there were as many within the minutes before it, and one fewer at the session before."""
    order: dict[str, Any] = {"partition_by": h.iccid, "order_by": h.time}
    was = sa.func.lag(h.connection).over(**order).label("was")
    seen = sa.select(h.iccid, h.time, h.connection, was).where(mine).subquery("seen")
    begun = sa.select(seen.c.iccid, seen.c.time).where(seen.c.connection == "online", seen.c.was != "online")
    b = begun.subquery("begun").c
    minutes = timedelta(minutes=parameters.minutes or 0)
    within = sa.FrameClause(minutes, None, sa.FrameClauseType.PRECEDING, sa.FrameClauseType.CURRENT)
    number = sa.func.count().over(partition_by=b.iccid, order_by=b.time, range_=within).label("number")
    counted = sa.select(b.iccid, b.time, number).subquery("counted").c
    before = sa.func.lag(counted.number, 1, 0).over(partition_by=counted.iccid, order_by=counted.time).label("before")
    turns = sa.select(counted.iccid, counted.time, counted.number, before).subquery("turns").c
    most = parameters.sessions or 1
    query = sa.select(turns.time, turns.iccid).where(turns.number >= most, turns.before < most)
    return [(row.time, row.iccid) for row in (await connection.execute(query)).all()]


async def _failing(
    connection: AsyncConnection, mine: "sa.ColumnElement[bool]", parameters: RuleParameters
) -> Sequence[Firing]:
    """Each message that was one too many of those that did not arrive; by when each was submitted."""
    ended = sa.and_(mine, m.direction == "mt")
    least = sa.func.count() >= (parameters.failures or 1)
    failed = sa.select(m.iccid).where(ended, m.status.in_(NOT_ARRIVED)).group_by(m.iccid).having(least)
    query = sa.select(m.iccid, m.time, m.status).where(ended, m.status.in_(("delivered", *NOT_ARRIVED)))
    query = query.where(m.iccid.in_(failed)).order_by(m.iccid, m.time)
    sent: dict[str, list[tuple[datetime, bool]]] = defaultdict(list)
    found: list[Firing] = []
    for row in (await connection.execute(query)).all():
        known = sent[row.iccid]
        before, after = _failing_at(parameters, known, row.time), False
        known.append((row.time, row.status not in NOT_ARRIVED))
        after = _failing_at(parameters, known, row.time)
        if after and not before:
            found.append((row.time, row.iccid))
    return found


def _failing_at(parameters: RuleParameters, sent: Sequence[tuple[datetime, bool]], at: datetime) -> bool:
    since = at - timedelta(hours=parameters.hours or 0)
    return sms_failing(parameters, [one for time, one in reversed(sent) if time > since]) is Finding.HOLDS


async def _spikes(
    connection: AsyncConnection, organization_id: int, mine: "sa.ColumnElement[bool]", parameters: RuleParameters
) -> Sequence[Firing]:
    """Each hour with too much use after one without."""
    large = sa.and_(mine, u.data_bytes >= (parameters.least_bytes or 1))
    query = sa.select(u.iccid, u.bucket, u.data_bytes).where(large).order_by(u.iccid, u.bucket)
    rows = (await connection.execute(query.limit(MOST_SIMS * 168))).all()
    if len({row.iccid for row in rows}) > MOST_SIMS:
        raise Conflict(f"more than {MOST_SIMS} SIMs have used so much in an hour: ask for more, or for fewer SIMs")
    before = await hours_before(connection, organization_id, {(row.iccid, row.bucket) for row in rows})
    found: list[Firing] = []
    last: Firing | None = None
    for row in rows:
        if usage_spike(parameters, row.data_bytes, before.get((row.iccid, row.bucket), ())) is Finding.HOLDS:
            if last != (row.bucket - timedelta(hours=1), row.iccid):
                found.append((row.bucket, row.iccid))
            last = (row.bucket, row.iccid)
    return found


async def _silent(
    connection: AsyncConnection,
    organization_id: int,
    which: "sa.Select[Any] | None",
    parameters: RuleParameters,
    since: datetime,
    now: datetime,
) -> Sequence[Firing]:
    """Each time that a SIM was in no contact for too long, by its rhythm of the four weeks before `since`."""
    measured = rhythms.measured(organization_id, since, None).subquery("rhythms")
    hours = rhythms.contacts(organization_id, since, now, None)
    following = sa.func.lead(hours.c.hour, 1, now).over(partition_by=hours.c.iccid, order_by=hours.c.hour)
    query = sa.select(hours.c.hour, hours.c.iccid, measured.c.usual_gap_seconds, measured.c.longest_gap_seconds)
    query = query.add_columns(following.label("following"))
    gaps = query.select_from(hours.join(measured, measured.c.iccid == hours.c.iccid)).subquery("gaps")
    long = sa.select(gaps).where(gaps.c.following - gaps.c.hour > timedelta(hours=parameters.hours or 0))
    if which is not None:
        long = long.where(gaps.c.iccid.in_(which))
    found: list[Firing] = []
    for row in (await connection.execute(long)).all():
        after = silent_after(parameters, row.usual_gap_seconds, row.longest_gap_seconds)
        if row.following - row.hour > after:
            found.append((row.hour + after, row.iccid))
    return found
