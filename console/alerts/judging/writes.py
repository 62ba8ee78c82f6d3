"""Changes of alerts by judging: what begins to hold, what has ended, and the states that follow."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.dialects.postgresql import insert

from console.alert_rules.reads import AlertRule
from console.alerts.grouping import NewSubject, is_group
from console.alerts.judging.new_alerts import new_alert, shared
from console.alerts.tables import (
    alert_judging,
    alert_subjects,
    alerts,
    departures,
    unjudged_changes,
)
from console.sims.filters import texts
from console.store.bulk import passed, rows_of
from console.store.database import Transaction

a, s, d, u, j = alerts.c, alert_subjects.c, departures.c, unjudged_changes.c, alert_judging.c


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
    new = [new_alert(organization_id, rule, key, subjects, now) for key, subjects in found.items() if key not in known]
    ids = {key: known[key] for key in found if key in known}
    if new:
        statement = sa.insert(alerts).returning(a.key, a.id)
        ids |= {row.key: row.id for row in (await transaction.connection.execute(statement, new)).all()}
    if joined := {known[key]: subjects for key, subjects in found.items() if key in known and is_group(key)}:
        await _no_longer_shared(transaction, organization_id, joined)
    names = ("alert_id", "subject", "since", "value")
    rows = [(ids[key], one.subject, one.since, one.value) for key, subjects in found.items() for one in subjects]
    source = (await passed(transaction.connection, alert_subjects, names, rows)).c
    since = sa.func.coalesce(source.since, sa.literal(now, s.since.type))
    columns = (source.alert_id, source.subject, since, source.value)
    row = sa.select(sa.literal(organization_id), sa.literal(rule.id), *columns)
    upsert = insert(alert_subjects).from_select(["organization_id", "rule_id", *names], row)
    again = {"open": True, "holds": True, "ended_at": None, "value": upsert.excluded.value}
    await transaction.connection.execute(
        upsert.on_conflict_do_update(index_elements=["alert_id", "subject"], set_=again)
    )
    return ids


async def _no_longer_shared(
    transaction: Transaction, organization_id: int, joined: Mapping[int, Sequence[NewSubject]]
) -> None:
    """The alerts that these join name no operator and no country that one of them does not share."""
    columns = (a.operator, a.country)
    rows = [
        {"id": number} | {one.name: shared(subjects, one.name) for one in columns}
        for number, subjects in joined.items()
    ]
    source = rows_of(alerts, ("id", *(one.name for one in columns)), rows).c
    another = sa.or_(*(sa.and_(one.is_not(None), one.is_distinct_from(source[one.name])) for one in columns))
    change = sa.update(alerts).where(a.organization_id == organization_id, a.id == source.id, another)
    kept = {one.name: sa.case((one == source[one.name], one)) for one in columns}
    await transaction.connection.execute(change.values(kept))


async def end_subjects(
    transaction: Transaction, organization_id: int, rule_id: int, subjects: Collection[str], now: datetime
) -> None:
    """The rule does not hold for these any more."""
    mine = sa.and_(s.organization_id == organization_id, s.rule_id == rule_id, s.open, s.holds)
    statement = sa.update(alert_subjects).where(mine, s.subject == sa.func.any(texts(sorted(subjects))))
    await transaction.connection.execute(statement.values(holds=False, ended_at=now))


async def end_those_back(transaction: Transaction, organization_id: int, rule_id: int, now: datetime) -> None:
    """SIMs of the rule's open alerts that are no departures any more are back."""
    away = sa.select(d.iccid).where(d.organization_id == organization_id)
    mine = sa.and_(s.organization_id == organization_id, s.rule_id == rule_id, s.open, s.holds)
    statement = sa.update(alert_subjects).where(mine, s.subject.not_in(away))
    await transaction.connection.execute(statement.values(holds=False, ended_at=now))


async def leave_others(
    transaction: Transaction, organization_id: int, rule_id: int, alert_id: int, subjects: Collection[NewSubject]
) -> None:
    """These are in this alert from here on: a SIM may have left another network before. 0: an alert to be made."""
    mine = sa.and_(s.organization_id == organization_id, s.rule_id == rule_id, s.open, s.alert_id != alert_id)
    statement = sa.update(alert_subjects).where(
        mine, s.subject == sa.func.any(texts(sorted(one.subject for one in subjects)))
    )
    await transaction.connection.execute(statement.values(open=False, holds=False))
