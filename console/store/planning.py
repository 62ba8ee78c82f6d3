"""How PostgreSQL plans the statements of a transaction."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

BY_VALUES = sa.text("SET LOCAL plan_cache_mode = force_custom_plan")


async def plan_by_values(connection: AsyncConnection) -> None:
    """Plan each statement of this transaction for the values it is given.

    Else one that was asked five times keeps a plan for any values: for a search, that of a word which few SIMs have.
    Does nothing where each statement is a transaction of its own.
    """
    options = connection.sync_connection.get_execution_options() if connection.sync_connection else {}
    if options.get("isolation_level") != "AUTOCOMMIT":
        await connection.execute(BY_VALUES)
