"""Reads the figures of a daily report."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from console.actions.rules import NOT_CHARGED
from console.actions.spending import TAKEN
from console.actions.tables import actions
from console.alerts import reads as alert_reads
from console.alerts.tables import alerts
from console.audit.condition import chain
from console.audit.reads import heads_of
from console.audit.rules import Outcome
from console.audit.tables import lines
from console.connectivity.tables import fleet_samples
from console.errors import NotFound
from console.organizations.reads import by_id
from console.reports.rules import (
    AlertFigures,
    AuditFigures,
    DailyReport,
    FleetFigures,
    ReportedAlert,
    SimUsed,
    SpendFigures,
    Spent,
    UsageFigures,
)
from console.sims.counts_reads import counts
from console.streamer.reads import UnknownSpan, unknown_usage
from console.usage import reads as usage_reads
from console.usage.shares import ranking

MOST_SIMS = 10
MOST_ALERTS = 20
A_DAY = timedelta(days=1)
BEFORE = 7  # days


async def figures(connection: AsyncConnection, organization_id: int, day: date, now: datetime) -> DailyReport:
    """The report of this UTC day, as far as the database knows it now. Raises NotFound.

    Usage, spend, alerts and lines are the day's; the states of SIMs, open alerts and the head of the trail are now's.
    """
    organization = await by_id(connection, organization_id)
    if organization is None:
        raise NotFound("There is no such organization")
    since = datetime.combine(day, time(), UTC)
    until = since + A_DAY
    return DailyReport(
        day=day,
        organization=organization.name,
        made_at=now,
        fleet=await _fleet(connection, organization_id, since, until),
        usage=await _usage(connection, organization_id, since, until, now),
        spend=SpendFigures(
            day=await spent(connection, organization_id, since, until),
            month=await spent(connection, organization_id, since.replace(day=1), until),
        ),
        alerts=await _alerts(connection, organization_id, since, until),
        audit=await _audit(connection, organization_id, since, until),
    )


async def _fleet(connection: AsyncConnection, organization_id: int, since: datetime, until: datetime) -> FleetFigures:
    found, c = await counts(connection, organization_id), fleet_samples.c
    columns = (sa.func.min(c.online), sa.func.round(sa.func.avg(c.online)), sa.func.max(c.online), sa.func.count())
    query = sa.select(*columns).where(c.organization_id == organization_id, c.time >= since, c.time < until)
    least, mean, most, samples = (await connection.execute(query)).one()
    return FleetFigures(
        total=found.total,
        connection=found.connection,
        status=found.status,
        quota=found.quota,
        missing=found.missing,
        online_least=least,
        online_mean=None if mean is None else int(mean),
        online_most=most,
        sampled_minutes=samples,
    )


async def _usage(
    connection: AsyncConnection, organization_id: int, since: datetime, until: datetime, now: datetime
) -> UsageFigures:
    month, before = since.replace(day=1), since - BEFORE * A_DAY
    known = {
        step.time: step
        for step in await usage_reads.of_fleet(
            connection, organization_id, by="day", since=min(month, before), until=until
        )
    }
    spans = await unknown_usage(connection, organization_id, min(month, before), until, now)
    most = await ranking(connection, organization_id, since=since, until=until, now=now, most=MOST_SIMS)

    def used(start: datetime, end: datetime) -> int | None:
        """In this time; None if nothing of it is known."""
        found = sum(step.data_bytes for at, step in known.items() if start <= at < end)
        return found if found or _unknown(spans, start, end) < end - start else None

    week = used(before, since)
    return UsageFigures(
        data_bytes=used(since, until),
        sms=known[since].sms if since in known else 0,
        day_before_bytes=used(since - A_DAY, since),
        week_mean_bytes=None if week is None else round(week / BEFORE),
        month_bytes=used(month, until),
        unknown_minutes=round(_unknown(spans, since, until).total_seconds() / 60),
        most=[SimUsed(iccid=one.iccid, label=one.label, data_bytes=one.data_bytes) for one in most],
    )


def _unknown(spans: Sequence[UnknownSpan], since: datetime, until: datetime) -> timedelta:
    """How much of this time is in the spans."""
    parts = (min(span.until, until) - max(span.since, since) for span in spans)
    return sum((part for part in parts if part > timedelta()), timedelta())


async def spent(connection: AsyncConnection, organization_id: int, since: datetime, until: datetime) -> list[Spent]:
    """Top-ups that were asked for in this time, by currency."""
    c = actions.c
    taken = c.state.in_(TAKEN)
    currency = sa.case((c.price_minor.is_not(None), c.currency)).label("currency")

    def money(which: "sa.ColumnElement[bool]") -> "sa.ColumnElement[Any]":
        return sa.cast(sa.func.coalesce(sa.func.sum(c.price_minor).filter(which), 0), sa.BigInteger)

    query = sa.select(
        currency,
        money(taken).label("spent_minor"),
        sa.func.count().filter(taken).label("spent_top_ups"),
        money(~taken).label("reserved_minor"),
        sa.func.count().filter(~taken).label("reserved_top_ups"),
    ).where(
        c.organization_id == organization_id,
        sa.literal_column("actions.kind") == sa.literal_column("'topup'"),  # as the index has it
        c.requested_at >= since,
        c.requested_at < until,
        c.state.not_in(NOT_CHARGED),
    )
    rows = await connection.execute(query.group_by(currency).order_by(currency))
    return [Spent(**row._mapping) for row in rows]


async def _alerts(connection: AsyncConnection, organization_id: int, since: datetime, until: datetime) -> AlertFigures:
    a = alerts.c
    mine = a.organization_id == organization_id
    fired = sa.and_(mine, a.fired_at >= since, a.fired_at < until)
    by_severity = sa.select(a.severity, sa.func.count()).where(fired).group_by(a.severity)
    resolved = sa.select(sa.func.count()).where(
        mine, a.fired_at.is_not(None), a.resolved_at >= since, a.resolved_at < until
    )
    latest = (
        sa.select(*(a[name] for name in ReportedAlert.__struct_fields__))
        .where(fired)
        .order_by(sa.case((a.severity == "critical", 0), (a.severity == "warning", 1), else_=2), a.fired_at.desc())
        .limit(MOST_ALERTS)
    )
    return AlertFigures(
        fired={row[0]: row[1] for row in await connection.execute(by_severity)},
        resolved=(await connection.execute(resolved)).scalar_one(),
        open=await alert_reads.counts(connection, organization_id),
        latest=[ReportedAlert(**row._mapping) for row in await connection.execute(latest)],
    )


async def _audit(connection: AsyncConnection, organization_id: int, since: datetime, until: datetime) -> AuditFigures:
    c = lines.c
    query = sa.select(sa.func.count(), sa.func.count().filter(c.outcome == Outcome.REFUSED)).where(
        c.organization_id == organization_id, c.at >= since, c.at < until
    )
    number, refused = (await connection.execute(query)).one()
    head = (await heads_of(connection, [organization_id])).get(organization_id)
    stands = await chain(connection, organization_id)
    return AuditFigures(
        lines=number,
        refused=refused,
        number=head.number if head else 0,
        hmac=head.hmac.hex() if head and head.number else None,
        sealed_to=stands.sealed_to,
        verified_at=stands.verified_at,
        fault=stands.fault,
    )
