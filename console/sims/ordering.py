"""Which table a list of SIMs is read from, and in which order."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from console.sims.counts_reads import counted_by_kind
from console.sims.filters import SHORTEST, conditions, has
from console.sims.rules import SimFilter, Sort
from console.sims.search import parse_search
from console.sims.sorting import keys_of
from console.sims.tables import is_watched, sim_states, words
from console.store.keyset import Keys

INDEXED = ("connection", "quota", "country")  # fields of a filter by which an index finds SIMs
FEW = 10_000
FEW_OF = 20  # of a large fleet, so many times fewer are few too: a walk that meets none of them sees all others


def ordered(
    organization_id: int, wanted: SimFilter, sort: Sequence[Sort]
) -> "tuple[Keys, list[sa.ColumnElement[bool]], sa.ColumnElement[Any]]":
    """The fields to order by, the filter in SQL, and the column of the ICCID: of the words alone where they suffice."""
    if {one.field for one in sort} <= {"iccid"} and (asked := words_alone(wanted)):
        iccid = words.c.iccid
        where = [*having_words(organization_id, asked), is_watched(words)]
        return [(iccid, keys_of(sort)[0][1])], where, iccid
    return keys_of(sort), conditions(organization_id, wanted), sim_states.c.iccid


def words_alone(wanted: SimFilter) -> tuple[str, ...]:
    """The words of a search, if nothing else is asked and none is short: then no other table is looked through."""
    asked = parse_search(wanted.q)
    others = asked.identifiers or wanted.criteria or wanted.may_guess
    return () if others or any(len(one) < SHORTEST for one in asked.words) else asked.words


def having_words(
    organization_id: "int | sa.BindParameter[int]", asked: Sequence[str]
) -> "list[sa.ColumnElement[bool]]":
    return [words.c.organization_id == organization_id, *(has(one, words.c.search) for one in asked)]


async def is_few(connection: AsyncConnection, organization_id: int, wanted: SimFilter, total: int) -> bool:
    """Whether an index of the filter leads to few SIMs, which are quicker sorted than met on a walk through the order.

    Of a fleet in which those that match stand together at the far end of the order, the walk would see all others.
    """
    indexed = [one for one in wanted.criteria if one.field in INDEXED and not one.excluded]
    fleet = counted_by_kind(organization_id, SimFilter())
    for one in indexed if not wanted.q else ():
        alone = counted_by_kind(organization_id, SimFilter(criteria=(one,)))
        if alone is not None and fleet is not None:
            number, every = (await connection.execute(sa.select(alone, fleet))).one()
            if max(number, total) <= max(FEW, every // FEW_OF):
                return True
    return False
