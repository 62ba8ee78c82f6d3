"""How often actions and bulk actions have changed, as prepared statements."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa

from console.actions.bulk.tables import bulk_actions
from console.actions.tables import actions
from console.store.direct_reads import DirectReads, Question


async def revisions_of_actions(direct: DirectReads, organization_id: int, ids: Sequence[int]) -> dict[int, int]:
    """Of each of these actions; unknown ones are left out."""
    return {row[0]: row[1] for row in await direct.rows(ACTIONS, organization_id=organization_id, ids=ids)}


async def revisions_of_bulk_actions(direct: DirectReads, organization_id: int, ids: Sequence[int]) -> dict[int, int]:
    """Of each of these bulk actions; unknown ones are left out."""
    return {row[0]: row[1] for row in await direct.rows(BULK_ACTIONS, organization_id=organization_id, ids=ids)}


def _revisions(table: sa.Table) -> "sa.Select[Any]":
    c = table.c
    mine = c.organization_id == sa.bindparam("organization_id", type_=sa.Integer)
    return sa.select(c.id, c.revision).where(
        mine, c.id == sa.func.any(sa.bindparam("ids", type_=sa.ARRAY(sa.BigInteger)))
    )


ACTIONS = Question(partial(_revisions, actions))
BULK_ACTIONS = Question(partial(_revisions, bulk_actions))
