"""What rules are judged by: SIMs with what they were before, what is open, and whether the sources are fresh."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.alert_rules.findings import JudgedSim
from console.alert_rules.kinds import Feed, RuleKind
from console.alert_rules.reads import AlertRule, filter_of
from console.alert_rules.tables import alert_rules
from console.alerts.tables import alert_subjects, alerts
from console.carrier.tables import carrier_circuits
from console.quotas.tables import quotas
from console.runs.tables import job_runs
from console.sims.filters import conditions, texts
from console.sims.tables import sim_states, sims
from console.sims.watching.tables import is_watched
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


async def judged_sims(
    connection: AsyncConnection,
    organization_id: int,
    iccids: Collection[str],
    were: "Mapping[str, tuple[Sequence[str], Sequence[str]]] | None" = None,
) -> list[JudgedSim]:
    """These SIMs as rules see them. `were`: of each the values of status and IMEI that it had before."""
    data, sms = quotas.alias("data"), quotas.alias("sms")

    def of(quota: Any, service: str) -> "sa.ColumnElement[bool]":
        mine = sa.and_(quota.c.organization_id == sims.c.organization_id, quota.c.iccid == sims.c.iccid)
        return sa.and_(mine, quota.c.service == service)

    joined = sims.outerjoin(data, of(data, "data")).outerjoin(sms, of(sms, "sms"))
    own = [sims.c[name] for name in ("iccid", "status", "imei", "connection", "operator", "country", "last_seen_at")]
    quota = [
        data.c["left"].label("data_left_bytes"),
        data.c.total.label("data_total_bytes"),
        data.c.status.label("data_quota"),
        data.c.expires_at.label("data_expires_at"),
        sms.c["left"].label("sms_left"),
        sms.c.total.label("sms_total"),
        sms.c.status.label("sms_quota"),
    ]
    query = sa.select(*own, *quota, is_watched(sims).label("watched")).select_from(joined)
    query = query.where(sims.c.organization_id == organization_id, sims.c.iccid == sa.func.any(texts(list(iccids))))
    before = were or {}
    nothing: tuple[Sequence[str], Sequence[str]] = ((), ())
    rows = (await connection.execute(query)).all()
    made: Callable[..., JudgedSim] = JudgedSim  # of a row, in the order of its fields
    return [made(*row, *before.get(row[0], nothing)) for row in rows]


async def matching(
    connection: AsyncConnection, organization_id: int, rule: AlertRule, iccids: Sequence[str]
) -> set[str]:
    """Those of these SIMs that the rule is about."""
    if not rule.filter:
        return set(iccids)
    where = conditions(organization_id, filter_of(rule.filter))
    query = sa.select(sim_states.c.iccid).where(*where, sim_states.c.iccid == sa.func.any(texts(iccids)))
    return set((await connection.execute(query)).scalars())


async def due_by_time(
    connection: AsyncConnection, organization_id: int, rule: AlertRule, now: datetime, *, limit: int
) -> list[str]:
    """SIMs for which only the time that has passed makes the rule true, and which have no open alert of it."""
    mine = sa.and_(s.organization_id == organization_id, s.rule_id == rule.id, s.open)
    if rule.kind is RuleKind.NO_CONTACT:
        late = sims.c.last_seen_at < now - timedelta(hours=rule.parameters.hours or 0)
        known = sa.exists().where(mine, s.subject == sims.c.iccid)
        query = sa.select(sims.c.iccid).where(sims.c.organization_id == organization_id, late, ~known)
        query = query.where(sims.c.status.is_distinct_from("disabled"), is_watched(sims))
    else:
        soon = quotas.c.expires_at <= now + timedelta(days=rule.parameters.days or 0)
        known = sa.exists().where(mine, s.subject == quotas.c.iccid)
        query = sa.select(quotas.c.iccid).where(quotas.c.organization_id == organization_id, soon, ~known)
        query = query.where(quotas.c.service == "data", is_watched(quotas))
    return list((await connection.execute(query.limit(limit))).scalars())


async def open_subjects(
    connection: AsyncConnection, organization_id: int, which: "sa.ColumnElement[bool]"
) -> dict[tuple[int, str], OpenSubject]:
    """Those of `which` of which an alert is open, by rule and subject."""
    query = sa.select(s.rule_id, s.subject, s.alert_id, s.holds)
    query = query.where(s.organization_id == organization_id, s.open, which)
    rows = (await connection.execute(query)).all()
    return {(row[0], row[1]): OpenSubject(*row) for row in rows}


async def seen_again(
    connection: AsyncConnection, organization_id: int, rule: AlertRule, now: datetime, *, limit: int
) -> list[str]:
    """SIMs that the rule holds for although a network has seen them since; of other rules none: a change says it."""
    if rule.kind is not RuleKind.NO_CONTACT:
        return []
    same = sa.and_(sims.c.organization_id == s.organization_id, sims.c.iccid == s.subject)
    query = sa.select(s.subject).select_from(sa.join(alert_subjects, sims, same))
    query = query.where(s.organization_id == organization_id, s.rule_id == rule.id, s.open, s.holds)
    seen = sims.c.last_seen_at >= now - timedelta(hours=rule.parameters.hours or 0)
    return list((await connection.execute(query.where(seen).limit(limit))).scalars())


async def open_keys(connection: AsyncConnection, organization_id: int, rule_id: int) -> dict[str, int]:
    """The rule's open alerts by key."""
    query = sa.select(alerts.c.key, alerts.c.id).where(alerts.c.organization_id == organization_id)
    query = query.where(alerts.c.rule_id == rule_id, alerts.c.state != "resolved")
    return {row.key: row.id for row in (await connection.execute(query)).all()}


async def iccids_after(connection: AsyncConnection, organization_id: int, iccid: str, *, limit: int) -> list[str]:
    """The SIMs that come after this one, by ICCID."""
    query = sa.select(sims.c.iccid).where(sims.c.organization_id == organization_id, sims.c.iccid > iccid)
    return list((await connection.execute(query.order_by(sims.c.iccid).limit(limit))).scalars())


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
