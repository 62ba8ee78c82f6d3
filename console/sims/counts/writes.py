"""Puts the counts together that changes of SIMs have appended."""

import sqlalchemy as sa

from console.sims.counts.tables import KINDS, fleet_counts
from console.store.database import Transaction


async def fold_counts(transaction: Transaction, organization_id: int) -> None:
    """Keep one row for each kind of SIM instead of one for each change. No number changes."""
    gone = (
        sa.delete(fleet_counts)
        .where(fleet_counts.c.organization_id == organization_id)
        .returning(*KINDS, fleet_counts.c.sims)
        .cte("gone")
    )
    alike = [gone.c[one.name] for one in KINDS]
    number = sa.func.sum(gone.c.sims).cast(sa.BigInteger)
    sums = sa.select(sa.literal(organization_id), *alike, number).group_by(*alike).having(number != 0)
    names = ["organization_id", *(one.name for one in KINDS), "sims"]
    put = sa.insert(fleet_counts).from_select(names, sums).add_cte(gone)
    await transaction.connection.execute(put)
