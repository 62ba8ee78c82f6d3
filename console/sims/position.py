"""Where a list stands: what a page of it holds now, and which SIMs still belong to it."""

from collections.abc import Sequence

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.sims import reads
from console.sims.filters import conditions, texts
from console.sims.rules import SimFilter, Sort
from console.sims.tables import sim_states


class Position(Struct, frozen=True):
    """What a page of a list holds now: how many SIMs match, and the ICCIDs of the page in their order."""

    total: int
    iccids: tuple[str, ...]


async def position(
    connection: AsyncConnection,
    organization_id: int,
    wanted: SimFilter,
    *,
    sort: Sequence[Sort],
    limit: int,
    offset: int,
) -> Position:
    """The page as it is now. Reads no more than counting and showing it does."""
    total = await reads.count(connection, organization_id, wanted)
    if offset >= total:  # the page that was shown is beyond the end now
        return Position(total, ())
    found = await reads.keys(connection, organization_id, wanted, sort=sort, limit=limit, offset=offset, total=total)
    return Position(total, tuple(found))


async def matching(
    connection: AsyncConnection, organization_id: int, wanted: SimFilter, iccids: Sequence[str]
) -> set[str]:
    """Those of these SIMs that the filter lets through now."""
    where = [*conditions(organization_id, wanted), sim_states.c.iccid == sa.func.any(texts(iccids))]
    return set((await connection.execute(sa.select(sim_states.c.iccid).where(*where))).scalars())
