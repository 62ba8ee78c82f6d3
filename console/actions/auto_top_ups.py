"""Rules by which the console tops SIMs up by itself: which SIMs they are for, and why one does nothing.

Off until somebody turns one on. What it asks for is an ordinary top-up of whoever turned it on: held, within budgets,
approved where that is demanded, sent at most once. Right before it is sent the quota is read at 1NCE: what is not
below the rule's bound any more is not topped up.
"""

from datetime import datetime, timedelta
from typing import Annotated, Any

import sqlalchemy as sa
from msgspec import Meta, Struct, structs
from sqlalchemy.ext.asyncio import AsyncConnection

from console.actions.budgets import MOST_TOP_UPS, day_of
from console.actions.requests import PaymentMethod
from console.actions.rules import OPEN
from console.actions.tables import actions, auto_top_ups
from console.errors import Conflict, Invalid
from console.facts.actions import ActionKind
from console.quotas.bands import FRESH
from console.quotas.tables import quota_forecasts
from console.sims.annotations_rules import fold_tag
from console.sims.tables import sim_states

r, a, s, f = auto_top_ups.c, actions.c, sim_states.c, quota_forecasts.c
MOST_RULES, LARGEST_BYTES, MOST_DAYS, MB = 50, 1 << 40, 365, 1 << 20
ONCE_IN = timedelta(hours=24)  # a SIM is topped up by rules once, whatever became of it


