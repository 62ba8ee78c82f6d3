"""How long rows of the time series are kept: a function in the database drops the older ones, in small steps."""

from datetime import datetime

import sqlalchemy as sa

from console.store.database import Transaction


async def drop_before(transaction: Transaction, series: str, before: datetime) -> int:
    """Drop some rows of this time series from before; how many, 0 when none are left. Call it until it returns 0."""
    statement = sa.select(sa.func.prune_time_series(series, before))
    return int((await transaction.connection.execute(statement)).scalar_one())
