"""When data quotas run out: for how many SIMs within which time, and which. Only measured use says it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from console.quotas.bands import (
    BANDS,
    DAY_SECONDS,
    DAYS,
    EXHAUSTED_RANK,
    EXPIRED_RANK,
    EXPIRING,
    FRESH,
    LONGEST_SECONDS,
    LOW_RANK,
    UNKNOWN_RANK,
    UNMEASURED_RANK,
    Outlook,
    QuotaOutlook,
)
from console.quotas.tables import quota_forecasts
from console.sims.tables import sim_states
from console.store.direct_reads import DirectReads, Question
from console.store.keyset import Cursor, after, mark

STATE = ("iccid", "label", "data_left_bytes", "data_total_bytes", "data_expires_at", "data_quota", "quota", "revision")


def _states(organization_id: Any, now: Any, *iccids: str, fresh_from: Any = None) -> "sa.Subquery":
    """Each SIM with its band. `fresh_from`: the day of the oldest measurement that counts; by default that of FRESH."""
    s, f = sim_states.c, quota_forecasts.c
    fresh = sa.and_(
        f.organization_id == s.organization_id,
        f.iccid == s.iccid,
        f.measured_on >= (_fresh_from(now) if fresh_from is None else fresh_from),
    )
    left = sa.cast(sa.func.greatest(s.data_left_bytes, 0), sa.Double)
    known = s.data_left_bytes.is_not(None)

    def until(daily: "sa.ColumnElement[Any]") -> "sa.ColumnElement[Any]":
        estimated = sa.func.least(sa.func.floor(left * DAY_SECONDS / sa.func.nullif(daily, 0)), LONGEST_SECONDS)
        return sa.case((daily.is_not(None), sa.cast(estimated, sa.BigInteger)))  # LEAST passes over NULL

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


def _fresh_from(now: datetime) -> date:
    return (now - FRESH).astimezone(UTC).date()


def _expires(at: "sa.ColumnElement[Any]", quota: "sa.ColumnElement[Any]", now: Any) -> "sa.ColumnElement[bool]":
    soon = sa.and_(at < now + EXPIRING, sa.func.coalesce(quota, "") != "expired")
    return sa.func.coalesce(soon, sa.false())


async def outlook(connection: AsyncConnection, organization_id: int, now: datetime) -> Outlook:
    """Of all watched SIMs."""
    return _read_bands([row._mapping for row in await connection.execute(_bands(_states(organization_id, now)))])


async def outlook_direct(direct: DirectReads, organization_id: int, now: datetime) -> Outlook:
    """The same, as a prepared statement."""
    return _read_bands(
        await direct.rows(BANDS_OF, organization_id=organization_id, now=now, fresh_from=_fresh_from(now))
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
    organization, now, fresh_from = (
        sa.bindparam(name, type_=type_)
        for name, type_ in (
            ("organization_id", sa.Integer()),
            ("now", sa.DateTime(timezone=True)),
            ("fresh_from", sa.Date()),
        )
    )
    return _bands(_states(organization, now, fresh_from=fresh_from))


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
) -> tuple[list[QuotaOutlook], str | None]:
    """Those that are empty first: exhausted, expired, then by time; the others behind. And the cursor behind them.

    `wanted` is one of BANDS or OTHERS; empty for all.
    """
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
