"""Changes of alerts: the states that follow from judging, and what people do about them. Each is published."""

from collections.abc import Collection, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from console.alert_rules.kinds import Feed
from console.alert_rules.reads import AlertRule
from console.alerts import reads
from console.alerts.change_writes import BEGINS_PAGING, change_alert, page
from console.alerts.informing import rehidden
from console.alerts.opened import open_rows
from console.alerts.outside import Outside
from console.alerts.paging import due, paged_since
from console.alerts.settled import UNSAID, settled
from console.alerts.tables import alert_subjects, alerts, escalations
from console.alerts.urgency import Regraded, regraded
from console.alerts.waiting import forgotten
from console.errors import Conflict, NotFound
from console.facts.alerts import OPEN, Alert, AlertChange, AlertState
from console.organizations.rules import Caller
from console.store.database import Transaction

a, s, e = alerts.c, alert_subjects.c, escalations.c
UNGRADED = frozenset({AlertChange.PENDING, AlertChange.FIRED, AlertChange.RESOLVED})


async def settle(
    transaction: Transaction,
    organization_id: int,
    alert_ids: Collection[int],
    rules: Mapping[int, AlertRule],
    now: datetime,
    *,
    stale: frozenset[Feed],
    shares_hold: Mapping[int, bool],
    were: Mapping[int, str | None] = MappingProxyType({}),
) -> int:
    """Lead these open alerts to the states that follow from their subjects, and publish; how many changed.

    `rules`: those that are judged; the alerts of any other rule are resolved. `shares_hold`: of alerts whose condition
    is about a group as a whole, whether it holds. `were`: of rules that were changed since, their priorities before.
    """
    changed, outside = 0, Outside(transaction.connection, organization_id, now)
    for row in await open_rows(transaction.connection, organization_id, alert_ids):
        values, change, text = settled(row, rules.get(row.rule_id), now, stale=stale, shares_hold=shares_hold)
        graded = _regraded(row, rules, were, change)
        paged = change in BEGINS_PAGING or "acknowledged_at" in values  # by its new priority, and once
        if graded is not None and (change is None or change in UNSAID):
            change, text = graded.change, graded.text
        if change is not None:
            changed += 1
            rises = graded is not None and graded.priority_rose and not paged
            if rises and graded is not None and graded.seen:  # it may have been shown, or sent to who follows, by it
                since = rules[row.rule_id].changed_at
                rises = not await paged_since(transaction.connection, organization_id, row.id, since)
            said = change not in UNSAID
            alert = await change_alert(transaction, outside, row.id, change, values, text=text, said=said, rises=rises)
            if graded is not None and change is not graded.change:
                await change_alert(transaction, outside, row.id, graded.change, {}, text=graded.text, rises=rises)
            if "acknowledged_at" in values and change not in BEGINS_PAGING and alert.state in OPEN:
                await change_alert(transaction, outside, row.id, AlertChange.ACKNOWLEDGEMENT_ENDED, {})
    return changed


def _regraded(
    row: Any, rules: Mapping[int, AlertRule], were: Mapping[int, str | None], change: AlertChange | None
) -> Regraded | None:
    """What a change of its rule makes of the urgency of an alert; None of one that begins or ends by it."""
    rule = rules.get(row.rule_id)
    if rule is None or rule.id not in were or row.revision == 0 or change in UNGRADED:
        return None
    return regraded(row, rule, were[rule.id])


async def escalate(transaction: Transaction, organization_id: int, now: datetime) -> int:
    """Send what nobody has acknowledged in time to the next person; how many alerts."""
    paged, outside = 0, Outside(transaction.connection, organization_id, now)
    for alert_id in await due(transaction.connection, organization_id, now):
        alert = await _locked(transaction, organization_id, alert_id)
        said = await page(transaction, outside, alert, None)
        if said is not None:
            paged += 1
            await change_alert(transaction, outside, alert_id, AlertChange.PAGED, {}, text=said)
    return paged


async def rehide(transaction: Transaction, organization_id: int, now: datetime) -> int:
    """Hide the alerts that a silence or window hides now, and show those that none does any more; how many changed.

    What is shown and still fires is sent, unless it was before it was hidden.
    """
    outside = Outside(transaction.connection, organization_id, now)
    found = await rehidden(outside, lock=True)
    for alert_id, hides in found:
        change = AlertChange.SHOWN if hides is None else AlertChange.HIDDEN
        await change_alert(transaction, outside, alert_id, change, {"hidden_by": hides}, text=hides)
    return len(found)


async def remind(transaction: Transaction, organization_id: int, now: datetime) -> int:
    """Remind of alerts that were acknowledged long ago and still fire, on their channels; of how many."""
    outside = Outside(transaction.connection, organization_id, now)
    found = await forgotten(transaction.connection, organization_id, now)
    for alert_id in found:
        await change_alert(transaction, outside, alert_id, AlertChange.REMINDED, {})
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
    return await change_alert(transaction, outside, alert_id, change, values, by=caller.name, text=text)


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
