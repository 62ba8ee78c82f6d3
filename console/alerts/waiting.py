"""Alerts that wait for a person."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.alerts.reads import ACTIVE_STATES
from console.alerts.tables import alerts
from console.facts.alerts import Severity

FORGOTTEN_AFTER = timedelta(hours=4)  # of an acknowledgement whose alert still fires

a = alerts.c


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
