"""Questions about SIMs. Every one is asked for one organization, and knows of no other."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.facts.sims import SimState
from console.sims.counted_bands import bands_alone, counted_in_bands
from console.sims.counts_reads import counted_by_kind
from console.sims.filters import conditions, texts
from console.sims.ordering import having_words, is_few, ordered, words_alone
from console.sims.rules import SimFilter, Sort, without_excluded
from console.sims.search import parse_search
from console.sims.sorting import TWINS, fields_of, keys_of, mark_after, with_keys
from console.sims.tables import sim_states, words
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
    span: dict[str, Any] = {"limit": limit + 1, "offset": offset, "cursor": cursor, "total": total, "fields": read}
    found: list[Any] = await rows(connection, organization_id, wanted, sort=sort, **span)
    if len(found) <= limit:
        return SimPage(found, total, None)
    last = await with_keys(connection, organization_id, keys, found[limit - 1])
    return SimPage(found[:limit], total, mark_after(keys, last))


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
    of_these = partial(states_of, connection, organization_id, fields)
    return await _read(
        connection, organization_id, wanted, of_these, sort=sort, limit=limit, offset=offset, cursor=cursor, total=total
    )


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
    """The ICCIDs of such a list alone."""

    async def of_these(chosen: "sa.Select[Any]") -> list[str]:
        return list((await connection.execute(chosen)).scalars())

    return await _read(
        connection, organization_id, wanted, of_these, sort=sort, limit=limit, offset=offset, cursor=cursor, total=total
    )


async def _read(
    connection: AsyncConnection,
    organization_id: int,
    wanted: SimFilter,
    read: "Callable[[sa.Select[Any]], Awaitable[list[Any]]]",
    *,
    sort: Sequence[Sort],
    limit: int,
    offset: int,
    cursor: Cursor | None,
    total: int | None,
) -> list[Any]:
    """What `read` makes of a SELECT of ICCIDs. Indexes know these, so no more SIMs are looked at than are wanted."""
    if not parse_search(wanted.q).iccids_alone:
        await plan_by_values(connection)
    if total is not None and offset >= total:
        return []
    by, where, iccid = ordered(organization_id, wanted, sort)
    few = bool(sort) and total is not None and await is_few(connection, organization_id, wanted, total)
    found = parts(by, cursor, TWINS)
    from_end = total is not None and offset * 2 > total
    if from_end and total is not None:
        limit, offset = min(limit, total - offset), max(0, total - offset - limit)
        found = backwards(found)
    items: list[Any] = []
    for part in found:
        chosen = sa.select(iccid).where(*where, *part.where).order_by(*order(part, from_end=from_end, sorted_anew=few))
        items += await read(chosen.limit(limit - len(items)).offset(offset))
        if len(items) >= limit or part is found[-1]:
            break
        if offset and not items:  # all of this part is passed over
            passed = sa.select(sa.func.count()).select_from(iccid.table).where(*where, *part.where)
            offset = max(0, offset - int((await connection.execute(passed)).scalar_one()))
        else:
            offset = 0
    return items[::-1] if from_end else items


async def states_of(
    connection: AsyncConnection, organization_id: int, fields: Sequence[str], chosen: "sa.Select[Any]"
) -> list[Any]:
    """The SIMs with these ICCIDs, in their order. PostgreSQL lists them first, then looks up those alone."""
    c = sim_states.c
    columns = [c[name] for name in dict.fromkeys(["iccid", *fields])] if fields else STATE_COLUMNS
    listed = sa.select(sa.func.array(chosen.scalar_subquery(), type_=sa.ARRAY(sa.Text)).label("iccids")).cte("chosen")
    iccids = sa.cast(sa.select(listed.c.iccids).scalar_subquery(), sa.ARRAY(sa.Text))
    once = sa.case((sa.func.row_number().over() == 1, iccids))
    mine = sa.and_(c.organization_id == organization_id, c.iccid == sa.func.any(iccids))
    rows = (await connection.execute(sa.select(*columns, once.label("listed")).where(mine))).all()
    found = {row.iccid: row if fields else _state(row[:-1]) for row in rows}
    in_order = next((row.listed for row in rows if row.listed is not None), ())
    return [found[iccid] for iccid in in_order if iccid in found]


async def count(connection: AsyncConnection, organization_id: int, wanted: SimFilter) -> int:
    """How many SIMs the filter lets through: by the counts that the database keeps, if they have what it asks for."""
    if not parse_search(wanted.q).iccids_alone:
        await plan_by_values(connection)
    return int((await connection.execute(sa.select(number(organization_id, wanted)))).scalar_one())


def number(organization_id: "int | sa.BindParameter[int]", wanted: SimFilter) -> "sa.ColumnElement[int]":
    """How many SIMs the filter lets through, in SQL."""
    if wanted.q and parse_search(wanted.q).iccids_alone:  # a few keys: cheaper than to leave out what is not watched
        return _number(sim_states, conditions(organization_id, wanted))
    known: sa.ColumnElement[int] | None = counted_by_kind(organization_id, wanted)
    if known is None and (beside := without_excluded(wanted)):
        others, among = beside  # all but these, and those of them that it leaves out: these are found by an index
        return number(organization_id, others) - number(organization_id, among)
    if known is None and (asked := words_alone(wanted)):
        known = _number(words, having_words(organization_id, asked))
    elif known is None:
        known = _number(sim_states, conditions(organization_id, wanted, watched=None))
        if bands := bands_alone(wanted):
            known = counted_in_bands(organization_id, bands, known)
    return known - _number(sim_states, conditions(organization_id, wanted, watched=False))


def _number(table: sa.FromClause, where: "Sequence[sa.ColumnElement[bool]]") -> "sa.ScalarSelect[int]":
    return sa.select(sa.func.count()).select_from(table).where(*where).scalar_subquery()
