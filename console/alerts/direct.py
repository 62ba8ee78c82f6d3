"""How often alerts have changed, as a prepared statement."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from console.alerts.tables import alerts
from console.store.direct_reads import DirectReads, Question


async def revisions_of_alerts(direct: DirectReads, organization_id: int, ids: Sequence[int]) -> dict[int, int]:
    """Of each of these alerts; unknown ones are left out."""
    return {row[0]: row[1] for row in await direct.rows(REVISIONS, organization_id=organization_id, ids=ids)}


def _revisions() -> "sa.Select[Any]":
    c = alerts.c
    mine = c.organization_id == sa.bindparam("organization_id", type_=sa.Integer)
    return sa.select(c.id, c.revision).where(
        mine, c.id == sa.func.any(sa.bindparam("ids", type_=sa.ARRAY(sa.BigInteger)))
    )


REVISIONS = Question(_revisions)
