"""When a rule would have fired in the last seven days, where the histories that are kept allow to say it."""

from datetime import datetime, timedelta
from typing import Annotated

import sqlalchemy as sa
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.alert_rules import trying_histories, trying_quotas, trying_spans
from console.alert_rules.kinds import RuleKind, RuleParameters
from console.alert_rules.reads import filter_of
from console.alert_rules.sentences import span
from console.alert_rules.writes import NewAlertRule
from console.connectivity.tables import status_history
from console.errors import Conflict
from console.sims.filters import conditions
from console.sims.tables import annotations, sim_states

TRIED = timedelta(days=7)
MOST_SHOWN = 100
NIGHT_BEGINS, NIGHT_ENDS = 22, 6  # o'clock, UTC
h = status_history.c
ON = ("online", "attached")
BY_PLACES = trying_spans.KINDS | {RuleKind.SHARE_LEFT, RuleKind.SESSIONS_FLAPPING}  # where SIMs were
NO_HISTORY = {
    RuleKind.DATA_RUNS_OUT: "no history of forecasts is kept",
    RuleKind.STATUS_CHANGED: "no history of enabling and disabling is kept",
    RuleKind.IMEI_CHANGED: "no history of devices is kept",
}


class TriedFiring(Struct, frozen=True, kw_only=True):
    """Once that the rule would have fired."""

    at: Annotated[datetime, Meta(description="When.", examples=["2026-11-19T02:10:00Z"])]
    subject: Annotated[
        str, Meta(description="For what: an ICCID, or a group.", examples=["operator:DE/Deutsche Telekom"])
    ]
    sims: Annotated[int, Meta(description="SIMs.", examples=[1204])]


class Tried(Struct, frozen=True, kw_only=True):
    """How a rule would have done."""

    since: Annotated[datetime, Meta(description="From when on it was tried.", examples=["2026-11-13T10:00:00Z"])]
    possible: Annotated[bool, Meta(description="Whether the history that is kept allows to say it.", examples=[True])]
    text: Annotated[
        str,
        Meta(
            description="The result in words.",
            examples=["It would have fired 12 times in the last 7 days, 3 of them at night (22:00 to 06:00 UTC)."],
        ),
    ]
    times: Annotated[int, Meta(description="How often.", examples=[12])] = 0
    at_night: Annotated[int, Meta(description="Of these from 22:00 to 06:00 UTC.", examples=[3])] = 0
    firings: Annotated[list[TriedFiring], Meta(description="The first hundred.")] = []


async def tried(connection: AsyncConnection, organization_id: int, rule: NewAlertRule, now: datetime) -> Tried:
    """Try a rule against the last seven days. A rule of the console's own state can't be tried."""
    since, remark = now - TRIED, ""
    match rule.kind:
        case RuleKind.SHARE_LEFT:
            found = await _left(connection, organization_id, rule.parameters, since)
        case kind if kind in trying_histories.KINDS | trying_quotas.KINDS | trying_spans.KINDS:
            try:
                firings, remark = await _of_sims(connection, organization_id, rule, since, now)
            except Conflict as refused:
                return Tried(since=since, possible=False, text=f"It can't be tried: {refused.message}.")
            found = [TriedFiring(at=at, subject=iccid, sims=1) for at, iccid in firings]
        case _:
            why = NO_HISTORY.get(rule.kind, "the console keeps no history of this")
            return Tried(since=since, possible=False, text=f"It can't be tried: {why}.")
    if rule.kind in BY_PLACES:
        remark += await _not_known_before(connection, organization_id, since, now)
    if rule.for_seconds and rule.kind not in trying_spans.KINDS:
        remark += f" That it must hold for {span(rule.for_seconds)} is not reckoned with: it may fire less often."
    night = sum(one.at.hour >= NIGHT_BEGINS or one.at.hour < NIGHT_ENDS for one in found)
    times = f"{len(found):,} time{'' if len(found) == 1 else 's'}" if found else "never"
    at_night = f", {night:,} of them at night (22:00 to 06:00 UTC)" if night else ""
    said = f"It would have fired {times} in the last 7 days{at_night}. {remark.strip()}".rstrip()
    return Tried(since=since, possible=True, text=said, times=len(found), at_night=night, firings=found[:MOST_SHOWN])


