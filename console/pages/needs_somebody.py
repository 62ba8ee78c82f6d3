"""What waits for a person now: approvals, actions of which nobody knows, alerts without or with a forgotten owner."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.actions import approvals
from console.actions import reads as action_reads
from console.actions.reads import ActionFilter
from console.alerts.waiting import FORGOTTEN_AFTER, WaitingAlerts, WaitingSim, waiting_alerts, waiting_sims
from console.facts.actions import ActionState

UNKNOWN = ActionFilter(state=frozenset({ActionState.UNKNOWN}))


class Need(Struct, frozen=True, kw_only=True):
    """A sentence, and the list that it counts."""

    kind: str  # its icon
    title: str
    href: str
    since: datetime | None = None  # of the oldest; None: the list says it


class NeedsSomebody(Struct, frozen=True, kw_only=True):
    """The most urgent first; nothing where nobody is waited for."""

    as_of: datetime
    lines: Sequence[Need]
    sims: Sequence[WaitingSim]


def lines_of(waiting: WaitingAlerts, pending: int, unknown: int) -> list[Need]:
    """Critical alerts, then what may have cost money, then approvals, then what may be forgotten."""
    critical, forgotten = waiting.critical, waiting.forgotten
    every = (
        Need(
            kind="critical",
            title=_counted(critical, "critical alert that nobody has", "critical alerts that nobody has")
            + " acknowledged",
            href="/alerts?severity=critical",
            since=waiting.critical_since,
        ),
        Need(
            kind="unknown",
            title=_counted(unknown, "action of which nobody knows", "actions of which nobody knows")
            + " whether it was done",
            href="/actions?state=unknown",
        ),
        Need(
            kind="user",
            title=_counted(pending, "action waits", "actions wait") + " for a second person's approval",
            href="/approvals",
        ),
        Need(
            kind="warn",
            title=_counted(forgotten, "alert still fires", "alerts still fire")
            + f", acknowledged more than {FORGOTTEN_AFTER.total_seconds() / 3600:.0f} hours ago",
            href="/alerts",
            since=waiting.forgotten_since,
        ),
    )
    numbers = critical, unknown, pending, forgotten
    return [need for need, number in zip(every, numbers, strict=True) if number]


def _counted(number: int, one: str, more: str) -> str:
    return f"{number:,} {one if number == 1 else more}"


async def needs_somebody(connection: AsyncConnection, organization_id: int, now: datetime) -> NeedsSomebody:
    """What waits for a person in this organization."""
    waiting = await waiting_alerts(connection, organization_id, now)
    pending = await approvals.count(connection, organization_id, pending=True, exact=True)
    unknown = await action_reads.count(connection, organization_id, UNKNOWN, exact=True)
    return NeedsSomebody(
        as_of=now,
        lines=lines_of(waiting, pending.number, unknown.number),
        sims=await waiting_sims(connection, organization_id),
    )
