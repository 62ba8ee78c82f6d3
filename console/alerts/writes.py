"""Changes of alerts: the states that follow from judging, and what people do about them. Each is published."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec import structs

from console.alert_rules.kinds import Feed
from console.alert_rules.reads import AlertRule
from console.alerts import reads
from console.alerts.informing import hider, inform, rehidden
from console.alerts.reads import alert_of, query_of
from console.alerts.settled import settled
from console.alerts.tables import alert_history, alert_subjects, alerts
from console.alerts.waiting import forgotten
from console.errors import Conflict, NotFound
from console.facts.alerts import OPEN, Alert, AlertChange, AlertChanged, AlertState
from console.organizations.rules import Caller
from console.sims.tables import sims
from console.store.database import Transaction

a, s = alerts.c, alert_subjects.c
STARTS = frozenset({AlertChange.FIRED, AlertChange.FIRED_AGAIN})


async def settle(
    transaction: Transaction,
    organization_id: int,
    alert_ids: Collection[int],
    rules: Mapping[int, AlertRule],
    now: datetime,
    *,
    stale: frozenset[Feed],
    shares_hold: Mapping[int, bool],
) -> int:
    """Lead these open alerts to the states that follow from their subjects, and publish; how many changed.

    `rules`: those that are judged; the alerts of any other rule are resolved. `shares_hold`: of alerts whose condition
    is about a group as a whole, whether it holds.
    """
    changed = 0
    for row in await _open(transaction, organization_id, alert_ids):
        rule = rules.get(row.rule_id)
        values, change, text = settled(row, rule, now, stale=stale, shares_hold=shares_hold)
        if change is not None:
            changed += 1
            said = change is not AlertChange.GREW and change is not AlertChange.SHRANK
            await _change(transaction, organization_id, row.id, change, values, now, text=text, said=said)
    return changed


async def _open(transaction: Transaction, organization_id: int, alert_ids: Collection[int]) -> list[Any]:
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
    return list((await transaction.connection.execute(query)).all())


async def _change(
    transaction: Transaction,
    organization_id: int,
    alert_id: int,
    change: AlertChange,
    values: Mapping[str, Any],
    now: datetime,
    *,
    by: str | None = None,
    text: str | None = None,
    said: bool = True,
) -> Alert:
    """Write one change of an alert, with its line of the history if it is to be `said`, and publish it."""
    connection = transaction.connection
    which = sa.and_(a.organization_id == organization_id, a.id == alert_id)
    written = {**values, "change": change.value, "changed_at": now, "revision": a.revision + 1}
    await connection.execute(sa.update(alerts).where(which).values(**written))
    if values.get("state") == AlertState.RESOLVED.value:
        mine = sa.and_(s.organization_id == organization_id, s.alert_id == alert_id)
        await connection.execute(sa.update(alert_subjects).where(mine).values(open=False))
    if said:
        event = {"organization_id": organization_id, "alert_id": alert_id, "at": now, "change": change.value}
        await connection.execute(sa.insert(alert_history).values(**event, by=by, text=text))
    alert = alert_of((await connection.execute(query_of(organization_id).where(a.id == alert_id))).one())
    if change in STARTS and (hides := await hider(connection, organization_id, alert, now)) != alert.hidden_by:
        await connection.execute(sa.update(alerts).where(which).values(hidden_by=hides))
        alert = structs.replace(alert, hidden_by=hides)
    await inform(transaction, organization_id, alert, change, now)
    transaction.publish(organization_id, AlertChanged(time=now, subject=str(alert_id), data=alert))
    return alert


async def rehide(transaction: Transaction, organization_id: int, now: datetime) -> int:
    """Hide the alerts that a silence or window hides now, and show those that none does any more; how many changed.

    What is shown and still fires is sent, unless it was before it was hidden.
    """
    found = await rehidden(transaction.connection, organization_id, now, lock=True)
    for alert_id, hides in found:
        change = AlertChange.SHOWN if hides is None else AlertChange.HIDDEN
        await _change(transaction, organization_id, alert_id, change, {"hidden_by": hides}, now, text=hides)
    return len(found)


async def remind(transaction: Transaction, organization_id: int, now: datetime) -> int:
    """Remind of alerts that were acknowledged long ago and still fire, on their channels; of how many."""
    found = await forgotten(transaction.connection, organization_id, now)
    for alert_id in found:
        await _change(transaction, organization_id, alert_id, AlertChange.REMINDED, {}, now)
    return len(found)


async def act(
    transaction: Transaction,
    caller: Caller,
    alert_id: int,
    change: AlertChange,
    values: Mapping[str, Any],
    now: datetime,
    *,
    text: str | None = None,
) -> Alert:
    """What a person does about an open alert. Raises NotFound, and Conflict once it is resolved."""
    found = await _locked(transaction, caller.organization_id, alert_id)
    if found.state not in OPEN:
        raise Conflict("The alert is resolved", alert=alert_id, state=found.state)
    return await _change(transaction, caller.organization_id, alert_id, change, values, now, by=caller.name, text=text)


async def resolve(transaction: Transaction, caller: Caller, alert_id: int, now: datetime, *, note: str | None) -> Alert:
    """Resolve an alert whose condition does not hold any more. Twice is once.

    Raises NotFound, and Conflict while the condition holds: silence it instead.
    """
    found = await _locked(transaction, caller.organization_id, alert_id)
    if found.state == AlertState.RESOLVED:
        return found
    if found.state != AlertState.RECOVERING:
        raise Conflict("The condition still holds: silence the alert instead", alert=alert_id, state=found.state)
    values = {"state": AlertState.RESOLVED.value, "resolved_at": now, "resolved_by": caller.name}
    organization_id = caller.organization_id
    return await _change(
        transaction, organization_id, alert_id, AlertChange.RESOLVED, values, now, by=caller.name, text=note
    )


async def _locked(transaction: Transaction, organization_id: int, alert_id: int) -> Alert:
    query = sa.select(a.id).where(a.organization_id == organization_id, a.id == alert_id).with_for_update()
    await transaction.connection.execute(query)
    found = await reads.one(transaction.connection, organization_id, alert_id)
    if found is None:
        raise NotFound("There is no such alert", alert=alert_id)
    return found
