"""Takes in posts by halves, until each record that can't be stored stands alone."""

from collections import deque
from collections.abc import Callable, Sequence

import msgspec

from console.log import logger
from console.once.streamer.records import as_list, split
from console.store.database import Transaction
from console.streamer.posts_reads import body
from console.streamer.posts_writes import StreamerPost, keep_unknown, lock_posts, remove_posts
from jobs.intake.failures import is_conflict, is_loss, is_refusal, reason_of
from jobs.intake.posts import IntakeResult, take_in
from jobs.intake.reading import put_aside, read_post
from jobs.run import Run

log = logger("jobs")
LAST = 3  # from this attempt on any failure is the records' own
Refused = list[tuple[bytes, str]]


async def take_in_pieces(run: Run, posts: Sequence[StreamerPost]) -> IntakeResult | None:
    """Those records that can't be stored are kept as they came, all others taken in."""
    found: list[IntakeResult] = []
    refused: Refused = []
    async with run.db.transaction() as transaction:
        for post in await lock_posts(transaction, posts):
            try:
                taken, bad = await _take_one(run, transaction, post)
            except (msgspec.MsgspecError, RecursionError) as error:
                await put_aside(run, transaction, post, error)
                continue
            found += taken
            refused += bad
            await remove_posts(transaction, [post.id])
        await keep_unknown(transaction, run.organization_id, refused, run.now())
    reasons = [reason for _, reason in refused[:1]]
    if refused:
        log.warning("records can't be stored; they are kept as they came", records=len(refused), reason=reasons)
    return IntakeResult.together([*found, IntakeResult(unknown=len(refused))])


async def _take_one(run: Run, transaction: Transaction, post: StreamerPost) -> tuple[list[IntakeResult], Refused]:
    theirs: Callable[[Exception], bool] = is_refusal if post.attempt < LAST else _is_theirs
    found: list[IntakeResult] = []
    refused: Refused = []
    pieces = deque([split(as_list(await body(transaction.connection, run.organization_id, post.id)))])
    while pieces:
        piece = pieces.popleft()
        try:
            async with transaction.attempt():
                records = await read_post(post, b"[" + b",".join(map(bytes, piece)) + b"]", run.now())
                taken = await take_in(run, transaction, [records])
        except Exception as error:  # the bad record is not known yet
            if not theirs(error):
                raise
            if len(piece) > 1:
                middle = len(piece) // 2
                pieces.extendleft((piece[middle:], piece[:middle]))
            else:
                refused.append((bytes(piece[0]), reason_of(error)))
        else:
            found.append(taken)
    return found, refused


def _is_theirs(error: Exception) -> bool:
    return not is_loss(error) and not is_conflict(error)
