"""How the accounts stand, in figures: taken from the database at each look, for a worker knows only its own part."""

import asyncio

from sqlalchemy.exc import SQLAlchemyError

from console import metrics
from console.carrier import reads
from console.carrier.rules import IN_NUMBERS, Line
from console.store.database import Database

PATIENCE_SECONDS = 2.0


async def measure(db: Database) -> None:
    """Set the gauges of every organization; nothing is shown while the database is away."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS), db.reading() as reading:
            accounts = await reads.summary(reading)
    except (SQLAlchemyError, OSError, TimeoutError):
        accounts = []
    metrics.account_lines.clear()
    metrics.account_operations_off.clear()
    for slug, state, off in accounts:
        metrics.account_lines.labels(slug).set(IN_NUMBERS[Line(state)])
        metrics.account_operations_off.labels(slug).set(off)
