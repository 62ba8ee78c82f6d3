"""What is wrong now, in words: what fires, operators that SIMs have left, blocked SIMs, SIMs that flood."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.alert_rules.kinds import RuleKind
from console.alerts import reads as alert_reads
from console.alerts.grouping import FLEET
from console.connectivity import reads as connectivity_reads
from console.connectivity.floods import Flood, floods
from console.connectivity.reads import FleetSample
from console.facts.alerts import Alert
from console.pages.losses import MISSED, SPANS, Loss, compared, losses
from console.sims.counts_reads import Kind, counted, kinds

MOST_ALERTS = 4  # lines
MOST_CARDS = 3
MOST_READ = 100  # alerts
Level = Literal["bad", "warn", "info"]
ORDER: tuple[Level, ...] = ("bad", "warn", "info")
LEVELS: dict[str, Level] = {"critical": "bad", "warning": "warn"}


class Open(Struct, frozen=True, kw_only=True):
    """Something that is open now: an alert, alerts that say the same of single SIMs, or what no alert is about."""

    kind: str  # its icon
    level: Level
    title: str
    href: str  # what it is about
    since: datetime | None = None  # None: its title says within which time
    acknowledged_by: str | None = None


class OpenNow(Struct, frozen=True, kw_only=True):
    """What people must see first, the worst on top."""

    as_of: datetime
    lines: Sequence[Open]
    more: int  # alerts that no line is about

    @property
    def cards(self) -> Sequence[Open]:
        """The lines that stand large."""
        return self.lines[:MOST_CARDS]

    @property
    def others(self) -> Sequence[Open]:
        """The lines that stand below, so small that the figures stay in the first look."""
        return self.lines[MOST_CARDS:]


def of_alerts(alerts: Sequence[Alert]) -> list[Open]:
    """A line for each, in their order; those of one rule about SIMs that share nothing else are one line."""
    alike: dict[tuple[int, int], list[Alert]] = {}
    for alert in alerts:
        apart = alert.id if alert.iccid is None and alert.key != FLEET else 0
        alike.setdefault((alert.rule_id, apart), []).append(alert)
    return [_of_alike(found) for found in alike.values()]


def _of_alike(found: Sequence[Alert]) -> Open:
    first = found[0]
    level = LEVELS.get(first.severity, "info")
    many = len(found) > 1
    return Open(
        kind={"bad": "critical", "warn": "warn"}.get(level, "info"),
        level=level,
        title=f"{first.rule}: {_sims(sum(alert.sims for alert in found))}" if many else first.title,
        href="/alerts" if many else f"/alerts/{first.id}",
        since=min(alert.started_at for alert in found),
        acknowledged_by=first.acknowledged_by if len({alert.acknowledged_by for alert in found}) == 1 else None,
    )


def of_loss(loss: Loss) -> Open:
    """SIMs that went off the air are worse than those that went elsewhere."""
    return Open(kind="offline", level="warn" if loss.elsewhere else "bad", title=loss.title, href=loss.href)


def blocked(number: int, before: FleetSample | None) -> list[Open]:
    """SIMs that the network blocks, and how many of them are new."""
    if not number:
        return []
    newly = number - before.blocked if before is not None and before.is_known else 0
    is_ = "is" if number == 1 else "are"
    title = f"{_sims(number)} {is_} blocked"
    if newly > 0:
        title += ", all new" if newly == number else f", {newly:,} of them new"
        title += f" in the last {SPANS[0]} minutes"
    return [Open(kind="blocked", level="bad" if newly > 0 else "warn", title=title, href="/sims?connection=blocked")]


def flooding(found: Sequence[Flood]) -> list[Open]:
    """SIMs about which the network reports without end."""
    return [
        Open(
            kind="warn",
            level="warn",
            title=f"{one.label or one.iccid} floods: {one.events:,} network events in {_span(one.seconds)}",
            href=f"/sims/{one.iccid}",
        )
        for one in found
    ]


def _sims(number: int) -> str:
    return f"{number:,} SIM{'' if number == 1 else 's'}"


def _span(seconds: float) -> str:
    whole = max(1, round(seconds))
    return f"{whole} s" if whole < 120 else f"{round(whole / 60)} minutes"


def in_order(alerts: Sequence[Open], others: Sequence[Open]) -> list[Open]:
    """The worst first: alerts, then the others; of what is less urgent the others first, for no alert says them."""
    return [
        one
        for level in ORDER
        for some in ((alerts, others) if level == "bad" else (others, alerts))
        for one in some
        if one.level == level
    ]


async def open_now(
    connection: AsyncConnection, organization_id: int, now: datetime, found: Sequence[Kind] | None = None
) -> OpenNow:
    """What fires and what else is wrong. `found`: the kinds of SIMs, where they have been read already."""
    found = await kinds(connection, organization_id) if found is None else found
    firing = await alert_reads.active(connection, organization_id, limit=MOST_READ)
    alerts = of_alerts(firing)
    known = {(one.operator, one.country) for one in firing if one.kind == RuleKind.SHARE_LEFT}
    earliest, latest = now - timedelta(minutes=SPANS[0]) - MISSED, now - timedelta(minutes=SPANS[0])
    samples = [
        one for one in await connectivity_reads.samples(connection, organization_id, earliest) if one.time <= latest
    ]
    others = [
        *map(of_loss, losses(found, await compared(connection, organization_id, now), known)),
        *blocked(counted(found).connection.get("blocked", 0), samples[-1] if samples else None),
        *flooding(await floods(connection, organization_id, now)),
    ]
    return OpenNow(
        as_of=now, lines=in_order(alerts[:MOST_ALERTS], others), more=len(alerts) - len(alerts[:MOST_ALERTS])
    )
