"""Groups of SIMs of which a share has left: who left, who is back, who is still on the network."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from console.alert_rules.findings import ON_A_NETWORK
from console.alert_rules.history_findings import share_left
from console.alert_rules.judged import Finding
from console.alert_rules.reads import AlertRule
from console.alerts.grouping import NewSubject, operator_key
from console.alerts.judging.candidates import numbers
from console.alerts.tables import alert_subjects, departures
from console.sims import counts_reads as fleet_counts
from console.sims.filters import texts
from console.sims.tables import annotations, is_watched, sims

d, n, s = departures.c, annotations.c, alert_subjects.c


class Share(Struct, frozen=True, kw_only=True):
    """What is found of one group."""

    finding: Finding
    networks: list[tuple[str, str]]  # that SIMs of it have left lately: operators with their country; or its tag


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
    networks: dict[str, list[tuple[str, str]]] = {key: [] for key in open_alerts}
    left: Counter[str] = Counter()
    gone = _gone(organization_id, rule, now)
    query = sa.select(gone.c.name, gone.c.place, sa.func.count().label("sims")).group_by(gone.c.name, gone.c.place)
    for row in (await connection.execute(query)).all():
        if key := _key(rule, row.name, row.place):
            networks.setdefault(key, []).append((row.name, row.place))
            left[key] += row.sims
    away = await _still_away(connection, organization_id, rule, open_alerts) if open_alerts else {}
    present: Counter[str] = Counter()
    if rule.parameters.by == "tag":
        here = await _tagged_on_network(connection, organization_id)
    for (name, place), number in here.items():
        if key := _key(rule, name, place):
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
    pairs, gone = list(networks), _gone(organization_id, rule, now)
    asked = sa.func.unnest(
        texts([name for name, _ in pairs]),
        texts([place for _, place in pairs]),
        numbers([networks[pair] for pair in pairs]),
    )
    names = (sa.column("name", sa.Text), sa.column("place", sa.Text), sa.column("alert_id", sa.BigInteger))
    network = asked.table_valued(*names, name="network").render_derived()
    same, g = sa.and_(network.c.name == gone.c.name, network.c.place == gone.c.place), gone.c
    mine = sa.and_(s.organization_id == organization_id, s.rule_id == rule.id, s.subject == g.iccid, s.open, s.holds)
    joined = gone.join(network, same).outerjoin(alert_subjects, mine)
    query = sa.select(g.iccid, g.operator, g.country, g.left_at, g.name, g.place).select_from(joined)
    if rule.parameters.by == "tag":  # a SIM of several is in the alert of one
        query = query.where(s.alert_id.is_(None)).ext(distinct_on(g.iccid)).order_by(g.iccid, g.name)
    else:
        query = query.where(s.alert_id.is_distinct_from(network.c.alert_id)).order_by(g.iccid)
    found: dict[str, list[NewSubject]] = defaultdict(list)
    for row in (await connection.execute(query)).all():
        if key := _key(rule, row.name, row.place):
            one = NewSubject(
                subject=row.iccid, iccid=row.iccid, operator=row.operator, country=row.country, since=row.left_at
            )
            found[key].append(one)
    return found


def _gone(organization_id: int, rule: AlertRule, now: datetime) -> "sa.Subquery":
    """The SIMs that have left lately, each with the name of its group: an operator with its country, or each tag."""
    lately = d.left_at > now - timedelta(minutes=rule.parameters.minutes or 0)
    tags = rule.parameters.by == "tag"
    name = sa.func.unnest(n.tags).label("name") if tags else d.operator.label("name")
    place = sa.literal("").label("place") if tags else d.country.label("place")
    query = sa.select(d.iccid, d.operator, d.country, d.left_at, name, place)
    if tags:
        same = sa.and_(n.organization_id == d.organization_id, n.iccid == d.iccid)
        query = query.select_from(sa.join(departures, annotations, same))
    return query.where(d.organization_id == organization_id, lately).subquery("gone")


async def _tagged_on_network(connection: AsyncConnection, organization_id: int) -> Mapping[tuple[str, str], int]:
    """How many watched SIMs with each tag are on a network."""
    same = sa.and_(n.organization_id == sims.c.organization_id, n.iccid == sims.c.iccid)
    tag = sa.func.unnest(n.tags).label("tag")
    each = sa.select(tag).select_from(sa.join(sims, annotations, same))
    here = sims.c.connection.in_(sorted(ON_A_NETWORK))
    found = each.where(sims.c.organization_id == organization_id, here, is_watched(sims)).subquery()
    query = sa.select(found.c.tag, sa.func.count()).group_by(found.c.tag)
    return {(row[0], ""): row[1] for row in (await connection.execute(query)).all()}


def _key(rule: AlertRule, name: str, place: str) -> str | None:
    """`place`: an operator's country."""
    match rule.parameters.by:
        case "country":
            return f"country:{place}" if place else None
        case "tag":
            return f"tag:{name}"
        case _:
            return operator_key(name, place) if name else None


async def _still_away(
    connection: AsyncConnection, organization_id: int, rule: AlertRule, open_alerts: Mapping[str, int]
) -> Mapping[str, int]:
    """How many SIMs of each open alert are not back on any network since they left the alert's own."""
    same = sa.and_(d.organization_id == s.organization_id, d.iccid == s.subject)
    if rule.parameters.by == "tag":
        away = sa.select(s.alert_id, sa.func.count()).select_from(sa.join(alert_subjects, departures, same))
        away = away.where(s.organization_id == organization_id, s.rule_id == rule.id, s.open).group_by(s.alert_id)
        by_alert = {row[0]: row[1] for row in (await connection.execute(away)).all()}
        return {key: by_alert.get(number, 0) for key, number in open_alerts.items()}
    query = sa.select(s.alert_id, d.operator, d.country, sa.func.count().label("sims"))
    query = query.select_from(sa.join(alert_subjects, departures, same)).group_by(s.alert_id, d.operator, d.country)
    query = query.where(s.organization_id == organization_id, s.rule_id == rule.id, s.open)
    found: Counter[str] = Counter()
    for row in (await connection.execute(query)).all():
        key = _key(rule, row.operator, row.country)
        if key is not None and open_alerts.get(key) == row.alert_id:
            found[key] += row.sims
    return found
