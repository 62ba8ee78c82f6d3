"""Takes in what 1NCE has pushed, a few posts at a time; a record that comes twice counts once."""

import asyncio

from console.streamer import posts_reads as reads
from jobs.intake.attempts import take_next
from jobs.run import Run, by_organization

AT_ONCE = 2  # while the database writes some posts, the next are read


async def posts_wait(run: Run) -> bool:
    """Whether a post may be tried now."""
    async with run.db.reading() as connection:
        return await reads.may_be_tried(connection, run.organization_id, run.now())


@by_organization(needs_once=False, alone=False, work_waits=posts_wait)
async def take_in_posts(run: Run) -> None:
    """Until no post waits that may be tried now."""
    takers = [asyncio.create_task(_take_all(run)) for _ in range(AT_ONCE)]
    try:
        await asyncio.gather(*takers)
    finally:
        for taker in takers:
            taker.cancel()
        await asyncio.gather(*takers, return_exceptions=True)


async def _take_all(run: Run) -> None:
    while await take_next(run):
        pass
