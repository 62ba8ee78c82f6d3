"""Where a SIM stands in a list, and which stand before and after it."""

from collections.abc import Sequence

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.facts.sims import SimState
from console.sims import reads
from console.sims.ordering import ordered
from console.sims.position import matching
from console.sims.rules import SimFilter, Sort
from console.sims.sorting import TWINS, mark_after, values_at, with_keys
from console.store.keyset import read_cursor
from console.store.keyset_before import parts_before
from console.store.keyset_parts import backwards, order

MOST_COUNTED = 2_000  # SIMs before it: further on, its number is not known


class Neighbours(Struct, frozen=True, kw_only=True):
    """A SIM in a list. Where it is not one of the list's, the others are those between which it would stand."""

    total: int  # SIMs of the list
    is_listed: bool
    number: int | None  # from 1; None where it is not listed, or stands behind MOST_COUNTED others
    previous: str | None  # an ICCID; None at the end of the list
    next: str | None


async def neighbours(
    connection: AsyncConnection, organization_id: int, wanted: SimFilter, *, sort: Sequence[Sort], sim: SimState
) -> Neighbours:
    """Where this SIM stands in this list now. No more is looked at than MOST_COUNTED SIMs and what counting takes."""
    total = await reads.count(connection, organization_id, wanted)
    keys, where, iccid = ordered(organization_id, wanted, sort)
    there = await with_keys(connection, organization_id, keys, sim)
    cursor = read_cursor(mark_after(keys, there))
    after = await reads.keys(connection, organization_id, wanted, sort=sort, limit=1, cursor=cursor)
    earlier = parts_before(keys, values_at(keys, there), TWINS)
    previous, counted = None, 0
    for part in backwards(earlier):
        query = sa.select(iccid).where(*where, *part.where)
        if previous is None:
            nearest = query.order_by(*order(part, from_end=True)).limit(1)
            previous = (await connection.execute(nearest)).scalar_one_or_none()
        some = query.limit(MOST_COUNTED - counted).subquery()
        counted += int((await connection.execute(sa.select(sa.func.count()).select_from(some))).scalar_one())
    is_listed = bool(await matching(connection, organization_id, wanted, [sim.iccid]))
    return Neighbours(
        total=total,
        is_listed=is_listed,
        number=counted + 1 if is_listed and counted < MOST_COUNTED else None,
        previous=previous,
        next=after[0] if after else None,
    )
