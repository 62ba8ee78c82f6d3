"""How often SIMs have changed: cheap to ask for all that a page shows."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from console.sims.filters import texts
from console.sims.tables import sim_states


async def revisions_of(connection: AsyncConnection, organization_id: int, iccids: Sequence[str]) -> dict[str, int]:
    """How often each of these SIMs has changed; unknown ones are left out."""
    c = sim_states.c
    query = sa.select(c.iccid, c.revision).where(
        c.organization_id == organization_id, c.iccid == sa.func.any(texts(iccids))
    )
    return {row.iccid: row.revision for row in (await connection.execute(query)).all()}
