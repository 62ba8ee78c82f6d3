"""Questions about alert rules."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import parse_qsl

import msgspec
import sqlalchemy as sa
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.alert_rules.kinds import RuleKind, RuleParameters
from console.alert_rules.sentences import sentence
from console.alert_rules.tables import alert_rules
from console.errors import Invalid
from console.facts.alerts import Priority, Severity
from console.sims.annotations_rules import AnnotationRefused
from console.sims.filter_parameters import FilterRefused, read_filter
from console.sims.filter_values import STATUSES, check_countries, check_values, statuses_in
from console.sims.rules import SimFilter
from console.sims.search import SearchTooLong, parse_search
from console.sims.tables import fleet_counts

c = alert_rules.c


class AlertRule(Struct, frozen=True, kw_only=True):
    """A rule as it is now."""

    id: Annotated[int, Meta(description="The console's id of the rule.", examples=[3])]
    name: Annotated[str, Meta(description="What people call it.", examples=["Operator lost"])]
    text: Annotated[
        str,
        Meta(description="The rule in words.", examples=["Warning when a SIM has less than 10 % of its data left."]),
    ]
    kind: Annotated[RuleKind, Meta(description="What it asks.", examples=["data_quota_below"])]
    parameters: Annotated[RuleParameters, Meta(description="Its numbers.", examples=[{"percent": 10}])]
    filter: Annotated[
        str, Meta(description="Of which SIMs, as the address of the list has it; empty: all.", examples=["tag=pump"])
    ]
    severity: Annotated[Severity, Meta(description="How urgent its alerts are.", examples=["warning"])]
    priority: Annotated[
        Priority | None, Meta(description="What its alerts do outside; null: by the severity.", examples=["P2"])
    ]
    for_seconds: Annotated[int, Meta(description="How long the condition must hold before it fires.", examples=[0])]
    keep_firing_seconds: Annotated[
        int, Meta(description="How long the condition must have ended before its alert is resolved.", examples=[120])
    ]
    enabled: Annotated[bool, Meta(description="Whether it is judged.", examples=[True])]
    ready_made: Annotated[bool, Meta(description="Whether the console gave it to the organization.", examples=[True])]
    changed_by: Annotated[str, Meta(description="Who changed it last.", examples=["ada"])]
    changed_at: Annotated[datetime, Meta(description="When.", examples=["2026-11-20T10:00:00Z"])]
    revision: Annotated[int, Meta(description="Rises by one with each change.", examples=[1])]


COLUMNS = tuple(c[name] for name in AlertRule.__struct_fields__ if name in c)


def rule_of(row: Any) -> AlertRule:
    """The rule in a row."""
    values = {column.name: getattr(row, column.name) for column in COLUMNS}
    kind, severity = RuleKind(values.pop("kind")), Severity(values.pop("severity"))
    parameters = msgspec.convert(values.pop("parameters"), RuleParameters)
    priority = Priority(row.priority) if row.priority else None
    said = sentence(
        kind,
        parameters,
        filter_text=row.filter,
        severity=severity,
        for_seconds=row.for_seconds,
        keep_firing_seconds=row.keep_firing_seconds,
    )
    ready_made = values.pop("ready_made") is not None
    values |= {"kind": kind, "severity": severity, "priority": priority, "parameters": parameters, "text": said}
    return AlertRule(**values, ready_made=ready_made)


async def rules(connection: AsyncConnection, organization_id: int, *, enabled: bool = False) -> list[AlertRule]:
    """The rules of an organization, the oldest first; or those that are judged."""
    query = sa.select(*COLUMNS).where(c.organization_id == organization_id, c.deleted_at.is_(None)).order_by(c.id)
    if enabled:
        query = query.where(c.enabled)
    return [rule_of(row) for row in (await connection.execute(query)).all()]


async def one(
    connection: AsyncConnection, organization_id: int, rule_id: int, *, lock: bool = False
) -> AlertRule | None:
    """A rule as it is now. With `lock` nobody changes it before the transaction ends."""
    query = sa.select(*COLUMNS).where(c.organization_id == organization_id, c.id == rule_id, c.deleted_at.is_(None))
    row = (await connection.execute(query.with_for_update() if lock else query)).first()
    return rule_of(row) if row else None


async def names_of(connection: AsyncConnection, organization_id: int) -> set[str]:
    """What the rules of an organization are called."""
    query = sa.select(c.name).where(c.organization_id == organization_id, c.deleted_at.is_(None))
    return set((await connection.execute(query)).scalars())


async def check_filter(
    connection: AsyncConnection, organization_id: int, filter_text: str, *, stored: str | None = None
) -> None:
    """Raises Invalid for a filter with a value that no SIM can have, or a status that is no word of 1NCE's, as far as
    any SIM shows. What a rule has already, `stored`, it may keep: else it could not be disabled once its SIMs are gone.
    """
    if filter_text == stored:
        return
    wanted = filter_of(filter_text)
    check_values(wanted)
    check_countries(wanted)
    if asked := statuses_in(wanted):
        f = fleet_counts.c  # of which those that came and those that left are counted apart for a while
        query = sa.select(f.status).where(f.organization_id == organization_id)
        query = query.group_by(f.status).having(sa.func.sum(f.sims) > 0)
        known = {*(await connection.execute(query)).scalars()}
        if wrong := sorted(asked - known):
            raise Invalid(f"status is one of {', '.join(STATUSES)}", status=wrong[0])


def filter_of(text: str) -> SimFilter:
    """The filter of SIMs that a rule's text is. Raises FilterRefused.

    Nothing is found by IMSI or MSISDN: whoever makes a rule, or sees its alerts, need not be one who may read them.
    """
    pairs = parse_qsl(text, keep_blank_values=False)
    words = " ".join(value for name, value in pairs if name == "q")
    if any("\0" in value for _, value in pairs):
        raise FilterRefused("A filter can't hold the character NUL.")
    try:
        parse_search(words)
        return read_filter(pairs, words, masked=True)
    except (AnnotationRefused, SearchTooLong) as error:
        raise FilterRefused(str(error)) from error
