"""Questions about alerts: lists, counts, what one is about, and what happened to it."""

from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.alert_rules.tables import alert_rules
from console.alerts.tables import alert_history, alert_subjects, alerts
from console.facts.alerts import ACTIVE, Alert, AlertState, Severity
from console.store.counting import Total, count_rows
from console.store.keyset import Cursor, after, mark

a, r, s, h = alerts.c, alert_rules.c, alert_subjects.c, alert_history.c
ORDER = ((a.id, True),)
PRIORITY = sa.func.coalesce(r.priority, sa.case((a.severity == "critical", "P1"), else_="P3"))
OF_THE_RULE = {"rule": r.name, "kind": r.kind, "priority": PRIORITY}
COLUMNS = tuple(OF_THE_RULE[n].label(n) if n in OF_THE_RULE else a[n] for n in Alert.__struct_fields__)
RANK = sa.case((a.severity == "critical", 0), (a.severity == "warning", 1), else_=2)
ACTIVE_STATES = tuple(state.value for state in ACTIVE)
IS_ACTIVE = a.state.in_(
    [sa.literal_column(f"'{state}'") for state in sorted(ACTIVE_STATES)]
)  # constants: an index has them


class AlertFilter(Struct, frozen=True, kw_only=True):
    """Which alerts are asked for. Empty sets ask for all."""

    state: frozenset[AlertState] = frozenset()
    severity: frozenset[Severity] = frozenset()
    acknowledged: bool | None = None
    rule_id: int | None = None
    iccid: str | None = None
    hidden: bool | None = None  # by a silence or a maintenance window


class AlertCounts(Struct, frozen=True, kw_only=True):
    """How many alerts there are of each kind; hidden ones only in `hidden`."""

    critical: Annotated[int, Meta(description="Firing or recovering, critical.", examples=[1])] = 0
    warning: Annotated[int, Meta(description="Firing or recovering, warnings.", examples=[2])] = 0
    info: Annotated[int, Meta(description="Firing or recovering, for information.", examples=[0])] = 0
    unacknowledged: Annotated[int, Meta(description="Of these, nobody has acknowledged.", examples=[1])] = 0
    pending: Annotated[int, Meta(description="Not yet for as long as the rule asks.", examples=[0])] = 0
    hidden: Annotated[int, Meta(description="Hidden by a silence or a maintenance window.", examples=[0])] = 0
    cannot_judge: Annotated[int, Meta(description="What they are judged by is stale.", examples=[0])] = 0

    @property
    def firing(self) -> int:
        """All that fire or recover, but hidden ones."""
        return self.critical + self.warning + self.info


class AlertSubject(Struct, frozen=True, kw_only=True):
    """What the condition of an alert holds for, or has held for."""

    subject: Annotated[str, Meta(description="An ICCID; else `job:sync_sims`, ...", examples=["8988228066600000001"])]
    holds: Annotated[bool, Meta(description="Whether it holds now.", examples=[True])]
    since: Annotated[datetime, Meta(description="Since when it holds, or held.", examples=["2026-11-20T10:02:00Z"])]
    ended_at: Annotated[datetime | None, Meta(description="When it ended; null while it holds.")]
    value: Annotated[str | None, Meta(description="What was found.", examples=["4.2 of 500 MB left"])]


class AlertEvent(Struct, frozen=True, kw_only=True):
    """Something that happened to an alert."""

    id: Annotated[int, Meta(description="Rises with time.", examples=[40])]
    at: Annotated[datetime, Meta(description="When.", examples=["2026-11-20T10:02:04Z"])]
    change: Annotated[str, Meta(description="What, as `change` of an alert.", examples=["acknowledged"])]
    by: Annotated[str | None, Meta(description="Who; null: the console.", examples=["otto"])]
    text: Annotated[str | None, Meta(description="A note, a comment.", examples=["DTAG is working on it"])]


def query_of(organization_id: "int | sa.BindParameter[int]") -> "sa.Select[Any]":
    """The alerts of an organization, with the names of their rules."""
    joined = sa.join(alerts, alert_rules, sa.and_(r.organization_id == a.organization_id, r.id == a.rule_id))
    return sa.select(*COLUMNS).select_from(joined).where(a.organization_id == organization_id)


def alert_of(row: Any) -> Alert:
    """The alert in a row of `query_of`."""
    return Alert(**dict(zip(Alert.__struct_fields__, row, strict=True)))


async def one(connection: AsyncConnection, organization_id: int, alert_id: int) -> Alert | None:
    """An alert as it is now."""
    row = (await connection.execute(query_of(organization_id).where(a.id == alert_id))).first()
    return alert_of(row) if row else None


async def page(
    connection: AsyncConnection,
    organization_id: int,
    wanted: AlertFilter,
    *,
    limit: int,
    offset: int = 0,
    cursor: Cursor | None = None,
) -> tuple[list[Alert], str | None]:
    """Alerts, the latest first, and the cursor of the next page."""
    query = query_of(organization_id).where(*_conditions(organization_id, wanted))
    if cursor is not None:
        query = query.where(after(ORDER, cursor))
    rows = (await connection.execute(query.order_by(a.id.desc()).limit(limit + 1).offset(offset))).all()
    following = mark(ORDER, rows[limit - 1]) if len(rows) > limit else None
    return [alert_of(row) for row in rows[:limit]], following


