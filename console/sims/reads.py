"""Questions about SIMs. Every one is asked for one organization, and knows of no other."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.facts.sims import SimState
from console.sims.counts.reads import counted_by_kind
from console.sims.filters import conditions, texts
from console.sims.ordering import having_words, ordered, words_alone
from console.sims.rules import SimFilter, Sort
from console.sims.search import parse_search
from console.sims.sorting import TWINS, fields_of, keys_of, mark_after
from console.sims.tables import sim_states, sims, words
from console.sims.watching.tables import is_watched
from console.store.keyset import Cursor
from console.store.keyset_parts import backwards, order, parts
from console.store.planning import plan_by_values

STATE_COLUMNS = tuple(sim_states.c[name] for name in SimState.__struct_fields__)


class SimPage(Struct, frozen=True):
    """One page of a list, and how long the whole list is."""

    items: list[Any]  # SimStates, or rows with the fields that were asked for
    total: int
    next_cursor: str | None


def _state(row: Any) -> SimState:
    return SimState(**dict(zip(SimState.__struct_fields__, row, strict=True)))


async def one(connection: AsyncConnection, organization_id: int, iccid: str) -> SimState | None:
    """A SIM as it is now, or None."""
    rows = await many(connection, organization_id, [iccid])
    return rows[0] if rows else None


async def many(connection: AsyncConnection, organization_id: int, iccids: Sequence[str]) -> list[SimState]:
    """These SIMs as they are now, watched or not, by ICCID; unknown ones are left out."""
    c = sim_states.c
    query = sa.select(*STATE_COLUMNS).where(c.organization_id == organization_id, c.iccid == sa.func.any(texts(iccids)))
    return [_state(row) for row in (await connection.execute(query.order_by(c.iccid))).all()]


async def page(
    connection: AsyncConnection,
    organization_id: int,
    wanted: SimFilter,
    *,
    sort: Sequence[Sort] = (),
    limit: int = 50,
    offset: int = 0,
    cursor: Cursor | None = None,
    fields: Sequence[str] = (),
) -> SimPage:
    """A page of SIMs with its cursor. With one its depth costs nothing; an offset is for people who turn pages.

    With `fields`, only those and what the cursor needs are read.
    """
    keys = keys_of(sort)
    total = await count(connection, organization_id, wanted)
    read = [*dict.fromkeys([*fields, *fields_of(keys)])] if fields else ()
    found: list[Any] = await rows(
        connection, organization_id, wanted, sort=sort, limit=limit + 1, offset=offset, cursor=cursor, fields=read
    )
    if len(found) <= limit:
        return SimPage(found, total, None)
    return SimPage(found[:limit], total, mark_after(keys, found[limit - 1]))


async def rows(
    connection: AsyncConnection,
    organization_id: int,
    wanted: SimFilter,
    *,
    sort: Sequence[Sort] = (),
    limit: int,
    offset: int = 0,
    cursor: Cursor | None = None,
    total: int | None = None,
    fields: Sequence[str] = (),
) -> list[SimState]:
    """SIMs in this order; what 1NCE has not said sorts last. With `total`, the second half is read from the end.

    With `fields`, rows that have the ICCID and these.
    """
    found = await keys(
        connection, organization_id, wanted, sort=sort, limit=limit, offset=offset, cursor=cursor, total=total
    )
    return await _in_order(connection, organization_id, found, fields)


async def keys(
    connection: AsyncConnection,
    organization_id: int,
    wanted: SimFilter,
    *,
    sort: Sequence[Sort] = (),
    limit: int,
    offset: int = 0,
    cursor: Cursor | None = None,
    total: int | None = None,
) -> list[str]:
    """The ICCIDs of such a list alone: indexes know them, so no more SIMs are looked at than are wanted."""
    if not parse_search(wanted.q).iccids_alone:
        await plan_by_values(connection)
    by, where, iccid = ordered(organization_id, wanted, sort)
    found = parts(by, cursor, TWINS)
    from_end = total is not None and offset * 2 > total
    if from_end and total is not None:
        limit, offset = min(limit, total - offset), max(0, total - offset - limit)
        found = backwards(found)
    iccids: list[str] = []
    for part in found:
        chosen = sa.select(iccid).where(*where, *part.where).order_by(*order(part, from_end=from_end))
        iccids += (await connection.execute(chosen.limit(limit - len(iccids)).offset(offset))).scalars()
        if len(iccids) >= limit or part is found[-1]:
            break
        if offset and not iccids:  # all of this part is passed over
            passed = sa.select(sa.func.count()).select_from(iccid.table).where(*where, *part.where)
            offset = max(0, offset - int((await connection.execute(passed)).scalar_one()))
        else:
            offset = 0
    return iccids[::-1] if from_end else iccids


async def _in_order(
    connection: AsyncConnection, organization_id: int, iccids: Sequence[str], fields: Sequence[str]
) -> list[Any]:
    """These SIMs in this order. The statement is the same for every list, so it is planned once for many."""
    if not iccids:
        return []
    c = sim_states.c
    columns = [c[name] for name in dict.fromkeys(["iccid", *fields])] if fields else STATE_COLUMNS
    query = sa.select(*columns).where(c.organization_id == organization_id, c.iccid == sa.func.any(texts(iccids)))
    found = {row.iccid: row for row in await connection.execute(query)}
    there = [found[iccid] for iccid in iccids if iccid in found]
    return there if fields else [_state(row) for row in there]


async def count(connection: AsyncConnection, organization_id: int, wanted: SimFilter) -> int:
    """How many SIMs the filter lets through: by the counts that the database keeps, if they have what it asks for."""
    if not parse_search(wanted.q).iccids_alone:
        await plan_by_values(connection)
    return int((await connection.execute(sa.select(number(organization_id, wanted)))).scalar_one())


def number(organization_id: "int | sa.BindParameter[int]", wanted: SimFilter) -> "sa.ColumnElement[int]":
    """How many SIMs the filter lets through, in SQL."""
    known = counted_by_kind(organization_id, wanted)
    if known is None and (asked := words_alone(wanted)):
        known = _number(words, having_words(organization_id, asked))
    elif known is None:
        known = _number(sim_states, conditions(organization_id, wanted, watched=None))
    return known - _number(sim_states, conditions(organization_id, wanted, watched=False))


def _number(table: sa.FromClause, where: "Sequence[sa.ColumnElement[bool]]") -> "sa.ScalarSelect[int]":
    return sa.select(sa.func.count()).select_from(table).where(*where).scalar_subquery()


async def countries(connection: AsyncConnection, organization_id: int) -> list[str]:
    """The countries that SIMs are in now, for the filter."""
    c = sims.c
    first = sa.select(c.country).where(c.organization_id == organization_id, c.country.is_not(None), is_watched(sims))
    first = first.order_by(c.country).limit(1)
    each = sa.select(first.scalar_subquery().label("country")).cte("each", recursive=True)
    later = first.where(c.country > each.c.country).scalar_subquery()
    each = each.union_all(sa.select(later).where(each.c.country.is_not(None)))
    query = sa.select(each.c.country).where(each.c.country.is_not(None)).order_by(each.c.country)
    return list((await connection.execute(query)).scalars())


async def inventory_keys(connection: AsyncConnection, organization_id: int) -> list[tuple[str, int]]:
    """Every ICCID with the number of complete walks that did not meet it. Some 10 MB for 100,000 SIMs."""
    query = sa.select(sims.c.iccid, sims.c.missing_walks).where(sims.c.organization_id == organization_id)
    return [(row.iccid, row.missing_walks) for row in await connection.execute(query)]
