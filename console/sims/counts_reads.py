"""How many SIMs there are of each kind, without looking at each of them."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.sims.filters import one_of
from console.sims.rules import SimFilter
from console.sims.tables import KINDS, fleet_counts, sims, unwatched
from console.store.direct_reads import DirectReads, Question

COUNTED = frozenset(one.name for one in KINDS)


class Kind(Struct, frozen=True, gc=False):
    """So many SIMs are alike in these. None: 1NCE has not said. The fields stand as KINDS has them."""

    connection: str | None
    status: str | None
    quota: str | None
    missing: bool
    operator: str | None
    country: str | None
    rat: str | None
    apn: str | None
    sims: int


class Counts(Struct, frozen=True, kw_only=True):
    """How many SIMs there are of each kind. Each number is that of the list behind it."""

    total: int
    connection: dict[str, int]  # "unknown" where 1NCE has not said
    status: dict[str, int]
    quota: dict[str, int]
    missing: int


def kinds_of(organization_id: "int | sa.BindParameter[int]") -> "sa.Select[Any]":
    """The SELECT of `kinds`."""
    known = sa.select(*KINDS, fleet_counts.c.sims).where(fleet_counts.c.organization_id == organization_id)
    left_out = (
        sa.select(
            *(sims.c[one.name] for one in KINDS if one.name != "missing"),
            (sims.c.missing_walks >= 2).label("missing"),
            sa.literal(-1).label("sims"),
        )
        .join_from(
            unwatched,
            sims,
            sa.and_(sims.c.organization_id == unwatched.c.organization_id, sims.c.iccid == unwatched.c.iccid),
        )
        .where(unwatched.c.organization_id == organization_id)
    )
    names = [one.name for one in KINDS] + ["sims"]
    columns = left_out.subquery("left_out").c
    every = sa.union_all(known, sa.select(*(columns[name] for name in names))).subquery("every")
    alike = [every.c[one.name] for one in KINDS]
    number = sa.func.sum(every.c.sims).cast(sa.BigInteger)
    return sa.select(*alike, number.label("sims")).group_by(*alike).having(number != 0)


def kinds_query() -> "sa.Select[Any]":
    """The SELECT of `kinds`, for the parameter `organization_id`."""
    return kinds_of(sa.bindparam("organization_id", type_=sa.Integer))


KINDS_OF = Question(kinds_query)


async def kinds(connection: AsyncConnection, organization_id: int) -> list[Kind]:
    """The watched SIMs by what they have in common, in one look so that all numbers agree."""
    return [Kind(*row) for row in await connection.execute(kinds_of(organization_id))]


async def kinds_direct(direct: DirectReads, organization_id: int) -> list[Kind]:
    """The same, as a prepared statement."""
    return [Kind(*row) for row in await direct.rows(KINDS_OF, organization_id=organization_id)]


def counted(found: Sequence[Kind]) -> Counts:
    """By connection, status and quota, each apart."""
    connection: Counter[str] = Counter()
    status: Counter[str] = Counter()
    quota: Counter[str] = Counter()
    total = missing = 0
    for one in found:
        sims = one.sims
        total += sims
        missing += sims if one.missing else 0
        connection[one.connection or "unknown"] += sims
        status[one.status or "unknown"] += sims
        quota[one.quota or "unknown"] += sims
    return Counts(total=total, connection=dict(connection), status=dict(status), quota=dict(quota), missing=missing)


async def counts(connection: AsyncConnection, organization_id: int) -> Counts:
    """How many SIMs there are by connection, status and quota."""
    return counted(await kinds(connection, organization_id))


def by_place(found: Sequence[Kind]) -> dict[tuple[str | None, str | None], list[Kind]]:
    """By operator and country."""
    places: dict[tuple[str | None, str | None], list[Kind]] = {}
    for one in found:
        places.setdefault((one.operator, one.country), []).append(one)
    return places


def counted_by_kind(organization_id: "int | sa.BindParameter[int]", wanted: SimFilter) -> "sa.ScalarSelect[int] | None":
    """How many SIMs a filter lets through, watched or not, in SQL; None if they are not counted by what it asks."""
    f = fleet_counts.c
    if wanted.q or any(one.field not in COUNTED for one in wanted.criteria):
        return None
    where = [one_of(fleet_counts, one) for one in wanted.criteria]
    query = sa.select(sa.func.coalesce(sa.func.sum(f.sims), 0)).where(f.organization_id == organization_id, *where)
    return query.scalar_subquery()
