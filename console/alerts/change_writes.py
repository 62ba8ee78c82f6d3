"""One change of an alert: written, sent to who is on call, informed of outside, and published."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from msgspec import structs
from sqlalchemy.dialects.postgresql import insert

from console.alerts.informing import firing_key, hider, inform
from console.alerts.outside import Outside
from console.alerts.paging import next_page
from console.alerts.reads import COLUMNS, alert_of, r
from console.alerts.tables import alert_history, alert_subjects, alerts, escalations
from console.facts.alerts import ACTIVE, Alert, AlertChange, AlertChanged, AlertState
from console.notifications.deliveries_writes import request
from console.store.database import Transaction

a, s, e = alerts.c, alert_subjects.c, escalations.c
KEPT = 64  # statements
HIDES_ANEW = frozenset({AlertChange.FIRED, AlertChange.FIRED_AGAIN, AlertChange.RAISED})  # `rehide` shows, and sends
BEGINS_PAGING = frozenset({AlertChange.FIRED, AlertChange.SHOWN, AlertChange.ACKNOWLEDGEMENT_ENDED})
ENDS_PAGING = frozenset({AlertChange.ACKNOWLEDGED, AlertChange.RESOLVED})


async def change_alert(
    transaction: Transaction,
    outside: Outside,
    alert_id: int,
    change: AlertChange,
    values: Mapping[str, Any],
    *,
    by: str | None = None,
    text: str | None = None,
    said: bool = True,
    rises: bool = False,
) -> Alert:
    """Write one change of an alert, with its line of the history if it is to be `said`, and publish it.

    `rises`: by being RAISED it is of a more urgent priority, and is sent to who is on call.
    """
    connection, organization_id, now = transaction.connection, outside.organization_id, outside.now
    new = {f"new_{name}": value for name, value in {**values, "change": change.value, "changed_at": now}.items()}
    which = {"of_organization": organization_id, "of_alert": alert_id}
    alert = alert_of((await connection.execute(_changing(frozenset(new)), new | which)).one())
    if values.get("state") == AlertState.RESOLVED.value:
        mine = sa.and_(s.organization_id == organization_id, s.alert_id == alert_id)
        await connection.execute(sa.update(alert_subjects).where(mine).values(open=False))
    if said:
        event = {"organization_id": organization_id, "alert_id": alert_id, "at": now, "change": change.value}
        await connection.execute(sa.insert(alert_history), event | {"by": by, "text": text})
    if change in HIDES_ANEW and alert.hidden_by is None and (hides := await hider(outside, alert)) is not None:
        mine = sa.and_(a.organization_id == organization_id, a.id == alert_id)
        await connection.execute(sa.update(alerts).where(mine).values(hidden_by=hides))
        alert = structs.replace(alert, hidden_by=hides)
    paged = await page(transaction, outside, alert, change, rises=rises)
    await inform(transaction, outside, alert, change)
    transaction.publish(organization_id, AlertChanged(time=now, subject=str(alert_id), data=alert))
    return (
        alert
        if paged is None
        else await change_alert(transaction, outside, alert_id, AlertChange.PAGED, {}, text=paged)
    )


@lru_cache(KEPT)
def _changing(names: frozenset[str]) -> "sa.sql.dml.ReturningUpdate[Any]":
    """The statement that gives an alert these values, and returns it: built once for thousands of changes."""
    mine = sa.and_(a.organization_id == sa.bindparam("of_organization"), a.id == sa.bindparam("of_alert"))
    of_rule = sa.and_(r.organization_id == a.organization_id, r.id == a.rule_id)
    written: dict[str, Any] = {name.removeprefix("new_"): sa.bindparam(name) for name in sorted(names)}
    return sa.update(alerts).where(mine, of_rule).values(**written, revision=a.revision + 1).returning(*COLUMNS)


async def page(
    transaction: Transaction, outside: Outside, alert: Alert, change: AlertChange | None, *, rises: bool = False
) -> str | None:
    """Send the alert to who is on call as it begins to fire, and to who follows; what was done, None: nothing.

    `change`: None when the time of who follows has come. `rises`: by RAISED, it is sent anew, as its priority asks.
    """
    raised = rises and change is AlertChange.RAISED
    connection, organization_id, now = transaction.connection, outside.organization_id, outside.now
    mine = sa.and_(e.organization_id == organization_id, e.alert_id == alert.id)
    if change in ENDS_PAGING:
        await connection.execute(sa.update(escalations).where(mine, e.next_at.is_not(None)).values(next_at=None))
    waits = alert.state in ACTIVE and alert.acknowledged_at is None and alert.hidden_by is None
    if not waits or (change is not None and change not in BEGINS_PAGING and not raised):
        return None
    if change is not None and await next_page(outside, alert, []) is None:
        return None
    if change is not None:
        begun = insert(escalations).values(organization_id=organization_id, alert_id=alert.id, next_at=now)
        anew = {"begun": e.begun + 1, "sent_to": [], "next_at": now}
        begun = begun.on_conflict_do_update(
            index_elements=["organization_id", "alert_id"], set_=anew, where=None if raised else e.next_at.is_(None)
        )
        await connection.execute(begun)
    due_now = sa.select(e.begun, e.sent_to).where(mine, e.next_at <= now).with_for_update()
    row = (await connection.execute(due_now)).first() if alert.state == AlertState.FIRING else None
    if row is None:
        return None
    found = await next_page(outside, alert, row.sent_to)
    sent_to = row.sent_to if found is None else [*row.sent_to, found.person.name]
    await connection.execute(
        sa.update(escalations).where(mine).values(sent_to=sent_to, next_at=found and found.next_at)
    )
    if found is None:
        return None
    first, later = firing_key(alert), f"{firing_key(alert)}:page:{row.begun}:{len(row.sent_to)}"
    for key in [first] if change is AlertChange.FIRED else [first, later] if raised else [later]:
        if await request(transaction, organization_id, found.notification, key, {found.person.channel_id: now}, now):
            break  # a channel that was not informed yet is sent one, not two
    return found.said