async def _not_known_before(connection: AsyncConnection, organization_id: int, since: datetime, now: datetime) -> str:
    """In words, where the history does not reach back so far."""
    mine = h.organization_id == organization_id
    if (await connection.execute(sa.select(sa.exists().where(mine, h.time <= since)))).scalar_one():
        return ""
    first = (
        await connection.execute(sa.select(sa.func.min(h.time)).where(mine, h.time > since, h.time < now))
    ).scalar_one()
    return f"Nothing is known before {first:%Y-%m-%d %H:%M} UTC." if first else "Nothing is known of that time yet."


async def _of_sims(
    connection: AsyncConnection, organization_id: int, rule: NewAlertRule, since: datetime, now: datetime
) -> tuple[list[trying_histories.Firing], str]:
    """When, and for which SIM, and what this goes by, in words. Raises Conflict."""
    if rule.kind in trying_quotas.KINDS:
        mine = sa.and_(*conditions(organization_id, filter_of(rule.filter)))
        return await trying_quotas.firings(connection, organization_id, rule.kind, rule.parameters, mine, since, now)
    which = _iccids(organization_id, rule)
    if rule.kind in trying_spans.KINDS:
        return await trying_spans.firings(connection, organization_id, rule, which, since, now), ""
    return await trying_histories.firings(
        connection, organization_id, rule.kind, rule.parameters, which, since, now
    ), ""


def _iccids(organization_id: int, rule: NewAlertRule) -> "sa.Select[tuple[str]] | None":
    """The SIMs that the rule is about; None for all."""
    if not rule.filter:
        return None
    return sa.select(sim_states.c.iccid).where(*conditions(organization_id, filter_of(rule.filter)))


async def _left(
    connection: AsyncConnection, organization_id: int, parameters: RuleParameters, since: datetime
) -> list[TriedFiring]:
    """Spans of the rule's minutes in which enough SIMs of a group left, against those on it in the last seven days."""
    order = {"partition_by": h.iccid, "order_by": h.time}
    before = sa.func.lag(h.connection).over(**order).label("before")  # type: ignore[arg-type]
    operator = sa.func.coalesce(h.operator, sa.func.lag(h.operator).over(**order), "")  # type: ignore[arg-type]
    country = sa.func.coalesce(h.country, sa.func.lag(h.country).over(**order), "")  # type: ignore[arg-type]
    key = sa.func.concat("country:", country)
    if parameters.by == "operator":
        key = sa.func.concat("operator:", country, "/", operator)
    mine = sa.and_(h.organization_id == organization_id, h.time >= since)
    seen = sa.select(h.iccid, h.time, h.connection, before, key.label("key")).where(mine).subquery("seen")
    if parameters.by == "tag":
        its = sa.and_(annotations.c.organization_id == organization_id, annotations.c.iccid == seen.c.iccid)
        tagged = sa.func.concat("tag:", sa.func.unnest(annotations.c.tags)).label("key")
        each = sa.select(seen.c.iccid, seen.c.time, seen.c.connection, seen.c.before, tagged)
        seen = each.select_from(seen.join(annotations, its)).subquery("tagged")
    minutes = parameters.minutes or 1
    window = sa.func.floor(sa.extract("epoch", seen.c.time) / (minutes * 60)).label("window")
    size = sa.select(seen.c.key, sa.func.count(sa.distinct(seen.c.iccid)).label("sims")).group_by(seen.c.key)
    sizes = size.where(seen.c.connection.in_(ON)).subquery("sizes")
    left = sa.and_(seen.c.before.in_(ON), sa.func.coalesce(seen.c.connection, "").not_in(ON))
    number = sa.func.count(sa.distinct(seen.c.iccid)).label("sims")
    query = sa.select(seen.c.key, window, sa.func.min(seen.c.time).label("time"), number)
    query = query.select_from(seen.join(sizes, sizes.c.key == seen.c.key)).where(left)
    query = query.group_by(seen.c.key, window, sizes.c.sims)
    enough = sa.and_(number >= (parameters.least_sims or 1), number * 100 >= sizes.c.sims * (parameters.percent or 100))
    rows = (await connection.execute(query.having(enough).order_by(sa.text("time")))).all()
    return [TriedFiring(at=row.time, subject=row.key, sims=row.sims) for row in rows]
