"""How often SIMs are in contact: the hours of their network events, movements and use, and the gaps between these."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from console.connectivity.tables import network_events, status_history
from console.sims.filters import texts
from console.usage.tables import usage_hourly

HISTORY = timedelta(days=28)
LEAST_GAPS = 10  # of fewer, the rhythm is not known
SHARE = 0.95  # of the gaps are no longer than the usual one


def contacts(organization_id: int, since: datetime, until: datetime, iccids: Sequence[str] | None) -> "sa.Subquery":
    """Each hour in which a SIM was in contact: `iccid`, `hour`. With `iccids`, of these alone."""
    found = []
    for table, moment in ((network_events, "time"), (status_history, "time"), (usage_hourly, "bucket")):
        c = table.c
        query = sa.select(c.iccid, sa.func.date_trunc("hour", c[moment], "UTC").label("hour"))
        query = query.where(c.organization_id == organization_id, c[moment] >= since, c[moment] < until)
        if iccids is not None:
            query = query.where(c.iccid == sa.func.any(texts(iccids)))
        if table is status_history:
            query = query.where(c.connection.in_(("online", "attached")))
        found.append(query.where(c.iccid.is_not(None)))
    return sa.union(*found).subquery("contacts")


def measured(organization_id: int, now: datetime, iccids: Sequence[str] | None) -> "sa.Select[Any]":
    """The rhythm of each SIM with enough gaps before `now`: `iccid`, both gaps in seconds, how many there are."""
    hours = contacts(organization_id, now - HISTORY, now, iccids)
    before = sa.func.lag(hours.c.hour).over(partition_by=hours.c.iccid, order_by=hours.c.hour)
    gap = sa.cast(sa.extract("epoch", hours.c.hour - before), sa.Integer).label("gap")
    gaps = sa.select(hours.c.iccid, gap).subquery("gaps")
    usual = sa.func.percentile_disc(SHARE).within_group(gaps.c.gap)
    query = sa.select(
        gaps.c.iccid,
        sa.type_coerce(usual, sa.Integer).label("usual_gap_seconds"),
        sa.func.max(gaps.c.gap).label("longest_gap_seconds"),
        sa.cast(sa.func.count(gaps.c.gap), sa.Integer).label("gaps"),
    )
    return query.group_by(gaps.c.iccid).having(sa.func.count(gaps.c.gap) >= LEAST_GAPS)
