"""Questions about SIMs. Every one is asked for one organization, and knows of no other."""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.facts.sims import SimState
from console.sims.filters import SHORTEST, conditions, has, texts
from console.sims.rules import SimFilter, Sort
from console.sims.search import parse_search
from console.sims.sorting import TWINS, fields_of, keys_of, mark_after
from console.sims.tables import sim_states, sims, words
from console.sims.watching.tables import is_watched, unwatched
from console.store.keyset import Cursor
from console.store.keyset_parts import Part, backwards, order, parts

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

    With `fields`, rows that have these alone.
    """
    where, found = conditions(organization_id, wanted), parts(keys_of(sort), cursor, TWINS)
    from_end = total is not None and offset * 2 > total
    if from_end and total is not None:
        limit, offset = min(limit, total - offset), max(0, total - offset - limit)
        found = backwards(found)
    states: list[SimState] = []
    for part in found:
        states += await _states(connection, part, where, limit - len(states), offset, from_end=from_end, fields=fields)
        if len(states) >= limit or part is found[-1]:
            break
        offset = 0 if states or not offset else max(0, offset - await _count(connection, [*where, *part.where]))
    return states[::-1] if from_end else states


async def _states(
    connection: AsyncConnection,
    part: Part,
    where: "Sequence[sa.ColumnElement[bool]]",
    limit: int,
    offset: int,
    *,
    from_end: bool,
    fields: Sequence[str],
) -> list[Any]:
    """Choose by keys alone, which indexes know, and look at no more SIMs than are wanted."""
    c, ways = sim_states.c, order(part, from_end=from_end)
    chosen = sa.select(c.organization_id, c.iccid).where(*where, *part.where).order_by(*ways)
    keys = chosen.limit(limit).offset(offset).subquery("chosen")
    mine = sa.and_(c.organization_id == keys.c.organization_id, c.iccid == keys.c.iccid)
    columns = [c[name] for name in fields] or STATE_COLUMNS
    query = sa.select(*columns).join_from(keys, sim_states, mine).order_by(*ways)
    found = (await connection.execute(query)).all()
    return list(found) if fields else [_state(row) for row in found]


async def count(connection: AsyncConnection, organization_id: int, wanted: SimFilter) -> int:
    """How many SIMs the filter lets through."""
    asked = parse_search(wanted.q)
    plain = asked.words and not asked.identifiers and not wanted.criteria and not wanted.may_guess
    if plain and not any(len(one) < SHORTEST for one in asked.words):
        return await _count_words(connection, organization_id, asked.words)
    return await _count(connection, conditions(organization_id, wanted))


async def _count_words(connection: AsyncConnection, organization_id: int, parts: Sequence[str]) -> int:
    """Where nothing else is asked, the words alone are looked through: a third of the time for a word that all have."""
    wanted = (has(one, words.c.search) for one in parts)
    query = (
        sa.select(sa.func.count())
        .select_from(words)
        .where(words.c.organization_id == organization_id, is_watched(words), *wanted)
    )
    return int((await connection.execute(query)).scalar_one())


async def _count(connection: AsyncConnection, where: "Sequence[sa.ColumnElement[bool]]") -> int:
    query = sa.select(sa.func.count()).select_from(sim_states).where(*where)
    return int((await connection.execute(query)).scalar_one())


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


async def unwatched_among(connection: AsyncConnection, organization_id: int, iccids: Collection[str]) -> set[str]:
    """Those of these ICCIDs that are not watched: what happens to them is kept, and not published."""
    c = unwatched.c
    query = sa.select(c.iccid).where(c.organization_id == organization_id, c.iccid == sa.func.any(texts([*iccids])))
    return set((await connection.execute(query)).scalars()) if iccids else set()
