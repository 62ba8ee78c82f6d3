"""When a rule that asks where a SIM is would have fired: by the spans in which it would have held."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from console.alert_rules.findings import ON_A_NETWORK
from console.alert_rules.kinds import RuleKind
from console.alert_rules.trying_histories import Firing
from console.alert_rules.writes import NewAlertRule
from console.connectivity.tables import status_history

KINDS = frozenset({RuleKind.COUNTRY_NOT_ALLOWED, RuleKind.NO_CONTACT, RuleKind.NO_SESSION})
Span = tuple[str, datetime, datetime]  # of a SIM: from when until when the condition holds
h = status_history.c
ON = h.connection.in_(sorted(ON_A_NETWORK))


async def firings(
    connection: AsyncConnection,
    organization_id: int,
    rule: NewAlertRule,
    which: "sa.Select[Any] | None",
    since: datetime,
    now: datetime,
) -> list[Firing]:
    """When, and for which SIM, by time. `which`: the ICCIDs that the rule is about; None for all.

    A SIM that stays on a network is taken for seen. What began before counts from its first change that is looked at:
    so long before `since` that whatever fires after it has begun in that time.
    """
    p, after = rule.parameters, timedelta()
    holds: sa.ColumnElement[bool] = ~ON
    known: sa.ColumnElement[bool] = sa.true()
    match rule.kind:
        case RuleKind.NO_CONTACT:
            after = timedelta(hours=p.hours or 0)
        case RuleKind.NO_SESSION:
            holds, after = h.connection == "attached", timedelta(minutes=p.minutes or 0)
        case _:  # of a SIM that is on no network the country proves nothing
            holds, known = h.country.not_in(p.countries or []), sa.and_(ON, h.country.is_not(None))
    patience = timedelta(seconds=rule.for_seconds)
    otherwise = sa.true() if rule.kind is RuleKind.NO_CONTACT else sa.false()  # where the connection is not known
    holding = sa.func.coalesce(holds, otherwise)
    was = sa.func.lag(holding).over(partition_by=h.iccid, order_by=h.time).label("was")
    mine = sa.and_(h.organization_id == organization_id, h.time >= since - after - patience, h.time < now, known)
    mine = mine if which is None else sa.and_(mine, h.iccid.in_(which))
    seen = sa.select(h.iccid, h.time, holding.label("holds"), was).where(mine).subquery("seen").c
    until = sa.func.lead(seen.time, 1, now).over(partition_by=seen.iccid, order_by=seen.time).label("until")
    turns = sa.select(seen.iccid, seen.time, seen.holds, until).where(seen.holds.is_distinct_from(seen.was))
    turn = turns.subquery("turns").c
    query = sa.select(turn.iccid, turn.time, turn.until).where(turn.holds, turn.until - turn.time > after)
    rows = (await connection.execute(query.order_by(turn.iccid, turn.time))).all()
    spans = ((row.iccid, row.time + after, row.until) for row in rows)
    kept = timedelta(seconds=rule.keep_firing_seconds)
    return sorted(one for one in fired(spans, patience, kept) if one[0] >= since)


def fired(spans: Iterable[Span], patience: timedelta, kept: timedelta) -> list[Firing]:
    """When it fires: once a condition has held so long, and anew only once it had ended for as long as it is kept.

    The spans of each SIM follow one another, the oldest first.
    """
    found: list[Firing] = []
    last: tuple[str, datetime] | None = None  # whose firing ended when
    for iccid, begins_at, ends_at in spans:
        goes_on = last is not None and last[0] == iccid and begins_at < last[1] + kept
        if not goes_on:
            if ends_at - begins_at < patience:
                continue
            found.append((begins_at + patience, iccid))
        last = iccid, ends_at
    return found