class AutoTopUpSetting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which SIMs are topped up, when, and how often."""

    tag: Annotated[
        Annotated[str, Meta(max_length=100)] | None,
        Meta(description="The SIMs with this tag; null: all watched SIMs.", examples=["north"]),
    ] = None
    below_bytes: Annotated[
        Annotated[int, Meta(ge=1, le=LARGEST_BYTES)] | None,
        Meta(description="With fewer bytes left than this; null: by days alone.", examples=[52_428_800]),
    ] = None
    below_days: Annotated[
        Annotated[int, Meta(ge=1, le=MOST_DAYS)] | None,
        Meta(
            description="Where what is left lasts fewer days at the estimated use; not where that has changed lately.",
            examples=[7],
        ),
    ] = None
    payment_method: Annotated[PaymentMethod, Meta(description="As for a top-up.", examples=["creditcard"])]
    most_per_day: Annotated[
        int, Meta(ge=1, le=MOST_TOP_UPS, description="So many top-ups a day (UTC) at most.", examples=[10])
    ]
    on: Annotated[bool, Meta(description="Whether it acts.", examples=[False])] = False
    own_is_off: Annotated[
        bool,
        Meta(
            description="That 1NCE's own automatic top-up is off for these SIMs: without it no rule is turned on, for "
            "both would buy.",
            examples=[True],
        ),
    ] = False


class AutoTopUp(Struct, frozen=True, kw_only=True):
    """A rule by which the console tops SIMs up by itself."""

    id: Annotated[int, Meta(description="The console's number of it.", examples=[1])]
    tag: Annotated[str | None, Meta(description="The SIMs with this tag; null: all.", examples=["north"])]
    below_bytes: Annotated[int | None, Meta(description="Bytes left, below which it acts.", examples=[52_428_800])]
    below_days: Annotated[int | None, Meta(description="Days left, below which it acts.", examples=[7])]
    payment_method: Annotated[str, Meta(description="As for a top-up.", examples=["creditcard"])]
    most_per_day: Annotated[int, Meta(description="Top-ups a day (UTC) at most.", examples=[10])]
    is_on: Annotated[bool, Meta(description="Whether it acts.", examples=[True])]
    changed_by: Annotated[str, Meta(description="Who changed it last: it acts as they may.", examples=["ada"])]
    changed_at: Annotated[datetime, Meta(description="When.", examples=["2026-11-20T10:00:00Z"])]
    checked_at: Annotated[
        datetime | None, Meta(description="When it was last looked for SIMs.", examples=["2026-11-20T10:00:00Z"])
    ]
    message: Annotated[
        str | None,
        Meta(description="Why it did nothing then; null: nothing hindered it.", examples=["The budget is used up."]),
    ]
    caller: Annotated[str, Meta(description="The same as a handle.", examples=["user:3"])]
    sims: Annotated[int, Meta(description="SIMs below its bound now that it would top up.", examples=[2])] = 0


class Candidate(Struct, frozen=True, kw_only=True):
    """A SIM that is to be topped up, and the bytes left below which it still is."""

    iccid: str
    left_bytes: int
    below_bytes: int


def in_megabytes(below_bytes: int | None) -> str:
    """A bound as a form shows it, cut to hundredths; empty: none."""
    return "" if below_bytes is None else f"{below_bytes * 100 // MB / 100:.2f}".rstrip("0").rstrip(".")


async def checked_rule(
    connection: AsyncConnection, organization_id: int, rule_id: int | None, setting: AutoTopUpSetting
) -> dict[str, Any]:
    """Its columns, the tag as it is stored.

    Raises Invalid for a rule without a bound, one that may not be turned on, or one too many, and Conflict for the
    same SIMs as another's.
    """
    if setting.below_bytes is None and setting.below_days is None:
        raise Invalid("Say below how many bytes or days a SIM is topped up")
    if setting.on and not setting.own_is_off:
        raise Invalid("Turn 1NCE's own automatic top-up off for these SIMs first, and say so: else both buy")
    tag = fold_tag(setting.tag) if setting.tag else ""
    mine = sa.select(r.tag, r.id).where(r.organization_id == organization_id)
    known = {row.tag: row.id for row in (await connection.execute(mine)).all()}
    if known.get(tag, rule_id) != rule_id:
        raise Conflict("There is a rule for these SIMs already: change that one")
    if rule_id is None and len(known) >= MOST_RULES:
        raise Invalid(f"There are at most {MOST_RULES} rules")
    columns = ("below_bytes", "below_days", "payment_method", "most_per_day")
    return {name: getattr(setting, name) for name in columns} | {"tag": tag, "is_on": setting.on}


async def rules(connection: AsyncConnection, organization_id: int) -> list[AutoTopUp]:
    """The rules, without looking for SIMs."""
    names = [name for name in AutoTopUp.__struct_fields__ if name != "sims"]
    query = sa.select(*(r[name] for name in names)).where(r.organization_id == organization_id).order_by(r.tag)
    return [AutoTopUp(**{**row._mapping, "tag": row.tag or None}) for row in await connection.execute(query)]


async def listed(connection: AsyncConnection, organization_id: int, now: datetime) -> list[AutoTopUp]:
    """The rules, each with the number of SIMs that it would top up now."""
    found = []
    for rule in await rules(connection, organization_id):
        below = candidates(organization_id, rule.tag or "", rule.below_bytes, rule.below_days, now)
        sims = (await connection.execute(sa.select(sa.func.count()).select_from(below.subquery()))).scalar_one()
        found.append(structs.replace(rule, sims=sims))
    return found


async def is_unchanged(connection: AsyncConnection, organization_id: int, rule: AutoTopUp) -> bool:
    """Whether nobody has turned the rule off, changed or removed it since it was read."""
    mine = sa.and_(r.organization_id == organization_id, r.id == rule.id)
    query = sa.select(r.id).where(mine, r.is_on, r.changed_at == rule.changed_at)
    return (await connection.execute(query)).first() is not None


async def next_sims(
    connection: AsyncConnection, organization_id: int, rule: AutoTopUp, now: datetime, *, limit: int
) -> list[Candidate]:
    """The SIMs that the rule tops up now, the emptiest first: as many as it may today, and at most `limit`."""
    mine = sa.and_(a.organization_id == organization_id, a.kind == ActionKind.TOP_UP, a.requested_at >= day_of(now))
    made = sa.select(sa.func.count()).where(mine, a.idempotency_key.like(f"auto:{rule.id}:%"))
    most = min(limit, rule.most_per_day - (await connection.execute(made)).scalar_one())
    if most <= 0:
        return []
    query = candidates(organization_id, rule.tag or "", rule.below_bytes, rule.below_days, now)
    rows = (await connection.execute(query.order_by(s.data_left_bytes, s.iccid).limit(most))).all()
    return [Candidate(iccid=row.iccid, left_bytes=row.data_left_bytes, below_bytes=int(row.below)) for row in rows]


def candidates(
    organization_id: int, tag: str, below_bytes: int | None, below_days: int | None, now: datetime
) -> "sa.Select[Any]":
    """SIMs below the bound. Not those that are off, gone or expired, nor any that was to be topped up within a day."""
    used_a_day = sa.cast(f.daily_bytes, sa.Float)  # NULL where it has changed lately: then by bytes alone
    bounds: list[sa.ColumnElement[Any]] = [] if below_bytes is None else [sa.literal(below_bytes, sa.Float)]
    bounds += [] if below_days is None else [used_a_day * below_days]
    below = sa.func.ceil(sa.func.greatest(*bounds)).label("below")  # which passes over NULL
    asked = sa.select(a.id).where(a.organization_id == organization_id, a.iccid == s.iccid)
    asked = asked.where(a.kind == ActionKind.TOP_UP, sa.or_(a.requested_at > now - ONCE_IN, a.state.in_([*OPEN])))
    measured = sa.and_(
        f.organization_id == s.organization_id, f.iccid == s.iccid, f.measured_on >= (now - FRESH).date()
    )
    query = sa.select(s.iccid, s.data_left_bytes, below).outerjoin(quota_forecasts, measured)
    query = query.where(s.organization_id == organization_id, s.watched, sa.not_(s.missing), s.status == "enabled")
    query = query.where(s.data_quota.in_(("active", "exhausted")), s.data_left_bytes < below, sa.not_(asked.exists()))
    return query.where(sa.literal(tag, sa.Text) == sa.any_(s.tags)) if tag else query
