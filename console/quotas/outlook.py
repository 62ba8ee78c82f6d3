"""When data quotas run out: for how many SIMs within which time, and which. Only measured use says it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa
from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncConnection

from console.quotas.bands import (
    EXHAUSTED_RANK,
    EXPIRED_RANK,
    EXPIRING,
    LOW_RANK,
    UNKNOWN_RANK,
    UNMEASURED_RANK,
    Outlook,
    QuotaOutlook,
)
from console.quotas.days_left import seconds_until_empty
from console.quotas.standing import KEPT, ORDER, Standing, fresh_from, next_keys, standing_of, times
from console.quotas.tables import quota_forecasts
from console.sims.days_left import BANDS, DAY_SECONDS, DAYS
from console.sims.tables import sim_states
from console.store.direct_reads import DirectReads, Question
from console.store.keyset import Cursor, after, mark, name_of

STATE = ("iccid", "label", "data_left_bytes", "data_total_bytes", "data_expires_at", "data_quota", "quota", "revision")


def _states(organization_id: Any, now: Any, *iccids: str, oldest: Any = None) -> "sa.Subquery":
    """Each SIM with its band. `oldest`: the day of the oldest measurement that counts; by default that of FRESH."""
    s, f = sim_states.c, quota_forecasts.c
    fresh = sa.and_(
        f.organization_id == s.organization_id,
        f.iccid == s.iccid,
        f.measured_on >= (fresh_from(now) if oldest is None else oldest),
    )
    left = sa.cast(sa.func.greatest(s.data_left_bytes, 0), sa.Double)
    known = s.data_left_bytes.is_not(None)
    until = partial(seconds_until_empty, left)
    seconds = until(f.daily_bytes)
    ended = sa.case((s.quota == "expired", "expired"), (s.quota == "exhausted", "exhausted"))
    within = [(seconds < days * DAY_SECONDS, str(days)) for days in DAYS]
    band = sa.case(
        (s.data_left_bytes.is_(None), "unknown"),
        (ended.is_not(None), ended),
        (f.daily_bytes.is_(None), "unmeasured"),
        *within,
        else_="later",
    )
    rank = sa.case(
        (s.data_left_bytes.is_(None), UNKNOWN_RANK),
        (s.quota == "exhausted", EXHAUSTED_RANK),
        (s.quota == "expired", EXPIRED_RANK),
        (f.daily_bytes.is_not(None), seconds),
        (s.quota == "low", LOW_RANK),
        else_=UNMEASURED_RANK,
    )
    query = (
        sa.select(
            *(s[name] for name in STATE),
            band.label("band"),
            sa.case((known, seconds)).label("seconds"),
            sa.case((known, until(f.high_daily_bytes))).label("soonest_seconds"),
            sa.case((known, until(f.low_daily_bytes))).label("latest_seconds"),
            *(f[name] for name in ("daily_bytes", "days", "found", "since")),
            sa.cast(rank, sa.BigInteger).label("rank"),
            _expires(s.data_expires_at, s.quota, now).label("expiring"),
        )
        .select_from(sim_states.outerjoin(quota_forecasts, fresh))
        .where(s.organization_id == organization_id, s.watched)
    )
    return (query.where(s.iccid.in_(iccids)) if iccids else query).subquery("outlook")


def _expires(at: "sa.ColumnElement[Any]", quota: "sa.ColumnElement[Any]", now: Any) -> "sa.ColumnElement[bool]":
    soon = sa.and_(at < now + EXPIRING, sa.func.coalesce(quota, "") != "expired")
    return sa.func.coalesce(soon, sa.false())


async def outlook(connection: AsyncConnection, organization_id: int, now: datetime) -> Outlook:
    """Of all watched SIMs."""
    return (await standing(connection, organization_id, now)).outlook


async def standing(connection: AsyncConnection, organization_id: int, now: datetime) -> Standing:
    """The same, with how far what is kept can be used for the list."""
    text, values = KEPT.asked({"organization_id": organization_id, **times(now)})
    kept = standing_of((await connection.exec_driver_sql(text, tuple(values))).all())
    if kept.usable:
        return kept
    rows = await connection.execute(_bands(_states(organization_id, now)))
    return structs.replace(kept, outlook=_read_bands([row._mapping for row in rows]))


async def outlook_direct(direct: DirectReads, organization_id: int, now: datetime) -> Outlook:
    """The same, as a prepared statement."""
    kept = standing_of(await direct.rows(KEPT, organization_id=organization_id, **times(now)))
    if kept.usable:
        return kept.outlook
    return _read_bands(
        await direct.rows(BANDS_OF, organization_id=organization_id, now=now, fresh_from=fresh_from(now))
    )


def _bands(states: "sa.Subquery") -> "sa.Select[Any]":
    return sa.select(
        states.c.band,
        sa.func.count().label("sims"),
        sa.func.count().filter(states.c.quota == "low").label("low"),
        sa.func.count().filter(states.c.expiring).label("expiring"),
        sa.func.count(states.c.days).label("measured"),
    ).group_by(states.c.band)


def _of_all() -> "sa.Select[Any]":
    organization, now, oldest = (
        sa.bindparam(name, type_=type_)
        for name, type_ in (
            ("organization_id", sa.Integer()),
            ("now", sa.DateTime(timezone=True)),
            ("fresh_from", sa.Date()),
        )
    )
    return _bands(_states(organization, now, oldest=oldest))


BANDS_OF = Question(_of_all)


def _read_bands(rows: Sequence[Mapping[str, Any]]) -> Outlook:
    found = {row["band"]: row["sims"] for row in rows}
    return Outlook(
        bands={band: found.get(band, 0) for band in BANDS},
        low=sum(row["low"] for row in rows),
        expiring=sum(row["expiring"] for row in rows),
        measured=any(row["measured"] for row in rows),
    )


async def soonest(
    connection: AsyncConnection,
    organization_id: int,
    now: datetime,
    *,
    wanted: str = "",
    limit: int = 50,
    cursor: Cursor | None = None,
    kept: Standing | None = None,
) -> tuple[list[QuotaOutlook], str | None]:
    """Those that are empty first: exhausted, expired, then by time; the others behind. And the cursor behind them.

    `wanted` is one of BANDS or OTHERS; empty for all. `kept`: what `standing` answers, if that was asked already.
    """
    kept = kept or await standing(connection, organization_id, now)
    if kept.complete:
        keys = await next_keys(connection, organization_id, kept, now, wanted=wanted, limit=limit + 1, cursor=cursor)
        last = Cursor(name_of(ORDER), [*keys[limit - 1]]).text() if len(keys) > limit else None
        iccids = [iccid for _, iccid in keys[:limit]]
        found = {one.iccid: one for one in await of_sims(connection, organization_id, iccids, now)}
        return [found[iccid] for iccid in iccids if iccid in found], last
    states = _states(organization_id, now)
    order = ((states.c.rank, False), (states.c.iccid, False))
    query = sa.select(states)
    if wanted in BANDS:
        query = query.where(states.c.band == wanted)
    elif wanted:
        query = query.where(states.c.expiring if wanted == "expiring" else states.c.quota == "low")
    if cursor is not None:
        query = query.where(after(order, cursor))
    rows = (await connection.execute(query.order_by(states.c.rank, states.c.iccid).limit(limit + 1))).all()
    return [_read(row) for row in rows[:limit]], mark(order, rows[limit - 1]) if len(rows) > limit else None


async def of_sims(
    connection: AsyncConnection, organization_id: int, iccids: Sequence[str], now: datetime
) -> list[QuotaOutlook]:
    """These SIMs; those that are not watched are left out."""
    rows = (await connection.execute(sa.select(_states(organization_id, now, *iccids)))).all() if iccids else ()
    return [_read(row) for row in rows]


def _read(row: Any) -> QuotaOutlook:
    return QuotaOutlook(**{name: getattr(row, name) for name in QuotaOutlook.__struct_fields__})
