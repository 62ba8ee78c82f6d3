"""Changes of alert rules. What a change means for alerts is decided when the rule is judged next."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from msgspec import Meta, Struct, to_builtins
from sqlalchemy.dialects.postgresql import insert

from console.alert_rules import reads
from console.alert_rules.kinds import RuleKind, RuleParameters, check
from console.alert_rules.reads import COLUMNS, AlertRule, rule_of
from console.alert_rules.ready_made import READY_MADE
from console.alert_rules.rhythms import measured
from console.alert_rules.tables import alert_rules, sim_rhythms
from console.errors import Changed, Conflict, Invalid, NotFound
from console.facts.alerts import Priority, Severity
from console.organizations.rules import Caller
from console.sims.filter_parameters import FilterRefused
from console.sims.filters import texts
from console.store.database import Transaction
from console.unicode_text import is_visible

c = alert_rules.c
MOST_RULES = 200
MADE_BY = "SIM console"
LONGEST_SECONDS = 7 * 24 * 3_600
Seconds = Annotated[int, Meta(ge=0, le=LONGEST_SECONDS)]


class NewAlertRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule as somebody wants it."""

    name: Annotated[str, Meta(min_length=1, max_length=100, description="What people call it.", examples=["Pumps low"])]
    kind: Annotated[RuleKind, Meta(description="What it asks.", examples=["data_quota_below"])]
    parameters: Annotated[RuleParameters, Meta(description="Its numbers, by its kind.", examples=[{"percent": 10}])]
    filter: Annotated[
        str,
        Meta(
            max_length=2000,
            description="Of which SIMs, as the address of the list has it; empty: all.",
            examples=["tag=pump"],
        ),
    ] = ""
    severity: Annotated[Severity, Meta(description="How urgent its alerts are.", examples=["warning"])] = (
        Severity.WARNING
    )
    priority: Annotated[
        Priority | None,
        Meta(description="What its alerts do outside; null: P1 if they are critical, else P3.", examples=["P2"]),
    ] = None
    for_seconds: Annotated[
        Seconds, Meta(description="How long the condition must hold before it fires.", examples=[0])
    ] = 0
    keep_firing_seconds: Annotated[
        Seconds,
        Meta(description="How long the condition must have ended before its alert is resolved.", examples=[120]),
    ] = 0
    enabled: Annotated[bool, Meta(description="Whether it is judged.", examples=[True])] = True


def checked(wanted: NewAlertRule) -> NewAlertRule:
    """The same rule, if it can be. Raises Invalid."""
    if not wanted.name.strip() or not is_visible(wanted.name):
        raise Invalid("A rule has a name, in visible characters", parameter="name")
    check(wanted.kind, wanted.parameters, has_filter=bool(wanted.filter), for_seconds=wanted.for_seconds)
    try:
        found = reads.filter_of(wanted.filter)
    except FilterRefused as error:
        raise Invalid(str(error), parameter="filter") from error
    if wanted.filter and not found.active:
        raise Invalid("The filter leaves no SIM out: leave it empty, or write it as the list's address has it")
    return wanted


async def add(transaction: Transaction, caller: Caller, wanted: NewAlertRule, now: datetime) -> AlertRule:
    """Make a rule. Raises Invalid, and Conflict where there are too many."""
    values = _values(checked(wanted)) | {"changed_by": caller.name, "changed_at": now}
    await reads.check_filter(transaction.connection, caller.organization_id, wanted.filter)
    mine = sa.and_(c.organization_id == caller.organization_id, c.deleted_at.is_(None))
    many = (await transaction.connection.execute(sa.select(sa.func.count()).where(mine))).scalar_one()
    if many >= MOST_RULES:
        raise Conflict(f"There are at most {MOST_RULES} alert rules")
    statement = sa.insert(alert_rules).values(organization_id=caller.organization_id, **values)
    return rule_of((await transaction.connection.execute(statement.returning(*COLUMNS))).one())


