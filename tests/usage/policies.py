"""Runs TimescaleDB's refresh policies now: its community edition has them, elsewhere sums are kept by a trigger."""

import sqlalchemy as sa

from console.store.database import Database
from console.usage.sums import has_aggregates

JOBS = (
    "SELECT job_id FROM timescaledb_information.jobs"
    " WHERE proc_name = 'policy_refresh_continuous_aggregate' ORDER BY job_id"
)


async def run_policies(db: Database) -> bool:
    """As the scheduler would; whether there are any. Twice, for a policy may leave work to its next run."""
    async with db.reading() as connection:
        if not await connection.run_sync(has_aggregates):
            return False
        for job_id in [*(await connection.execute(sa.text(JOBS))).scalars()] * 2:
            await connection.exec_driver_sql(f"CALL run_job({job_id})")
    return True
