"""Takes in what 1NCE has pushed, a few posts at a time; a record that comes twice counts once."""

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from console import metrics
from console.facts.source import Source
from console.log import logger
from console.once.streamer.records import Batch, messages_alone, read_batch, split, within
from console.store.database import Transaction, is_deadlock, sqlstate
from console.streamer import writes
from console.streamer.writes import StreamerPost
from jobs.intake.posts import Post, Taken, count, take_in
from jobs.intake.streamer_health import note_stream
from jobs.run import Run, by_organization

log = logger("jobs")
AT_ONCE = 2  # while the database writes some posts, the next are read
MOST = 8  # posts in one transaction, if so many wait: a SIM that moved in several is written once
OLDEST = timedelta(days=730)  # usage is kept for so long
NEWEST = timedelta(days=1)  # how far ahead a clock at 1NCE may be
REFUSED = ("21", "22", "23", "54")  # SQLSTATE: data that can't be stored, now or ever


@by_organization(needs_once=False, alone=False)
async def take_stream(run: Run) -> None:
    """Posts and their records change places in one transaction: there is no moment at which neither is kept."""
    takers = [asyncio.create_task(_take_all(run)) for _ in range(AT_ONCE)]
    try:
        await asyncio.gather(*takers)
    finally:
        for taker in takers:
            taker.cancel()
        await asyncio.gather(*takers, return_exceptions=True)


async def _take_all(run: Run) -> None:
    while await _take_next(run):
        pass


async def _take_next(run: Run) -> bool:
    """Take in the oldest posts; False if none wait. What the database refuses is taken in piece by piece."""
    posts: list[StreamerPost] = []
    try:
        async with run.db.transaction() as transaction:
            posts = await writes.claim_posts(transaction, run.organization_id, most=MOST)
            taken = await _take(run, transaction, posts)
    except Exception as error:  # whatever a record brings about, the others are taken in
        if posts and isinstance(error, DBAPIError) and is_deadlock(error):
            return True
        if not posts or not _is_refusal(error):
            raise  # the database is away, or busy: the posts are taken in later
        log.warning("posts can't be taken in as they are; record by record now", reason=_reason(error))
        taken = await _take_in_pieces(run)
    if taken is not None:
        count(run, taken)
        await note_stream(run, {kind for kind in ("event", "usage") if taken.seen[kind]})
    return bool(posts)


async def _take(run: Run, transaction: Transaction, posts: Sequence[StreamerPost]) -> Taken | None:
    good: dict[int, Post] = {}
    for post in posts:
        try:
            good[post.id] = Post(_read(post, _as_list(post.body), run.now()), post.source)
        except (msgspec.MsgspecError, RecursionError) as error:
            await _set_aside(run, transaction, post, error)
        await asyncio.sleep(0)  # reading takes some twenty milliseconds a post
    if not good:
        return None
    taken = await take_in(run, transaction, list(good.values()))
    await writes.remove_posts(transaction, list(good))
    return taken


def _read(post: StreamerPost, body: bytes, now: datetime) -> Batch:
    """What the post says. Who knows the SMS Forwarder's address can send messages, and nothing else."""
    if post.source == Source.FORWARDER:
        return messages_alone(body)
    return within(read_batch(body), body, now - OLDEST, now + NEWEST)


async def _set_aside(run: Run, transaction: Transaction, post: StreamerPost, error: Exception) -> None:
    await writes.set_aside(transaction, post.id, str(error))
    run.counted(seen=1, failed=1)
    metrics.streamer_batches.labels("set_aside").inc()
    log.warning("a post can't be read; it is kept", post=post.id, reason=str(error))


async def _take_in_pieces(run: Run) -> Taken | None:
    """Halve the oldest posts until the records stand alone that can't be stored: those are kept as they came, all
    others taken in."""
    found: list[Taken] = []
    refused: list[tuple[bytes, str]] = []
    async with run.db.transaction() as transaction:
        for post in await writes.claim_posts(transaction, run.organization_id, most=MOST):
            try:
                pieces = deque([split(_as_list(post.body))])
            except msgspec.MsgspecError as error:
                await _set_aside(run, transaction, post, error)
                continue
            while pieces:
                piece = pieces.popleft()
                try:
                    async with transaction.attempt():
                        records = _read(post, b"[" + b",".join(map(bytes, piece)) + b"]", run.now())
                        found.append(await take_in(run, transaction, [Post(records, post.source)]))
                except Exception as error:  # the bad record is not known yet
                    if not _is_refusal(error):
                        raise
                    if len(piece) > 1:
                        middle = len(piece) // 2
                        pieces.extendleft((piece[middle:], piece[:middle]))
                    else:
                        refused.append((bytes(piece[0]), _reason(error)))
            await writes.remove_posts(transaction, [post.id])
        await writes.keep_unknown(transaction, run.organization_id, refused, run.now())
    reasons = [reason for _, reason in refused[:1]]
    log.warning("records can't be stored; they are kept as they came", records=len(refused), reason=reasons)
    return Taken.together([*found, Taken(unknown=len(refused))])


def _is_refusal(error: Exception) -> bool:
    """Whether the fault lies with what was to be stored: anything but a database that is away or busy."""
    if isinstance(error, DBAPIError):
        return not error.connection_invalidated and (sqlstate(error).startswith(REFUSED) or not sqlstate(error))
    return not isinstance(error, (OSError, TimeoutError, SQLAlchemyError))


def _reason(error: Exception) -> str:
    """Why, without the values that the database was given: those can be numbers of people, and their messages."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return f"{type(cause).__name__}: {str(cause).splitlines()[0] if str(cause) else ''}"[:200]


def _as_list(body: bytes) -> bytes:
    """The SMS Forwarder sends one object a post."""
    return body if body.startswith(b"[") else b"[" + body + b"]"
