"""Attempts at the posts that wait: several together, then one alone, then its records one by one.

    1st       up to MOST posts in one transaction
    2nd       the post alone
    3rd       its records by halves, until each that can't be stored stands alone
    later     nothing has helped, or the worker was lost each time: the post is divided into smaller ones, which are
              tried as in the 3rd; a single record is set aside

What can't be stored by its very nature is found by halves at the first attempt already. Each attempt is committed
before it begins and counts, however it ends. Between attempts others are passed by, for a time that doubles.
"""

import asyncio
from collections.abc import Sequence

from console import metrics
from console.log import logger
from console.once.streamer.records import as_list, split
from console.streamer.posts_reads import body
from console.streamer.posts_writes import (
    StreamerPost,
    claim_posts,
    end_attempt,
    keep_unknown,
    lock_posts,
    remove_posts,
    replace_post,
)
from jobs.intake.failures import is_conflict, is_refusal, reason_of
from jobs.intake.pieces import take_in_pieces
from jobs.intake.posts import IntakeResult, count
from jobs.intake.reading import take_posts
from jobs.intake.streamer_health import note_stream
from jobs.run import Run

MOST = 16  # posts in one transaction, if so many wait: a SIM that moved in several is written once
MOST_BYTES = 48_000_000  # in several: 50,000 records
RECORD_BY_RECORD = 3  # from this attempt on
DIVIDED = 4
PARTS = 8
log = logger("jobs")


async def take_next(run: Run) -> bool:
    """Make an attempt at the oldest posts; False if none wait. Raises only what is no post's fault."""
    async with run.db.transaction() as transaction:
        posts = await claim_posts(transaction, run.organization_id, run.now(), most=MOST, most_bytes=MOST_BYTES)
    if not posts:
        return False
    try:
        taken = await _attempt(run, posts)
    except asyncio.CancelledError:
        await asyncio.shield(_end(run, posts, None))
        raise
    except Exception as error:  # whatever a post brings about, others are taken in
        trace = not is_conflict(error)
        metrics.loop_errors.labels("take_in_posts").inc()
        log.warning("an attempt failed", attempt=posts[0].attempt, reason=reason_of(error), exc_info=trace)
        run.counted(failed=len(posts))
        await _end(run, posts, error)
        return True
    if taken is not None:
        count(run, taken)
        await note_stream(run, taken.came)
    return True


async def _end(run: Run, posts: Sequence[StreamerPost], error: Exception | None) -> None:
    """Of a conflict with others the next attempt is made at once."""
    free_at = run.now() if error is not None and is_conflict(error) else None
    async with run.db.transaction() as transaction:
        await end_attempt(transaction, posts, error=reason_of(error) if error else None, free_at=free_at)


async def _attempt(run: Run, posts: Sequence[StreamerPost]) -> IntakeResult | None:
    if posts[0].attempt >= DIVIDED:
        return await _divide(run, posts[0])
    if posts[0].attempt >= RECORD_BY_RECORD:
        return await take_in_pieces(run, posts)
    try:
        async with run.db.transaction() as transaction:
            locked = await lock_posts(transaction, posts)
            return await take_posts(run, transaction, locked)
    except Exception as error:  # the bad record is not known yet
        if not is_refusal(error):
            raise
        log.warning("posts can't be taken in as they are; record by record now", reason=reason_of(error))
    return await take_in_pieces(run, posts)


async def _divide(run: Run, post: StreamerPost) -> IntakeResult | None:
    """Make smaller posts of it, so that what stands beside the bad record is taken in; set a single record aside."""
    why = post.last_error or "its worker was lost"
    async with run.db.transaction() as transaction:
        if not await lock_posts(transaction, [post]):
            return None
        records = split(as_list(await body(transaction.connection, run.organization_id, post.id)))
        if len(records) > 1:
            size = -(-len(records) // PARTS)
            parts = [records[start : start + size] for start in range(0, len(records), size)]
            bodies = [b"[" + b",".join(map(bytes, part)) + b"]" for part in parts]
            await replace_post(transaction, run.organization_id, post, bodies, attempts=RECORD_BY_RECORD - 1)
            log.warning("a post was divided", post=post.id, attempts=post.attempt - 1, parts=len(bodies), reason=why)
            return None
        reason = f"{post.attempt - 1} attempts failed, at last: {why}"
        aside = [(bytes(record), reason) for record in records]
        await keep_unknown(transaction, run.organization_id, aside, run.now())
        await remove_posts(transaction, [post.id])
    log.warning("a record was set aside", post=post.id, reason=reason)
    return IntakeResult(unknown=len(records))
