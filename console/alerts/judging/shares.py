"""Groups of SIMs of which a share has left: who left, who is back, who is still on the network."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.alert_rules.findings import ON_A_NETWORK, Finding, share_left
from console.alert_rules.reads import AlertRule
from console.alerts.rules import NewSubject, operator_key
from console.alerts.tables import alert_subjects, departures
from console.sims.counts import reads as fleet_counts

d, s = departures.c, alert_subjects.c


class Share(Struct, frozen=True, kw_only=True):
    """What is found of one group."""

    finding: Finding
    left: list[NewSubject]  # SIMs that left lately
    alert_id: int | None


async def on_network(connection: AsyncConnection, organization_id: int) -> Mapping[tuple[str, str], int]:
    """How many watched SIMs are on a network, by operator and country."""
    found: Counter[tuple[str, str]] = Counter()
    for kind in await fleet_counts.kinds(connection, organization_id):
        if kind.connection in ON_A_NETWORK:
            found[kind.operator or "", kind.country or ""] += kind.sims
    return found


async def shares(
    connection: AsyncConnection,
    organization_id: int,
    rule: AlertRule,
    open_alerts: Mapping[str, int],
    here: Mapping[tuple[str, str], int],
    now: datetime,
) -> dict[str, Share]:
    """By key, the groups of which SIMs have left lately, and those with an open alert."""
    by_country = rule.parameters.by == "country"
    left: dict[str, list[NewSubject]] = {key: [] for key in open_alerts}
    query = sa.select(d.iccid, d.operator, d.country, d.left_at)
    lately = d.left_at > now - timedelta(minutes=rule.parameters.minutes or 0)
    for row in (await connection.execute(query.where(d.organization_id == organization_id, lately))).all():
        if key := _key(row.operator, row.country, by_country=by_country):
            one = NewSubject(
                subject=row.iccid, iccid=row.iccid, operator=row.operator, country=row.country, since=row.left_at
            )
            left.setdefault(key, []).append(one)
    away = await _still_away(connection, organization_id, rule)
    present: Counter[str] = Counter()
    for (operator, country), number in here.items():
        if key := _key(operator, country, by_country=by_country):
            present[key] += number
    return {
        key: Share(
            finding=share_left(
                rule.parameters,
                left_lately=len(sims),
                still_away=away.get(open_alerts.get(key, 0), 0),
                on_network=present[key],
            ),
            left=sims,
            alert_id=open_alerts.get(key),
        )
        for key, sims in left.items()
    }


def _key(operator: str, country: str, *, by_country: bool) -> str | None:
    if by_country:
        return f"country:{country}" if country else None
    return operator_key(operator, country) if operator else None


async def _still_away(connection: AsyncConnection, organization_id: int, rule: AlertRule) -> dict[int, int]:
    """How many SIMs of each open alert are not back."""
    same = sa.and_(d.organization_id == s.organization_id, d.iccid == s.subject)
    query = sa.select(s.alert_id, sa.func.count().label("sims")).select_from(sa.join(alert_subjects, departures, same))
    query = query.where(s.organization_id == organization_id, s.rule_id == rule.id, s.open).group_by(s.alert_id)
    return {row.alert_id: row.sims for row in (await connection.execute(query)).all()}
