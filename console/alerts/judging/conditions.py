"""Conditions of the console itself and of its sources: for what each holds now."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.actions import spending
from console.actions.spending import Budget, BudgetUse
from console.actions.tables import actions
from console.alert_rules.kinds import RuleKind
from console.alert_rules.reads import AlertRule
from console.alerts.grouping import NewSubject
from console.alerts.judging.reads import OpenSubject, open_subjects
from console.alerts.tables import alert_subjects
from console.carrier.tables import carrier_circuits
from console.notifications.secrets_due import secrets_due
from console.quotas import reconciliation
from console.runs.reads import last_done
from console.runs.schedule import JOBS
from console.runs.tables import job_looks, job_runs
from console.streamer.rules import FAILED
from console.streamer.tables import streamer_health

POLL = "sync_status"
# Once a minute.
SELDOM = frozenset({RuleKind.JOB_FAILING, RuleKind.RECONCILIATION_DIFFERS, RuleKind.POLLING_STALE, RuleKind.SECRET_DUE})
MOST = 1_000  # subjects of one rule


class Differing(Struct, frozen=True, kw_only=True):
    """What a rule has begun to hold for, what has ended, and what it held or holds for."""

    new: list[NewSubject]
    ended: set[str]
    open: Mapping[tuple[int, str], OpenSubject]


async def differing(connection: AsyncConnection, organization_id: int, rule: AlertRule, now: datetime) -> Differing:
    """What differs from what is written: all that is not found any more has ended."""
    holding = await found(connection, organization_id, rule, now)
    open_ = await open_subjects(connection, organization_id, alert_subjects.c.rule_id == rule.id)
    held = {subject for (_, subject), known in open_.items() if known.holds}
    new = [one for one in holding if one.subject not in held]
    return Differing(new=new, ended=held - {one.subject for one in holding}, open=open_)


async def found(connection: AsyncConnection, organization_id: int, rule: AlertRule, now: datetime) -> list[NewSubject]:
    """All that this rule, which is not asked of SIMs, holds for."""
    match rule.kind:
        case RuleKind.STREAMER_STALE:
            return await _streamer(connection, organization_id)
        case RuleKind.POLLING_STALE:
            return await _polling(connection, organization_id, rule, now)
        case RuleKind.CARRIER_FAILING:
            return await _carrier(connection, organization_id)
        case RuleKind.JOB_FAILING:
            return await _jobs(connection, organization_id, rule.parameters.failures or 1)
        case RuleKind.RECONCILIATION_DIFFERS:
            differing = await reconciliation.count(connection, organization_id)
            least = rule.parameters.least_sims or 1
            return [NewSubject(subject="reconciliation", value=_sims(differing))] if differing >= least else []
        case RuleKind.ACTION_UNKNOWN:
            return await _actions(connection, organization_id, rule, now)
        case RuleKind.SECRET_DUE:
            return await _secrets(connection, organization_id, rule.parameters.days or 0, now)
        case _:
            return await _budgets(connection, organization_id, rule.parameters.percent or 100, now)


def _sims(number: int) -> str:
    return f"{number:,} SIM{'' if number == 1 else 's'}"


async def _streamer(connection: AsyncConnection, organization_id: int) -> list[NewSubject]:
    h = streamer_health.c
    query = sa.select(h.kind, h.state, h.since).where(h.organization_id == organization_id, h.state.in_(sorted(FAILED)))
    return [
        NewSubject(subject=f"streamer:{row.kind}", value=f"{row.kind} records are {row.state}", since=row.since)
        for row in (await connection.execute(query.order_by(h.kind))).all()
    ]


async def _polling(
    connection: AsyncConnection, organization_id: int, rule: AlertRule, now: datetime
) -> list[NewSubject]:
    """An organization that was never polled is not: it may have no account at 1NCE yet."""
    last = await last_done(connection, organization_id, POLL)
    if last is None or last.finished_at is None:
        return []
    if now - last.finished_at <= timedelta(minutes=rule.parameters.minutes or 0):
        return []
    value = f"the last one succeeded at {last.finished_at:%Y-%m-%d %H:%M} UTC"
    return [NewSubject(subject="polling", value=value, since=last.finished_at)]


async def _carrier(connection: AsyncConnection, organization_id: int) -> list[NewSubject]:
    c = carrier_circuits.c
    query = sa.select(c.state, c.reason, c.since).where(c.organization_id == organization_id, c.state != "closed")
    row = (await connection.execute(query)).first()
    return [NewSubject(subject="carrier", value=row.reason, since=row.since)] if row else []


async def _jobs(connection: AsyncConnection, organization_id: int, failures: int) -> list[NewSubject]:
    """The jobs whose last runs, as many as these, have all failed, and that have not looked since and found no work."""
    c = job_runs.c
    names = sa.func.unnest(sa.bindparam(None, [job.name for job in JOBS], type_=sa.ARRAY(sa.Text)))
    jobs = names.table_valued(sa.column("job", sa.Text), name="jobs").render_derived()
    theirs = sa.or_(c.organization_id == organization_id, c.organization_id.is_(None))
    last = (
        sa.select(c.state, c.error, c.finished_at)
        .where(theirs, c.job == jobs.c.job, c.state != "running")
        .order_by(c.id.desc())
        .limit(failures)
        .lateral("last")
    )
    failed = sa.func.count().filter(last.c.state == "failed")
    query = sa.select(
        jobs.c.job, sa.func.max(last.c.error).label("error"), sa.func.min(last.c.finished_at).label("since")
    )
    query = query.select_from(jobs.join(last, sa.true())).group_by(jobs.c.job).having(failed >= failures)
    k = job_looks.c
    looked = sa.select(k.looked_at).where(k.organization_id == organization_id, k.job == jobs.c.job).scalar_subquery()
    query = query.having(sa.func.coalesce(looked <= sa.func.max(last.c.finished_at), sa.true()))
    rows = (await connection.execute(query.order_by(jobs.c.job))).all()
    return [NewSubject(subject=f"job:{row.job}", value=(row.error or "")[:200], since=row.since) for row in rows]


async def _actions(
    connection: AsyncConnection, organization_id: int, rule: AlertRule, now: datetime
) -> list[NewSubject]:
    c = actions.c
    since = now - timedelta(minutes=rule.parameters.minutes or 0)
    query = sa.select(c.id, c.iccid, c.kind, c.changed_at)
    query = query.where(c.organization_id == organization_id, c.state == "unknown", c.changed_at <= since)
    return [
        NewSubject(
            subject=f"action:{row.id}", iccid=row.iccid, value=f"{row.kind} of {row.iccid}", since=row.changed_at
        )
        for row in (await connection.execute(query.order_by(c.id).limit(MOST))).all()
    ]


async def _secrets(connection: AsyncConnection, organization_id: int, days: int, now: datetime) -> list[NewSubject]:
    return [
        NewSubject(subject=one.subject, value=one.said(now))
        for one in await secrets_due(connection, organization_id, now)
        if one.due_at <= now + timedelta(days=days)
    ]


async def _budgets(connection: AsyncConnection, organization_id: int, percent: int, now: datetime) -> list[NewSubject]:
    return [
        NewSubject(
            subject=f"budget:{budget.limit.scope}:{use.subject or ''}:{budget.limit.period}",
            value=f"{use.name}, {share} % of a {budget.limit.period}",
        )
        for budget in await spending.listed(connection, organization_id, now)
        for use in budget.uses
        if (share := spent_percent(budget, use)) >= percent
    ]


def spent_percent(budget: Budget, use: BudgetUse) -> int:
    """How much of a budget is spent or reserved: of its limit in money or in top-ups, whichever is nearer."""
    shares = [0]
    if budget.limit.limit_minor:
        shares.append((use.spent_minor + use.reserved_minor) * 100 // budget.limit.limit_minor)
    if budget.limit.limit_top_ups:
        shares.append((use.spent_top_ups + use.reserved_top_ups) * 100 // budget.limit.limit_top_ups)
    return max(shares)
