"""How many SIMs are in bands of days left, by what triggers count; by a look at each where the counts do not add up."""

from typing import Any

import sqlalchemy as sa

from console.sims.days_left import ENDED, FRESH_DAYS, is_one_of
from console.sims.rules import LEFT, Criterion, SimFilter
from console.sims.tables import fleet_counts
from console.store.metadata import moment

UNKNOWN, UNMEASURED = "unknown", "unmeasured"
# As far as bands are counted: rows that have an hour instead say when quotas end.
band_counts = sa.Table(
    "quota_counts",
    sa.MetaData(),
    sa.Column("organization_id", sa.Integer, nullable=False),
    sa.Column("band", sa.Text),
    sa.Column("measured_on", sa.Date),
    moment("expires_in"),
    sa.Column("sims", sa.BigInteger, nullable=False),
)


def bands_alone(wanted: SimFilter) -> Criterion | None:
    """The bands that a filter asks for, if it asks for nothing else."""
    alone = not wanted.q and len(wanted.criteria) == 1 and wanted.criteria[0].field == LEFT
    return wanted.criteria[0] if alone else None


def counted_in_bands(
    organization_id: "int | sa.BindParameter[int]", asked: Criterion, looked_at: "sa.ColumnElement[int]"
) -> "sa.ColumnElement[int]":
    """How many SIMs are in these bands, watched or not, in SQL; `looked_at` where the counts do not add up.

    They don't after a version that did not write where each quota stands.
    """
    b, f = band_counts.c, fleet_counts.c
    banded = sa.and_(b.organization_id == organization_id, b.expires_in.is_(None))
    fleet = f.organization_id == organization_id
    today = sa.cast(sa.func.timezone("UTC", sa.func.now()), sa.Date)
    old = sa.func.coalesce(b.measured_on < today - FRESH_DAYS, sa.false())
    measured = [one for one in asked.values if one not in (*ENDED, UNKNOWN, UNMEASURED)]
    within = sa.and_(is_one_of(b.band, measured), sa.not_(old))
    if UNMEASURED in asked.values:
        within = sa.or_(within, b.band == UNMEASURED, sa.and_(old, sa.not_(is_one_of(b.band, ENDED))))
    ended_asked = [one for one in asked.values if one in ENDED]
    said: sa.ColumnElement[bool] = sa.func.coalesce(is_one_of(f.quota, ended_asked), sa.false())
    if UNKNOWN in asked.values:
        said = sa.or_(said, f.quota.is_(None))
    found = _sum(b.sims, banded, within) + _sum(f.sims, fleet, said)
    if asked.excluded:
        found = _sum(f.sims, fleet) - found
    ended = [_sum(b.sims, banded, b.band == one) == _sum(f.sims, fleet, f.quota == one) for one in ENDED]
    all_banded = _sum(b.sims, banded, b.band.is_not(None)) == _sum(f.sims, fleet, f.quota.is_not(None))
    adds_up = sa.and_(all_banded, _sum(b.sims, banded, b.band.is_(None)) == 0, *ended)
    return sa.case((adds_up, found), else_=looked_at)


def _sum(column: "sa.ColumnElement[Any]", *where: "sa.ColumnElement[bool]") -> "sa.ColumnElement[int]":
    number = sa.select(sa.cast(sa.func.coalesce(sa.func.sum(column), 0), sa.BigInteger)).where(*where)
    return number.scalar_subquery()
