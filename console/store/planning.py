"""How PostgreSQL plans the statements of a transaction."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

BY_VALUES = sa.text("SET LOCAL plan_cache_mode = force_custom_plan")
PLANNED = "planned_by_values"  # where what is known of a connection has its transaction that is planned so


async def plan_by_values(connection: AsyncConnection) -> None:
    """Plan each statement of this transaction for the values it is given; said once.

    Else one that was asked five times keeps a plan for any values: for a search, that of a word which few SIMs have.
    Does nothing where each statement is a transaction of its own.
    """
    sync = connection.sync_connection
    if sync is None or sync.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
        return
    planned = sync.get_transaction()
    if planned is None or sync.info.get(PLANNED) is not planned:
        await connection.execute(BY_VALUES)
        sync.info[PLANNED] = sync.get_transaction()
