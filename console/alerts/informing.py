"""Who is informed of an alert outside, and which silence or maintenance window hides it."""

import sqlalchemy as sa
from msgspec import to_builtins
from sqlalchemy.ext.asyncio import AsyncConnection

from console.alerts.grouping import is_group
from console.alerts.outside import Outside
from console.alerts.reads import alert_of, query_of
from console.alerts.tables import alert_subjects, alerts
from console.facts.alerts import ACTIVE, Alert, AlertChange, AlertState, Severity
from console.notifications.asking import notify
from console.notifications.rules import Notification
from console.silences.rules import Hiding, Label, Labels, hidden_by, matches, split
from console.sims.filters import texts
from console.sims.tables import annotations
from console.store.database import Transaction

a, s, n = alerts.c, alert_subjects.c, annotations.c
AGAIN = frozenset({AlertChange.FIRED_AGAIN, AlertChange.RAISED})  # what somebody has acknowledged is not sent by these
FIRING = frozenset({AlertChange.FIRED, AlertChange.SHOWN}) | AGAIN  # once to each channel


async def hider(outside: Outside, alert: Alert) -> str | None:
    """What hides this alert now: `silence:4`; None: nothing."""
    hiding = await outside.hiding()
    if not hiding:
        return None
    if is_group(alert.key):
        for one in hiding:
            if await _hides_each(outside, alert, one):
                return one.name
        return None
    tags = await tags_of(outside.connection, outside.organization_id, alert.id) if alert.iccid else []
    return hidden_by(hiding, labels_of(alert, tags))


async def _hides_each(outside: Outside, alert: Alert, one: Hiding) -> bool:
    """Whether it hides an alert of many SIMs: each for which the condition holds, or after its end each of them."""
    whole, of_sims = split(one.matchers)
    if not all(matches([matcher], labels_of(alert, [])) for matcher in whole):
        return False
    if not of_sims:
        return True
    tags = sa.func.coalesce(n.tags, sa.cast([], sa.ARRAY(sa.Text)))
    another: list[sa.ColumnElement[bool]] = []
    for matcher in of_sims:
        values = texts(matcher.values)
        found = s.subject == sa.func.any(values) if matcher.label is Label.ICCID else tags.bool_op("&&")(values)
        another.append(found if matcher.negated else ~found)
    same = sa.and_(n.organization_id == s.organization_id, n.iccid == s.subject)
    mine = sa.and_(s.organization_id == outside.organization_id, s.alert_id == alert.id)
    mine = sa.and_(mine, s.holds) if alert.sims else mine
    joined = alert_subjects.outerjoin(annotations, same)
    query = sa.select(sa.exists().select_from(joined).where(mine, sa.or_(*another)))
    return not (await outside.connection.execute(query)).scalar_one()


async def rehidden(outside: Outside, *, lock: bool = False) -> list[tuple[int, str | None]]:
    """The ids of firing alerts that something else hides now than is written down, and what does."""
    query = query_of(outside.organization_id).where(a.state.in_(sorted(ACTIVE))).order_by(a.id)
    query = query if await outside.hiding() else query.where(a.hidden_by.is_not(None))
    rows = (await outside.connection.execute(query.with_for_update(of=alerts) if lock else query)).all()
    found = [(alert, await hider(outside, alert)) for alert in map(alert_of, rows)]
    return [(alert.id, hides) for alert, hides in found if hides != alert.hidden_by]


def labels_of(alert: Alert, tags: list[str]) -> Labels:
    """What a silence may match."""
    known = {
        Label.RULE: alert.rule,
        Label.KIND: alert.kind,
        Label.SEVERITY: alert.severity,
        Label.OPERATOR: alert.operator,
        Label.COUNTRY: alert.country,
        Label.ICCID: alert.iccid,
    }
    return {label.value: [value] for label, value in known.items() if value} | {Label.TAG.value: tags}


async def tags_of(connection: AsyncConnection, organization_id: int, alert_id: int) -> list[str]:
    """The tags that any of an alert's SIMs has."""
    joined = alert_subjects.join(annotations, sa.and_(n.organization_id == s.organization_id, n.iccid == s.subject))
    tag = sa.func.unnest(n.tags).label("tag")
    mine = sa.select(tag).select_from(joined).where(s.organization_id == organization_id, s.alert_id == alert_id)
    return list((await connection.execute(mine.distinct().order_by("tag"))).scalars())


async def hidden_counts(connection: AsyncConnection, organization_id: int) -> dict[str, int]:
    """How many open alerts each silence and maintenance window hides now, by `silence:4`."""
    mine = sa.select(a.hidden_by, sa.func.count()).where(
        a.organization_id == organization_id, a.state.in_(sorted(ACTIVE)), a.hidden_by.is_not(None)
    )
    return {row[0]: row[1] for row in (await connection.execute(mine.group_by(a.hidden_by))).all()}


async def inform(transaction: Transaction, outside: Outside, alert: Alert, change: AlertChange) -> None:
    """Ask that channels are informed: that it fires, once, unless it is hidden; that it has resolved, those who know;
    and, each time, that it still fires and its acknowledgement may be forgotten.

    An alert of many SIMs goes to the channels of every tag that one of them has.
    """
    noted = change in AGAIN and alert.acknowledged_at is not None
    fires = change in FIRING and not noted and alert.state == AlertState.FIRING and alert.hidden_by is None
    reminds = change is AlertChange.REMINDED
    if not (fires or reminds or change is AlertChange.RESOLVED):
        return
    if alert.fired_at is None:
        return  # it has never fired
    if (fires or reminds) and not (await outside.on_call()).setting(alert.priority).sends:
        return
    routes, now = await outside.routes(resolved=not (fires or reminds)), outside.now
    if not routes:
        return
    notification = Notification(
        type="alert.reminder" if reminds else "alert.firing" if fires else "alert.resolved",
        time=now,
        severity=Severity(alert.severity),
        title=alert.title if fires else f"{'Still firing' if reminds else 'Resolved'}: {alert.title}",
        text=said_of(alert) + (_acknowledged(alert) if reminds else ""),
        subject=str(alert.id),
        path=f"/alerts/{alert.id}",
        tags=await tags_of(transaction.connection, outside.organization_id, alert.id),
        data=to_builtins(alert),
    )
    if reminds:
        key = f"alert:{alert.id}:reminder:{now:%Y%m%dT%H%M%S%f}"
    else:
        key = firing_key(alert) if fires else firing_key(alert).replace(":firing:", ":resolved:")
    after = None if fires or reminds else firing_key(alert)
    await notify(transaction, outside.organization_id, notification, key, now, routes=routes, after=after)


def firing_key(alert: Alert) -> str:
    """What names that it has fired, for deliveries."""
    assert alert.fired_at is not None
    return f"alert:{alert.id}:firing:{alert.fired_at:%Y%m%dT%H%M%S%f}"


def said_of(alert: Alert) -> str:
    """Its rule, and how many SIMs."""
    return f"{alert.rule}: {alert.sims_total:,} SIMs" if alert.sims_total > 1 else alert.rule


def _acknowledged(alert: Alert) -> str:
    return f". Acknowledged by {alert.acknowledged_by} at {alert.acknowledged_at:%Y-%m-%d %H:%M} UTC, and not since."
