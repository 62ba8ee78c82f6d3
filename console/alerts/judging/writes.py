"""Changes of alerts by judging: what begins to hold, what has ended, and the states that follow."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.dialects.postgresql import insert

from console.alert_rules.findings import ON_A_NETWORK, JudgedSim
from console.alert_rules.reads import AlertRule
from console.alerts.rules import NewSubject, is_group
from console.alerts.tables import alert_judging, alert_subjects, alerts, departures, unjudged_changes
from console.facts.alerts import AlertChange, AlertState
from console.sims.filters import texts
from console.store.bulk import rows_of
from console.store.database import Transaction

a, s, d, u, j = alerts.c, alert_subjects.c, departures.c, unjudged_changes.c, alert_judging.c
DEPARTURES_KEPT = timedelta(days=7)


class Judging(Struct, frozen=True, kw_only=True):
    """When an organization was judged, and which version of the ready-made rules it has."""

    ready_made: int
    fleet_judged_at: datetime | None


async def begin_judging(transaction: Transaction, organization_id: int) -> Judging:
    """From here on nobody else judges this organization until the transaction ends."""
    new = insert(alert_judging).values(organization_id=organization_id, ready_made=0).on_conflict_do_nothing()
    await transaction.connection.execute(new)
    query = sa.select(j.ready_made, j.fleet_judged_at).where(j.organization_id == organization_id).with_for_update()
    return Judging(**(await transaction.connection.execute(query)).one()._mapping)


async def end_judging(
    transaction: Transaction, organization_id: int, now: datetime, *, ready_made: int, fleet: bool
) -> None:
    """Note that it was judged; with `fleet`, also by the rules that time alone makes true."""
    values: dict[str, Any] = {"judged_at": now, "ready_made": ready_made}
    if fleet:
        values["fleet_judged_at"] = now
    statement = sa.update(alert_judging).where(j.organization_id == organization_id).values(**values)
    await transaction.connection.execute(statement)


async def take_changes(transaction: Transaction, organization_id: int, *, limit: int) -> Sequence[Any]:
    """The oldest changes that are not judged: they are gone with the commit, and back if there is none."""
    oldest = sa.select(u.id).where(u.organization_id == organization_id).order_by(u.id).limit(limit)
    statement = sa.delete(unjudged_changes).where(u.id.in_(oldest.scalar_subquery()))
    rows = (await transaction.connection.execute(statement.returning(*unjudged_changes.c))).all()
    return sorted(rows, key=lambda row: int(row.id))


async def note_departures(
    transaction: Transaction,
    organization_id: int,
    changes: Iterable[Any],
    sims: Mapping[str, JudgedSim],
    now: datetime,
) -> None:
    """Keep who was on a network and is on none; forget who is back. Whoever was disabled has not been lost."""
    left: dict[str, dict[str, Any]] = {}
    back = sorted(
        sim.iccid
        for sim in sims.values()
        if sim.connection in ON_A_NETWORK or sim.status == "disabled" or not sim.watched
    )
    gone = set(sims) - set(back)
    for one in changes:
        if one.iccid in gone and one.was_connection in ON_A_NETWORK:
            sim = sims[one.iccid]
            left[one.iccid] = {
                "iccid": one.iccid,
                "operator": one.was_operator or sim.operator or "",
                "country": one.was_country or sim.country or "",
                "left_at": one.changed_at,
            }
    of = d.organization_id == organization_id
    forgotten = sa.or_(d.iccid == sa.func.any(texts(back)), d.left_at < now - DEPARTURES_KEPT)
    if back or left:
        await transaction.connection.execute(sa.delete(departures).where(of, forgotten))
    if left:
        names = ("iccid", "operator", "country", "left_at")
        source = rows_of(departures, names, [left[iccid] for iccid in sorted(left)])
        row = sa.select(sa.literal(organization_id), *(source.c[name] for name in names))
        statement = insert(departures).from_select(["organization_id", *names], row)
        latest = {name: statement.excluded[name] for name in names[1:]}
        await transaction.connection.execute(
            statement.on_conflict_do_update(index_elements=["organization_id", "iccid"], set_=latest)
        )


async def open_alerts(
    transaction: Transaction,
    organization_id: int,
    rule: AlertRule,
    found: Mapping[str, Sequence[NewSubject]],
    known: Mapping[str, int],
    now: datetime,
) -> dict[str, int]:
    """The alerts for these subjects by key, those that are open and new ones. A new one is pending until it is settled.

    `known`: the rule's open alerts by key.
    """
    new = [_values(organization_id, rule, key, subjects, now) for key, subjects in found.items() if key not in known]
    ids = {key: known[key] for key in found if key in known}
    if new:
        statement = sa.insert(alerts).returning(a.key, a.id)
        ids |= {row.key: row.id for row in (await transaction.connection.execute(statement, new)).all()}
    rows = [
        {
            "alert_id": ids[key],
            "subject": one.subject,
            "since": one.since or now,
            "value": one.value,
        }
        for key, subjects in found.items()
        for one in subjects
    ]
    names = ("alert_id", "subject", "since", "value")
    source = rows_of(alert_subjects, names, rows)
    row = sa.select(sa.literal(organization_id), sa.literal(rule.id), *(source.c[name] for name in names))
    upsert = insert(alert_subjects).from_select(["organization_id", "rule_id", *names], row)
    again = {"holds": True, "ended_at": None, "value": upsert.excluded.value}
    await transaction.connection.execute(
        upsert.on_conflict_do_update(index_elements=["alert_id", "subject"], set_=again)
    )
    return ids


def _values(
    organization_id: int, rule: AlertRule, key: str, subjects: Sequence[NewSubject], now: datetime
) -> dict[str, Any]:
    operators, countries = {one.operator for one in subjects}, {one.country for one in subjects}
    first = min((one.since for one in subjects if one.since), default=now)
    return {
        "organization_id": organization_id,
        "rule_id": rule.id,
        "severity": rule.severity.value,
        "state": AlertState.PENDING.value,
        "key": key,
        "title": "",  # as it is settled
        "iccid": None if is_group(key) else subjects[0].iccid,
        "operator": (operators.pop() or None) if len(operators) == 1 else None,
        "country": (countries.pop() or None) if len(countries) == 1 else None,
        "started_at": min(first, now),
        "change": AlertChange.PENDING.value,
        "changed_at": now,
        "revision": 0,
    }


async def end_subjects(
    transaction: Transaction, organization_id: int, rule_id: int, subjects: Collection[str], now: datetime
) -> None:
    """The rule does not hold for these any more."""
    mine = sa.and_(s.organization_id == organization_id, s.rule_id == rule_id, s.open, s.holds)
    statement = sa.update(alert_subjects).where(mine, s.subject == sa.func.any(texts(sorted(subjects))))
    await transaction.connection.execute(statement.values(holds=False, ended_at=now))


async def end_those_back(transaction: Transaction, organization_id: int, rule_id: int, now: datetime) -> None:
    """SIMs of the rule's open alerts that are no departures any more are back."""
    away = sa.exists().where(d.organization_id == s.organization_id, d.iccid == s.subject)
    mine = sa.and_(s.organization_id == organization_id, s.rule_id == rule_id, s.open, s.holds)
    await transaction.connection.execute(sa.update(alert_subjects).where(mine, ~away).values(holds=False, ended_at=now))
