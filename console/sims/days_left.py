"""SIMs by when their data quota is empty: bands of days, as the page of quotas counts them."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal, get_args

import sqlalchemy as sa

from console.sims.tables import sim_states

DAYS = (1, 3, 7, 14, 30, 90, 365)  # each band is up to so many
ENDED = ("exhausted", "expired")
Band = Literal["exhausted", "expired", "1", "3", "7", "14", "30", "90", "365", "later", "unmeasured", "unknown"]
BANDS: tuple[str, ...] = get_args(Band)
DAY_SECONDS = 86_400
FRESH_DAYS = 1  # a forecast of an earlier day than yesterday says nothing


def in_bands(bands: Sequence[str], *, excluded: bool) -> "sa.ColumnElement[bool]":
    """Whether a SIM is in one of these bands, or in none of them. What is no band has no SIM."""
    found = sa.or_(sa.false(), *(_in_band(one) for one in bands if one in BANDS))
    return sa.not_(found) if excluded else found


def is_one_of(column: "sa.ColumnElement[Any]", values: Sequence[str]) -> "sa.ColumnElement[bool]":
    """Whether a text is one of these; the values are one parameter, however many there are."""
    return column == sa.any_(sa.literal(list(values), sa.ARRAY(sa.Text)))


def _in_band(band: str) -> "sa.ColumnElement[bool]":
    c = sim_states.c
    known = c.data_left_bytes.is_not(None)
    if band == "unknown":
        return sa.not_(known)
    if band in ENDED:
        return sa.and_(known, sa.func.coalesce(c.quota == band, sa.false()))
    ended = sa.func.coalesce(is_one_of(c.quota, ENDED), sa.false())
    today = sa.cast(sa.func.timezone("UTC", sa.func.now()), sa.Date)
    measured = sa.func.coalesce(c.forecast_on >= today - FRESH_DAYS, sa.false())
    if band == "unmeasured":
        return sa.and_(known, sa.not_(ended), sa.not_(measured))
    from_days, until_days = _within(band)
    where = [known, sa.not_(ended), measured, c.data_left_seconds >= from_days * DAY_SECONDS]
    return sa.and_(*where, *([] if until_days is None else [c.data_left_seconds < until_days * DAY_SECONDS]))


def _within(band: str) -> tuple[int, int | None]:
    if band == "later":
        return DAYS[-1], None
    return next((low, high) for low, high in pairwise((0, *DAYS)) if str(high) == band)