async def count(connection: AsyncConnection, organization_id: int, wanted: AlertFilter, *, exact: bool) -> Total:
    """How many the filter lets through."""
    query = query_of(organization_id).where(*_conditions(organization_id, wanted))
    return await count_rows(connection, query, exact=exact)


async def active(
    connection: AsyncConnection, organization_id: int, *, limit: int, acknowledged: bool | None = None
) -> list[Alert]:
    """What fires or recovers and is not hidden: not acknowledged first, then the most urgent, the oldest first."""
    wanted = _conditions(organization_id, AlertFilter(acknowledged=acknowledged))
    rows = (await connection.execute(active_query(organization_id).where(*wanted).limit(limit))).all()
    return [alert_of(row) for row in rows]


def active_query(organization_id: "int | sa.BindParameter[int]") -> "sa.Select[Any]":
    """The SELECT of `active`, without its limit."""
    query = query_of(organization_id).where(IS_ACTIVE, a.hidden_by.is_(None))
    return query.order_by(a.acknowledged_at.is_not(None), RANK, a.started_at, a.id)


async def resolved_since(
    connection: AsyncConnection, organization_id: int, since: datetime, *, limit: int
) -> list[Alert]:
    """What had fired and was resolved, the latest first."""
    query = query_of(organization_id).where(a.resolved_at >= since, a.fired_at.is_not(None))
    rows = (await connection.execute(query.order_by(a.resolved_at.desc(), a.id.desc()).limit(limit))).all()
    return [alert_of(row) for row in rows]


async def counts(connection: AsyncConnection, organization_id: int) -> AlertCounts:
    """How many there are of each kind."""
    return AlertCounts(**(await connection.execute(counts_query(organization_id))).one()._mapping)


def counts_query(organization_id: "int | sa.BindParameter[int]") -> "sa.Select[Any]":
    """The SELECT of `counts`."""
    shown = sa.and_(IS_ACTIVE, a.hidden_by.is_(None))
    wanted = {one.value: sa.and_(shown, a.severity == one.value) for one in Severity} | {
        "unacknowledged": sa.and_(shown, a.acknowledged_at.is_(None)),
        "pending": a.state == AlertState.PENDING.value,
        "hidden": sa.and_(IS_ACTIVE, a.hidden_by.is_not(None)),
        "cannot_judge": a.cannot_judge_since.is_not(None),
    }
    columns: Any = [sa.func.count().filter(which).label(name) for name, which in wanted.items()]
    open_ = sa.and_(a.organization_id == organization_id, a.state != sa.literal_column("'resolved'"))
    return sa.select(*columns).where(open_)


async def firing_everywhere(connection: AsyncConnection) -> dict[tuple[int, str], int]:
    """How many fire and are not hidden, by organization and severity; of all organizations."""
    shown = sa.and_(IS_ACTIVE, a.hidden_by.is_(None))
    query = sa.select(a.organization_id, a.severity, sa.func.count().label("alerts")).where(shown)
    rows = (await connection.execute(query.group_by(a.organization_id, a.severity))).all()
    return {(row.organization_id, row.severity): row.alerts for row in rows}


async def subjects(
    connection: AsyncConnection, organization_id: int, alert_id: int, *, limit: int
) -> list[AlertSubject]:
    """What the alert is about, those first for which it holds."""
    columns = [s[name] for name in AlertSubject.__struct_fields__]
    query = sa.select(*columns).where(s.organization_id == organization_id, s.alert_id == alert_id)
    rows = await connection.execute(query.order_by(s.holds.desc(), s.subject).limit(limit))
    return [AlertSubject(**row._mapping) for row in rows]


async def history(connection: AsyncConnection, organization_id: int, alert_id: int, *, limit: int) -> list[AlertEvent]:
    """What happened to the alert, the latest first."""
    columns = [h[name] for name in AlertEvent.__struct_fields__]
    query = sa.select(*columns).where(h.organization_id == organization_id, h.alert_id == alert_id)
    return [AlertEvent(**row._mapping) for row in await connection.execute(query.order_by(h.id.desc()).limit(limit))]


def _conditions(organization_id: int, wanted: AlertFilter) -> "list[sa.ColumnElement[bool]]":
    found: list[sa.ColumnElement[bool]] = []
    if wanted.state:
        found.append(a.state.in_(sorted(wanted.state)))
    if wanted.severity:
        found.append(a.severity.in_(sorted(wanted.severity)))
    if wanted.acknowledged is not None:
        found.append(a.acknowledged_at.is_not(None) if wanted.acknowledged else a.acknowledged_at.is_(None))
    if wanted.hidden is not None:
        found.append(a.hidden_by.is_not(None) if wanted.hidden else a.hidden_by.is_(None))
    if wanted.rule_id is not None:
        found.append(a.rule_id == wanted.rule_id)
    if wanted.iccid is not None:
        theirs = sa.select(s.alert_id).where(s.organization_id == organization_id, s.subject == wanted.iccid)
        found.append(a.id.in_(theirs))
    return found
