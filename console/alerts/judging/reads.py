"""What rules are judged by: SIMs with what they were before, what is open, and whether the sources are fresh."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.alert_rules.kinds import Feed
from console.alert_rules.reads import AlertRule, filter_of
from console.alert_rules.tables import alert_rules
from console.alerts.tables import alert_subjects, alerts
from console.carrier.tables import carrier_circuits
from console.runs.tables import job_runs
from console.sims.filters import conditions, texts
from console.sims.tables import sim_states
from console.streamer.rules import StreamerState
from console.streamer.tables import streamer_health

STALE_AFTER = timedelta(minutes=10)  # without a poll that succeeded
POLL = "sync_status"
s = alert_subjects.c


class OpenSubject(Struct, frozen=True):
    """What a rule holds for, or held for while its alert is open."""

    rule_id: int
    subject: str
    alert_id: int
    holds: bool


async def matching(
    connection: AsyncConnection, organization_id: int, rule: AlertRule, iccids: Sequence[str]
) -> set[str]:
    """Those of these SIMs that the rule is about."""
    if not rule.filter:
        return set(iccids)
    where = conditions(organization_id, filter_of(rule.filter))
    query = sa.select(sim_states.c.iccid).where(*where, sim_states.c.iccid == sa.func.any(texts(iccids)))
    return set((await connection.execute(query)).scalars())


async def open_subjects(
    connection: AsyncConnection, organization_id: int, which: "sa.ColumnElement[bool]"
) -> dict[tuple[int, str], OpenSubject]:
    """Those of `which` of which an alert is open, by rule and subject."""
    query = sa.select(s.rule_id, s.subject, s.alert_id, s.holds)
    query = query.where(s.organization_id == organization_id, s.open, which)
    rows = (await connection.execute(query)).all()
    return {(row[0], row[1]): OpenSubject(*row) for row in rows}


async def open_keys(connection: AsyncConnection, organization_id: int, rule_id: int) -> dict[str, int]:
    """The rule's open alerts by key."""
    query = sa.select(alerts.c.key, alerts.c.id).where(alerts.c.organization_id == organization_id)
    query = query.where(alerts.c.rule_id == rule_id, alerts.c.state != "resolved")
    return {row.key: row.id for row in (await connection.execute(query)).all()}


async def stale_feeds(connection: AsyncConnection, organization_id: int, now: datetime) -> frozenset[Feed]:
    """The sources that bring nothing now: what is judged by them alone can't be judged."""
    j, c, h = job_runs.c, carrier_circuits.c, streamer_health.c
    done = sa.select(sa.func.max(j.finished_at)).where(
        j.organization_id == organization_id, j.job == POLL, j.state == "done", j.finished_at > now - STALE_AFTER
    )
    closed = sa.select(c.state == "closed").where(c.organization_id == organization_id)
    flowing = sa.exists().where(
        h.organization_id == organization_id, h.kind == "event", h.state == StreamerState.FLOWING.value
    )
    query = sa.select(
        done.scalar_subquery(),
        sa.func.coalesce(closed.scalar_subquery(), sa.true()),
        sa.select(flowing).scalar_subquery(),
    )
    polled_at, answers, posted = (await connection.execute(query)).one()
    polled = polled_at is not None and answers
    stale = set() if polled else {Feed.POLLING}
    return frozenset(stale if polled or posted else stale | {Feed.NETWORK})


async def revised(connection: AsyncConnection, organization_id: int) -> set[int]:
    """The rules by which not every SIM has been judged since they were changed."""
    r = alert_rules.c
    query = sa.select(r.id).where(r.organization_id == organization_id, r.judged_revision < r.revision)
    return set((await connection.execute(query)).scalars())
