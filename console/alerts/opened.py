"""Alerts that are not resolved, as judging needs them."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from console.alerts.tables import alert_subjects, alerts
from console.facts.alerts import AlertState
from console.sims.tables import sims

a, s = alerts.c, alert_subjects.c


async def open_rows(connection: AsyncConnection, organization_id: int, alert_ids: Collection[int]) -> list[Any]:
    """The alerts with the numbers of their subjects, and the label of their SIM."""
    counted = (
        sa.select(
            sa.func.count().filter(s.holds).label("now_sims"),
            sa.func.count().label("now_total"),
            sa.func.min(s.value).label("value"),
            sa.func.max(s.ended_at).label("ended_at"),
        )
        .where(s.organization_id == a.organization_id, s.alert_id == a.id)
        .lateral("counted")
    )
    label = sa.select(sims.c.label).where(sims.c.organization_id == a.organization_id, sims.c.iccid == a.iccid)
    query = sa.select(alerts, *counted.c, label.scalar_subquery().label("label"))
    query = query.select_from(alerts.join(counted, sa.true()))
    query = query.where(a.organization_id == organization_id, a.state != AlertState.RESOLVED.value)
    query = query.where(a.id.in_(sorted(alert_ids))).order_by(a.id).with_for_update(of=alerts)
    return list((await connection.execute(query)).all())