async def change(
    transaction: Transaction,
    caller: Caller,
    rule_id: int,
    wanted: NewAlertRule,
    now: datetime,
    *,
    expected: int | None = None,
) -> AlertRule:
    """Put this in the place of the rule; its alerts stay where it still holds.

    Raises NotFound, Invalid, and Changed if `expected` is given and is not the rule's revision.
    """
    values = _values(checked(wanted)) | {"changed_by": caller.name, "changed_at": now, "revision": c.revision + 1}
    found = await reads.one(transaction.connection, caller.organization_id, rule_id, lock=True)
    stored = found.filter if found else None
    await reads.check_filter(transaction.connection, caller.organization_id, wanted.filter, stored=stored)
    if found is not None and expected not in (None, found.revision):
        raise Changed(
            f"{found.changed_by} has changed this rule since you read it: look at it, then try again",
            revision=found.revision,
        )
    if found is not None and found.kind is not wanted.kind:
        raise Invalid("The kind of a rule stays: make another rule, and disable this one", parameter="kind")
    statement = sa.update(alert_rules).where(_named(caller.organization_id, rule_id)).values(**values)
    row = (await transaction.connection.execute(statement.returning(*COLUMNS))).first()
    if row is None:
        raise NotFound("There is no such alert rule", rule=rule_id)
    return rule_of(row)


async def withdraw(transaction: Transaction, caller: Caller, rule_id: int, now: datetime) -> None:
    """Delete a rule; its open alerts are resolved when the organization is judged next. Raises NotFound."""
    statement = sa.update(alert_rules).where(_named(caller.organization_id, rule_id))
    statement = statement.values(deleted_at=now, changed_by=caller.name, changed_at=now, revision=c.revision + 1)
    if (await transaction.connection.execute(statement.returning(c.id))).first() is None:
        raise NotFound("There is no such alert rule", rule=rule_id)


async def give_ready_made(transaction: Transaction, organization_id: int, *, after: int, now: datetime) -> None:
    """Give an organization the rules of the ready-made set that came after this version of it."""
    rows: list[dict[str, Any]] = [
        {
            "organization_id": organization_id,
            "name": one.name,
            "kind": one.kind.value,
            "parameters": to_builtins(one.parameters),
            "severity": one.severity.value,
            "for_seconds": one.for_seconds,
            "keep_firing_seconds": one.keep_firing_seconds,
            "ready_made": one.name,
            "changed_at": now,
            "changed_by": MADE_BY,
        }
        for one in READY_MADE
        if one.since > after
    ]
    if rows:
        await transaction.connection.execute(sa.insert(alert_rules).values(rows))


async def note_judged(transaction: Transaction, organization_id: int, judged: Sequence[AlertRule]) -> None:
    """Note that every SIM has been judged by these rules as they are here; one that was changed meanwhile is judged
    again, against this.
    """
    for rule in judged:
        statement = sa.update(alert_rules).where(_named(organization_id, rule.id))
        await transaction.connection.execute(
            statement.values(judged_revision=rule.revision, judged_priority=rule.priority)
        )


async def measure_rhythms(transaction: Transaction, organization_id: int, iccids: Sequence[str], now: datetime) -> int:
    """Measure how often these SIMs are in contact; one with too little history has no rhythm. Returns how many have."""
    found = measured(organization_id, now, iccids).subquery("found")
    r, names = sim_rhythms.c, ("iccid", "usual_gap_seconds", "longest_gap_seconds", "gaps")
    query = sa.select(sa.literal(organization_id), *(found.c[name] for name in names), sa.literal(now))
    new = insert(sim_rhythms).from_select(["organization_id", *names, "measured_at"], query)
    latest = {name: new.excluded[name] for name in (*names[1:], "measured_at")}
    kept = new.on_conflict_do_update(index_elements=["organization_id", "iccid"], set_=latest)
    measurements = (await transaction.connection.execute(kept)).rowcount
    old = sa.and_(r.organization_id == organization_id, r.iccid == sa.func.any(texts(iccids)), r.measured_at < now)
    await transaction.connection.execute(sa.delete(sim_rhythms).where(old))
    return measurements


def _named(organization_id: int, rule_id: int) -> "sa.ColumnElement[bool]":
    return sa.and_(c.organization_id == organization_id, c.id == rule_id, c.deleted_at.is_(None))


def _values(wanted: NewAlertRule) -> dict[str, Any]:
    return {
        "name": wanted.name.strip(),
        "kind": wanted.kind.value,
        "parameters": to_builtins(wanted.parameters),
        "filter": wanted.filter,
        "severity": wanted.severity.value,
        "priority": wanted.priority,
        "for_seconds": wanted.for_seconds,
        "keep_firing_seconds": wanted.keep_firing_seconds,
        "enabled": wanted.enabled,
    }
