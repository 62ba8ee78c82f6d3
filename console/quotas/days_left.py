"""In how many seconds each data quota is empty, kept for the sorts and filters of lists of SIMs."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from console.quotas.bands import EXHAUSTED_RANK, EXPIRED_RANK, LONGEST_SECONDS, LOW_RANK, UNMEASURED_RANK
from console.quotas.tables import days_left, quota_forecasts, quotas
from console.sims.days_left import DAY_SECONDS, ENDED
from console.sims.filters import texts
from console.sims.rules import LOW_PERCENT


def seconds_until_empty(left: "sa.ColumnElement[Any]", daily: "sa.ColumnElement[Any]") -> "sa.ColumnElement[Any]":
    """`left` in bytes, not negative, as a double; `daily` in bytes. NULL without a forecast."""
    estimated = sa.func.least(sa.func.floor(left * DAY_SECONDS / sa.func.nullif(daily, 0)), LONGEST_SECONDS)
    return sa.case((daily.is_not(None), sa.cast(estimated, sa.BigInteger)))  # LEAST passes over NULL


def days_left_of(organization_id: int, iccids: Sequence[str]) -> "sa.Subquery":
    """Of these SIMs, by their data quotas and forecasts: `seconds` is NULL where it is not known; with the `rank`."""
    q, f = quotas.c, quota_forecasts.c
    forecast = sa.and_(f.organization_id == q.organization_id, f.iccid == q.iccid)
    ended = sa.or_(sa.func.coalesce(q.status.in_(ENDED), sa.false()), q.left <= 0)
    left = sa.cast(sa.func.greatest(q.left, 0), sa.Double)
    until = seconds_until_empty(left, f.daily_bytes)
    seconds = sa.case((ended, sa.literal(0, sa.BigInteger)), else_=until)
    low = sa.cast(q.left, sa.Numeric) * 100 < sa.cast(q.total, sa.Numeric) * LOW_PERCENT
    rank = sa.case(
        (sa.func.coalesce(q.status == "expired", sa.false()), EXPIRED_RANK),
        (ended, EXHAUSTED_RANK),
        (until.is_not(None), until),
        (sa.func.coalesce(low, sa.false()), LOW_RANK),
        else_=UNMEASURED_RANK,
    )
    return (
        sa.select(q.organization_id, q.iccid, seconds.label("seconds"))
        .add_columns(sa.case((sa.and_(sa.not_(ended), until.is_not(None)), f.measured_on)).label("measured_on"))
        .add_columns(sa.cast(rank, sa.BigInteger).label("rank"))
        .select_from(quotas.outerjoin(quota_forecasts, forecast))
        .where(q.organization_id == organization_id, q.iccid == sa.func.any(texts(iccids)), q.service == "data")
        .subquery("found")
    )


def without_rank(organization_id: int) -> "sa.Select[tuple[str]]":
    """The SELECT of the SIMs whose data quota stands nowhere in the list, for a version before this one wrote it."""
    q, d = quotas.c, days_left.c
    ranks = quotas.outerjoin(days_left, sa.and_(d.organization_id == q.organization_id, d.iccid == q.iccid))
    query = sa.select(q.iccid).select_from(ranks)
    return query.where(q.organization_id == organization_id, q.service == "data", d.rank.is_(None))
