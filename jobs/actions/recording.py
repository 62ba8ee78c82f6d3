"""What has become of a request is recorded even if the database is away for a while."""

import asyncio
import time

import sqlalchemy as sa

from console.actions.sending_writes import Claim, Sent, record_sent
from console.facts.actions import Action
from console.log import logger
from jobs.run import Run

TRIED_SECONDS = 60.0
PAUSE_SECONDS = 1.0


async def record(run: Run, claimed: Claim, sent: Sent) -> Action | None:
    """Record it; None if somebody else has. Raises the database's error when it is away for too long.

    Then the claim is lost, and what may have been done is `unknown`.
    """
    until = time.monotonic() + TRIED_SECONDS
    while True:
        try:
            async with run.db.transaction() as transaction:
                return await record_sent(transaction, claimed, sent, run.now())
        except (OSError, sa.exc.DBAPIError) as error:
            if time.monotonic() >= until:
                raise
            logger("jobs").warning("an answer of 1NCE could not be recorded yet", reason=str(error))
            await asyncio.sleep(PAUSE_SECONDS)
