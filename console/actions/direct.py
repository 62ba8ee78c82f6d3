"""How often actions and bulk actions have changed, as prepared statements."""

from collections.abc import Sequence

from console.actions.bulk.tables import bulk_actions
from console.actions.tables import actions
from console.store.direct_reads import DirectReads, Revisions

ACTIONS = Revisions(actions)
BULK_ACTIONS = Revisions(bulk_actions)


async def revisions_of_actions(direct: DirectReads, organization_id: int, ids: Sequence[int]) -> dict[int, int]:
    """Of each of these actions; unknown ones are left out."""
    return {row[0]: row[1] for row in await direct.rows(ACTIONS, organization_id=organization_id, ids=ids)}


async def revisions_of_bulk_actions(direct: DirectReads, organization_id: int, ids: Sequence[int]) -> dict[int, int]:
    """Of each of these bulk actions; unknown ones are left out."""
    return {row[0]: row[1] for row in await direct.rows(BULK_ACTIONS, organization_id=organization_id, ids=ids)}
