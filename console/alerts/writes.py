"""Changes of alerts: the states that follow from judging, and what people do about them. Each is published."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec import structs
from sqlalchemy.dialects.postgresql import insert

from console.alert_rules.kinds import Feed
from console.alert_rules.reads import AlertRule
from console.alerts import reads
from console.alerts.informing import firing_key, hider, inform, rehidden
from console.alerts.opened import open_rows
from console.alerts.outside import Outside
from console.alerts.paging import due, next_page
from console.alerts.reads import COLUMNS, alert_of, r
from console.alerts.settled import UNSAID, settled
from console.alerts.tables import alert_history, alert_subjects, alerts, escalations
from console.alerts.waiting import forgotten
from console.errors import Conflict, NotFound
from console.facts.alerts import ACTIVE, OPEN, Alert, AlertChange, AlertChanged, AlertState
from console.notifications.deliveries_writes import request
from console.organizations.rules import Caller
from console.store.database import Transaction

a, s, e = alerts.c, alert_subjects.c, escalations.c
STARTS = frozenset({AlertChange.FIRED, AlertChange.FIRED_AGAIN})
BEGINS_PAGING = frozenset({AlertChange.FIRED, AlertChange.SHOWN, AlertChange.ACKNOWLEDGEMENT_ENDED})
ENDS_PAGING = frozenset({AlertChange.ACKNOWLEDGED, AlertChange.RESOLVED})


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
    changed, outside = 0, Outside(transaction.connection, organization_id, now)
    for row in await open_rows(transaction.connection, organization_id, alert_ids):
        values, change, text = settled(row, rules.get(row.rule_id), now, stale=stale, shares_hold=shares_hold)
        if change is not None:
            changed += 1
            alert = await _change(transaction, outside, row.id, change, values, text=text, said=change not in UNSAID)
            if "acknowledged_at" in values and change not in BEGINS_PAGING and alert.state in OPEN:
                await _change(transaction, outside, row.id, AlertChange.ACKNOWLEDGEMENT_ENDED, {})
    return changed


async def _change(
    transaction: Transaction,
    outside: Outside,
    alert_id: int,
    change: AlertChange,
    values: Mapping[str, Any],
    *,
    by: str | None = None,
    text: str | None = None,
    said: bool = True,
) -> Alert:
    """Write one change of an alert, with its line of the history if it is to be `said`, and publish it."""
    connection, organization_id, now = transaction.connection, outside.organization_id, outside.now
    which = sa.and_(a.organization_id == organization_id, a.id == alert_id)
    written = {**values, "change": change.value, "changed_at": now, "revision": a.revision + 1}
    of_rule = sa.and_(r.organization_id == organization_id, r.id == a.rule_id)
    update = sa.update(alerts).where(which, of_rule).values(**written).returning(*COLUMNS)
    alert = alert_of((await connection.execute(update)).one())
    if values.get("state") == AlertState.RESOLVED.value:
        mine = sa.and_(s.organization_id == organization_id, s.alert_id == alert_id)
        await connection.execute(sa.update(alert_subjects).where(mine).values(open=False))
    if said:
        event = {"organization_id": organization_id, "alert_id": alert_id, "at": now, "change": change.value}
        await connection.execute(sa.insert(alert_history).values(**event, by=by, text=text))
    if change in STARTS and (hides := await hider(outside, alert)) != alert.hidden_by:
        await connection.execute(sa.update(alerts).where(which).values(hidden_by=hides))
        alert = structs.replace(alert, hidden_by=hides)
    paged = await _page(transaction, outside, alert, change)
    await inform(transaction, outside, alert, change)
    transaction.publish(organization_id, AlertChanged(time=now, subject=str(alert_id), data=alert))
    return alert if paged is None else await _change(transaction, outside, alert_id, AlertChange.PAGED, {}, text=paged)


async def _page(transaction: Transaction, outside: Outside, alert: Alert, change: AlertChange | None) -> str | None:
    """Send the alert to who is on call as it begins to fire, and to who follows; what was done, None: nothing.

    `change`: None when the time of who follows has come.
    """
    connection, organization_id, now = transaction.connection, outside.organization_id, outside.now
    mine = sa.and_(e.organization_id == organization_id, e.alert_id == alert.id)
    if change in ENDS_PAGING:
        await connection.execute(sa.update(escalations).where(mine, e.next_at.is_not(None)).values(next_at=None))
    waits = alert.state in ACTIVE and alert.acknowledged_at is None and alert.hidden_by is None
    if not waits or (change is not None and change not in BEGINS_PAGING):
        return None
    if change is not None and await next_page(outside, alert, []) is None:
        return None
    if change is not None:
        begun = insert(escalations).values(organization_id=organization_id, alert_id=alert.id, next_at=now)
        anew = {"begun": e.begun + 1, "sent_to": [], "next_at": now}
        begun = begun.on_conflict_do_update(
            index_elements=["organization_id", "alert_id"], set_=anew, where=e.next_at.is_(None)
        )
        await connection.execute(begun)
    due_now = sa.select(e.begun, e.sent_to).where(mine, e.next_at <= now).with_for_update()
    row = (await connection.execute(due_now)).first() if alert.state == AlertState.FIRING else None
    if row is None:
        return None
    page = await next_page(outside, alert, row.sent_to)
    sent_to = row.sent_to if page is None else [*row.sent_to, page.person.name]
    await connection.execute(sa.update(escalations).where(mine).values(sent_to=sent_to, next_at=page and page.next_at))
    if page is None:
        return None
    key = firing_key(alert) + ("" if change is AlertChange.FIRED else f":page:{row.begun}:{len(row.sent_to)}")
    await request(transaction, organization_id, page.notification, key, {page.person.channel_id: now}, now)
    return page.said


async def escalate(transaction: Transaction, organization_id: int, now: datetime) -> int:
    """Send what nobody has acknowledged in time to the next person; how many alerts."""
    paged, outside = 0, Outside(transaction.connection, organization_id, now)
    for alert_id in await due(transaction.connection, organization_id, now):
        alert = await _locked(transaction, organization_id, alert_id)
        said = await _page(transaction, outside, alert, None)
        if said is not None:
            paged += 1
            await _change(transaction, outside, alert_id, AlertChange.PAGED, {}, text=said)
    return paged


async def rehide(transaction: Transaction, organization_id: int, now: datetime) -> int:
    """Hide the alerts that a silence or window hides now, and show those that none does any more; how many changed.

    What is shown and still fires is sent, unless it was before it was hidden.
    """
    outside = Outside(transaction.connection, organization_id, now)
    found = await rehidden(outside, lock=True)
    for alert_id, hides in found:
        change = AlertChange.SHOWN if hides is None else AlertChange.HIDDEN
        await _change(transaction, outside, alert_id, change, {"hidden_by": hides}, text=hides)
    return len(found)


async def remind(transaction: Transaction, organization_id: int, now: datetime) -> int:
    """Remind of alerts that were acknowledged long ago and still fire, on their channels; of how many."""
    outside = Outside(transaction.connection, organization_id, now)
    found = await forgotten(transaction.connection, organization_id, now)
    for alert_id in found:
        await _change(transaction, outside, alert_id, AlertChange.REMINDED, {})
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
    outside = Outside(transaction.connection, caller.organization_id, now)
    return await _change(transaction, outside, alert_id, change, values, by=caller.name, text=text)


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
    return await act(transaction, caller, alert_id, AlertChange.RESOLVED, values, now, text=note)


async def _locked(transaction: Transaction, organization_id: int, alert_id: int) -> Alert:
    query = sa.select(a.id).where(a.organization_id == organization_id, a.id == alert_id).with_for_update()
    await transaction.connection.execute(query)
    found = await reads.one(transaction.connection, organization_id, alert_id)
    if found is None:
        raise NotFound("There is no such alert", alert=alert_id)
    return found
