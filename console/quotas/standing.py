"""How many SIMs stand in each band of the list of quotas, and which come next in it, without a look at the fleet.

Both are kept with each change of a quota or forecast. Where what is kept does not add up, as after a version that did
not keep it all, or while forecasts are out of date, the fleet is read.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.quotas.bands import (
    EXHAUSTED_RANK,
    EXPIRED_RANK,
    EXPIRING,
    FRESH,
    LOW_RANK,
    UNKNOWN_RANK,
    Outlook,
)
from console.quotas.tables import days_left, quota_counts, quota_forecasts, quotas
from console.sims.counts_reads import kinds_of
from console.sims.days_left import BANDS, DAY_SECONDS, DAYS, ENDED
from console.sims.ordering import FEW
from console.sims.tables import is_watched, sims, unwatched
from console.store.direct_reads import Question
from console.store.keyset import Cursor, after

HOUR = timedelta(hours=1)
# The table as far as it is ranked: without a rank, nothing of it is read.
ranked = sa.Table(
    "sim_days_left",
    sa.MetaData(),
    sa.Column("organization_id", sa.Integer, nullable=False),
    sa.Column("rank", sa.BigInteger, nullable=False),
    sa.Column("iccid", sa.Text, nullable=False),
)
ORDER = ((ranked.c.rank, False), (ranked.c.iccid, False))
Key = tuple[int, str]  # rank and ICCID
Bounds = dict[str, tuple[int, int]]


class Standing(Struct, frozen=True):
    """What is kept; `complete`: each SIM with a quota has its rank, and no forecast is out of date."""

    outlook: Outlook
    complete: bool
    usable: bool  # the outlook at least


def _ranks() -> Bounds:
    """Of each band but the unknown quotas, from which rank to below which."""
    found = {"exhausted": (EXHAUSTED_RANK, EXHAUSTED_RANK + 1), "expired": (EXPIRED_RANK, EXPIRED_RANK + 1)}
    bounds = [0, *(days * DAY_SECONDS for days in DAYS), LOW_RANK]
    names = [*map(str, DAYS), "later"]
    found |= {name: (low, high) for name, low, high in zip(names, bounds[:-1], bounds[1:], strict=True)}
    return found | {"unmeasured": (LOW_RANK, UNKNOWN_RANK)}


def band_of(rank: "sa.ColumnElement[Any]") -> "sa.ColumnElement[str]":
    """The band that a rank stands in, as triggers count it."""
    return sa.case(*((sa.and_(rank >= low, rank < high), name) for name, (low, high) in _ranks().items()))


def times(now: datetime) -> dict[str, Any]:
    """The parameters of KEPT beside the organization."""
    until = now + EXPIRING
    hour = until.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return {"fresh_from": fresh_from(now), "until": until, "hour": hour}


def fresh_from(now: datetime) -> date:
    """The day of the oldest forecast that counts."""
    return (now - FRESH).astimezone(UTC).date()


def _kept() -> "sa.SelectBase":
    organization, fresh = sa.bindparam("organization_id", type_=sa.Integer), sa.bindparam("fresh_from", type_=sa.Date)
    until, hour = (sa.bindparam(name, type_=sa.DateTime(timezone=True)) for name in ("until", "hour"))
    q, d, k, u, f = quotas.c, days_left.c, quota_counts.c, unwatched.c, quota_forecasts.c
    every = kinds_of(organization).subquery("kinds")
    mine = sa.and_(d.organization_id == u.organization_id, d.iccid == u.iccid)
    left_out = sa.select(band_of(d.rank), d.measured_on, sa.literal(-1)).join_from(unwatched, days_left, mine)
    banded = sa.union_all(
        sa.select(k.band, k.measured_on, k.sims).where(k.organization_id == organization, k.expires_in.is_(None)),
        left_out.where(u.organization_id == organization),
    ).subquery("banded")
    ends = sa.and_(q.service == "data", q.status.is_distinct_from("expired"))
    theirs = sa.and_(q.organization_id == u.organization_id, q.iccid == u.iccid)
    hours = sa.select(sa.func.coalesce(sa.func.sum(k.sims), 0))
    number = sa.select(sa.func.count())
    expiring = (
        hours.where(k.organization_id == organization, k.expires_in < hour),
        number.where(q.organization_id == organization, ends, q.expires_at >= hour, q.expires_at < until),
        number.select_from(sa.join(unwatched, quotas, theirs)).where(
            u.organization_id == organization, ends, q.expires_at < until
        ),
    )
    whole, begun, unwatched_ones = (one.scalar_subquery() for one in expiring)
    measured = sa.exists().where(f.organization_id == organization, f.measured_on >= fresh, is_watched(quota_forecasts))
    old = sa.func.coalesce(banded.c.measured_on < fresh, sa.false())
    return sa.union_all(
        sa.select(sa.literal("quota"), every.c.quota, _sum(every.c.sims)).group_by(every.c.quota),
        sa.select(sa.case((old, "old"), else_="band"), banded.c.band, _sum(banded.c.sims)).group_by(old, banded.c.band),
        sa.select(sa.literal("expiring"), sa.null(), sa.cast(whole + begun - unwatched_ones, sa.BigInteger)),
        sa.select(sa.literal("measured"), sa.null(), sa.cast(sa.cast(measured, sa.Integer), sa.BigInteger)),
    )


def _sum(column: "sa.ColumnElement[Any]") -> "sa.ColumnElement[int]":
    return sa.cast(sa.func.sum(column), sa.BigInteger)


KEPT = Question(_kept)


def standing_of(rows: Iterable[Sequence[Any]]) -> Standing:
    """Of the rows of KEPT: `quota` by word, `band` and `old` by band, `expiring`, `measured`."""
    found: dict[tuple[str, str | None], int] = {(what, name): number for what, name, number in rows if number}
    words = {name: number for (what, name), number in found.items() if what == "quota"}
    bands = {name: number for (what, name), number in found.items() if what == "band"}
    old = sum(number for (what, _), number in found.items() if what == "old")
    bands["unmeasured"] = bands.get("unmeasured", 0) + old
    unknown = words.pop(None, 0)
    usable = (
        None not in bands
        and sum(bands.values()) == sum(words.values())
        and all(bands.get(one, 0) == words.get(one, 0) for one in ENDED)
    )
    outlook = Outlook(
        bands={band: unknown if band == "unknown" else bands.get(band, 0) for band in BANDS},
        low=words.get("low", 0),
        expiring=found.get(("expiring", None), 0),
        measured=bool(found.get(("measured", None))),
    )
    return Standing(outlook, complete=usable and not old, usable=usable)


async def next_keys(
    connection: AsyncConnection,
    organization_id: int,
    standing: Standing,
    now: datetime,
    *,
    wanted: str,
    limit: int,
    cursor: Cursor | None,
) -> list[Key]:
    """The next in the list. `standing` must be complete."""
    r = ranked.c
    query = sa.select(r.rank, r.iccid).where(r.organization_id == organization_id, is_watched(ranked))
    if wanted in _ranks():
        low, high = _ranks()[wanted]
        query = query.where(r.rank >= low, r.rank < high)
    elif wanted in ("low", "expiring"):
        query = query.where(r.rank > EXPIRED_RANK if wanted == "low" else r.rank != EXPIRED_RANK)  # not one of these
        query = query.where(_among(organization_id, wanted, now, few=getattr(standing.outlook, wanted) <= FEW))
    if cursor is not None:
        query = query.where(after(ORDER, cursor))
    found: list[Key] = []
    if wanted != "unknown":
        rows = await connection.execute(query.order_by(r.rank, r.iccid).limit(limit))
        found = [(row.rank, row.iccid) for row in rows]
    if wanted in ("", "unknown") and len(found) < limit:
        found += await _unknown(connection, organization_id, limit - len(found), cursor)
    return found


def _among(organization_id: int, wanted: str, now: datetime, *, few: bool) -> "sa.ColumnElement[bool]":
    """`few`: they are found by their own index, then sorted; else met on a walk through the order."""
    r, q, s = ranked.c, quotas.c, sims.c
    if wanted == "low":
        column, where = s.iccid, sa.and_(s.organization_id == organization_id, s.quota == "low")
    else:
        ends = sa.and_(q.expires_at < now + EXPIRING, q.status.is_distinct_from("expired"))
        column, where = q.iccid, sa.and_(q.organization_id == organization_id, q.service == "data", ends)
    if few:
        listed = sa.select(sa.func.array(sa.select(column).where(where).scalar_subquery(), type_=sa.ARRAY(sa.Text)))
        return r.iccid == sa.func.any(sa.cast(listed.scalar_subquery(), sa.ARRAY(sa.Text)))
    return sa.exists().where(where, column == r.iccid)


async def _unknown(connection: AsyncConnection, organization_id: int, limit: int, cursor: Cursor | None) -> list[Key]:
    s = sims.c
    query = sa.select(s.iccid).where(s.organization_id == organization_id, s.quota.is_(None), is_watched(sims))
    if cursor is not None and cursor.values[0] >= UNKNOWN_RANK:
        query = query.where(s.iccid > cursor.values[1])
    rows = await connection.execute(query.order_by(s.iccid).limit(limit))
    return [(UNKNOWN_RANK, iccid) for iccid in rows.scalars()]
