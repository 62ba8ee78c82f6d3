"""How often alerts have changed, as a prepared statement."""

from collections.abc import Sequence

from console.alerts.tables import alerts
from console.store.direct_reads import DirectReads, Revisions

REVISIONS = Revisions(alerts)


async def revisions_of_alerts(direct: DirectReads, organization_id: int, ids: Sequence[int]) -> dict[int, int]:
    """Of each of these alerts; unknown ones are left out."""
    return {row[0]: row[1] for row in await direct.rows(REVISIONS, organization_id=organization_id, ids=ids)}
