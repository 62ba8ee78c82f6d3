"""Groups of SIMs of which a share has left: who left, who is back, who is still on the network."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.alert_rules.findings import ON_A_NETWORK
from console.alert_rules.history_findings import share_left
from console.alert_rules.judged import Finding
from console.alert_rules.reads import AlertRule
from console.alerts.judging.candidates import numbers
from console.alerts.rules import NewSubject, operator_key
from console.alerts.tables import alert_subjects, departures
from console.sims.counts import reads as fleet_counts
from console.sims.filters import texts

d, s = departures.c, alert_subjects.c


class Share(Struct, frozen=True, kw_only=True):
    """What is found of one group."""

    finding: Finding
    networks: list[tuple[str, str]]  # operators and countries that SIMs of it have left lately


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
    networks: dict[str, list[tuple[str, str]]] = {key: [] for key in open_alerts}
    left: Counter[str] = Counter()
    query = sa.select(d.operator, d.country, sa.func.count().label("sims")).group_by(d.operator, d.country)
    query = query.where(d.organization_id == organization_id, _lately(rule, now))
    for row in (await connection.execute(query)).all():
        if key := _key(row.operator, row.country, by_country=by_country):
            networks.setdefault(key, []).append((row.operator, row.country))
            left[key] += row.sims
    away = await _still_away(connection, organization_id, rule, open_alerts) if open_alerts else {}
    present: Counter[str] = Counter()
    for (operator, country), number in here.items():
        if key := _key(operator, country, by_country=by_country):
            present[key] += number
    return {
        key: Share(
            finding=share_left(
                rule.parameters,
                left_lately=left[key],
                still_away=away.get(key, 0),
                on_network=present[key],
            ),
            networks=found,
        )
        for key, found in networks.items()
    }


async def newly_left(
    connection: AsyncConnection,
    organization_id: int,
    rule: AlertRule,
    networks: Mapping[tuple[str, str], int],
    now: datetime,
) -> dict[str, list[NewSubject]]:
    """By key, the SIMs that have left these networks lately and that the networks' alerts do not hold for yet.

    `networks`: the alert of each; 0 if there is none yet.
    """
    pairs = list(networks)
    asked = sa.func.unnest(
        texts([operator for operator, _ in pairs]),
        texts([country for _, country in pairs]),
        numbers([networks[pair] for pair in pairs]),
    )
    names = (sa.column("operator", sa.Text), sa.column("country", sa.Text), sa.column("alert_id", sa.BigInteger))
    network = asked.table_valued(*names, name="network").render_derived()
    same = sa.and_(network.c.operator == d.operator, network.c.country == d.country)
    mine = sa.and_(s.organization_id == organization_id, s.rule_id == rule.id, s.subject == d.iccid, s.open, s.holds)
    joined = departures.join(network, same).outerjoin(alert_subjects, mine)
    query = sa.select(d.iccid, d.operator, d.country, d.left_at).select_from(joined)
    query = query.where(d.organization_id == organization_id, _lately(rule, now))
    query = query.where(s.alert_id.is_distinct_from(network.c.alert_id)).order_by(d.iccid)
    found: dict[str, list[NewSubject]] = defaultdict(list)
    for row in (await connection.execute(query)).all():
        if key := _key(row.operator, row.country, by_country=rule.parameters.by == "country"):
            one = NewSubject(
                subject=row.iccid, iccid=row.iccid, operator=row.operator, country=row.country, since=row.left_at
            )
            found[key].append(one)
    return found


def _lately(rule: AlertRule, now: datetime) -> "sa.ColumnElement[bool]":
    return d.left_at > now - timedelta(minutes=rule.parameters.minutes or 0)


def _key(operator: str, country: str, *, by_country: bool) -> str | None:
    if by_country:
        return f"country:{country}" if country else None
    return operator_key(operator, country) if operator else None


async def _still_away(
    connection: AsyncConnection, organization_id: int, rule: AlertRule, open_alerts: Mapping[str, int]
) -> Mapping[str, int]:
    """How many SIMs of each open alert are not back on any network since they left the alert's own."""
    same = sa.and_(d.organization_id == s.organization_id, d.iccid == s.subject)
    query = sa.select(s.alert_id, d.operator, d.country, sa.func.count().label("sims"))
    query = query.select_from(sa.join(alert_subjects, departures, same)).group_by(s.alert_id, d.operator, d.country)
    query = query.where(s.organization_id == organization_id, s.rule_id == rule.id, s.open)
    away: Counter[str] = Counter()
    for row in (await connection.execute(query)).all():
        key = _key(row.operator, row.country, by_country=rule.parameters.by == "country")
        if key is not None and open_alerts.get(key) == row.alert_id:
            away[key] += row.sims
    return away
