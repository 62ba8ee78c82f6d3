"""When a rule about quotas would have fired: by the dates of their ends, and counted back from what is left now.

What was left at a moment is what is left now and what was used since, unless somebody has topped it up: SIMs that are
in an order of that time are left out, and counted.
"""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from console.alert_rules.kinds import RuleKind, RuleParameters
from console.alert_rules.trying_histories import Firing
from console.carrier.tables import orders
from console.errors import Conflict
from console.sims.tables import sim_states
from console.usage.tables import usage_hourly

KINDS = frozenset(
    {
        RuleKind.DATA_QUOTA_BELOW,
        RuleKind.SMS_QUOTA_BELOW,
        RuleKind.QUOTA_USED_UP,
        RuleKind.EXPIRES_SOON,
        RuleKind.EXPIRED,
    }
)
MOST_SIMS = 5_000  # whose use is counted back
BY_DATES = "This goes by the dates as they are now: of those that a top-up has moved nothing is known."
HOUR = timedelta(hours=1)
s, u, o = sim_states.c, usage_hourly.c, orders.c


async def firings(
    connection: AsyncConnection,
    organization_id: int,
    kind: RuleKind,
    parameters: RuleParameters,
    mine: "sa.ColumnElement[bool]",
    since: datetime,
    now: datetime,
) -> tuple[list[Firing], str]:
    """When, and for which SIM, by time; and what this goes by, in words. `mine`: the SIMs that the rule is about.

    Raises Conflict.
    """
    if kind in (RuleKind.EXPIRES_SOON, RuleKind.EXPIRED):
        before = timedelta(days=parameters.days or 0) if kind is RuleKind.EXPIRES_SOON else timedelta()
        counts = mine if kind is RuleKind.EXPIRES_SOON else sa.and_(mine, s.status.is_distinct_from("disabled"))
        return await _ends(connection, counts, before, since, now), BY_DATES
    by_messages = kind is RuleKind.SMS_QUOTA_BELOW or parameters.service == "sms"
    found, left_out = await _counted_back(connection, organization_id, parameters, mine, since, by_messages=by_messages)
    said = "This is counted back, hour by hour, from what is left now"
    if left_out:
        said += f"; {left_out:,} SIM{'' if left_out == 1 else 's'} with an order in this time left out"
    if kind is RuleKind.QUOTA_USED_UP and not by_messages:
        ended = await _ends(connection, sa.and_(mine, s.data_left_bytes > 0), timedelta(), since, now)
        found = [*found, *ended]
    return sorted(found), f"{said}."


async def _ends(
    connection: AsyncConnection, mine: "sa.ColumnElement[bool]", before: timedelta, since: datetime, now: datetime
) -> list[Firing]:
    """When each data quota was so long before its end."""
    query = sa.select(s.data_expires_at, s.iccid).where(
        mine, s.data_expires_at > since + before, s.data_expires_at <= now + before
    )
    rows = await connection.execute(query.order_by(s.data_expires_at))
    return [(row.data_expires_at - before, row.iccid) for row in rows]


async def _counted_back(
    connection: AsyncConnection,
    organization_id: int,
    parameters: RuleParameters,
    mine: "sa.ColumnElement[bool]",
    since: datetime,
    *,
    by_messages: bool,
) -> tuple[list[Firing], int]:
    """At the end of which hour each SIM fell below; and how many were left out for an order."""
    left, total = (s.sms_left, s.sms_total) if by_messages else (s.data_left_bytes, s.data_total_bytes)
    amount = parameters.left_messages if by_messages else parameters.left_bytes
    least: Any = sa.literal(1 if parameters.service else amount or 0, sa.Numeric)  # less of it is too little
    if parameters.percent:
        least = sa.func.greatest(least, sa.func.coalesce(total, 0) * sa.literal(parameters.percent / 100, sa.Numeric))
    lately = sa.and_(o.organization_id == organization_id, sa.func.coalesce(o.ordered_at, o.first_read_at) >= since)
    has_order = s.iccid.in_(sa.select(sa.func.unnest(o.iccids)).where(lately))
    those = sa.select(s.organization_id, s.iccid, left.label("left_now"), least.label("least"))
    below = those.where(mine, left < least, sa.not_(has_order)).limit(MOST_SIMS + 1).cte("below")
    b = below.c
    used = u.sms if by_messages else u.data_bytes
    back = sa.func.sum(used).over(partition_by=u.iccid, order_by=u.bucket.desc())
    hours = (
        sa.select(u.iccid, u.bucket, b.least, (b.left_now + back).label("at_begin"), used.label("used"))
        .join(below, sa.and_(b.organization_id == u.organization_id, b.iccid == u.iccid))
        .where(u.bucket >= since)
        .subquery("hours")
        .c
    )
    crossed = sa.select(hours.bucket, hours.iccid).where(
        hours.at_begin >= hours.least, hours.at_begin - hours.used < hours.least
    )
    if ((await connection.execute(sa.select(sa.func.count()).select_from(below))).scalar_one()) > MOST_SIMS:
        raise Conflict(f"more than {MOST_SIMS:,} SIMs have less than that now: ask for less, or for fewer SIMs")
    left_out = (await connection.execute(sa.select(sa.func.count()).where(mine, has_order))).scalar_one()
    return [(row.bucket + HOUR, row.iccid) for row in await connection.execute(crossed)], left_out
