"""Alerts that wait for a person."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.alerts.reads import ACTIVE_STATES
from console.alerts.tables import alert_history, alerts
from console.facts.alerts import AlertChange, Severity

FORGOTTEN_AFTER = timedelta(hours=4)  # of an acknowledgement whose alert still fires

a, h = alerts.c, alert_history.c


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
