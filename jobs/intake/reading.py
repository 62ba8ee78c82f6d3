"""Reads posts that are locked and takes them in together; those that can't be read are set aside."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from console import metrics
from console.facts.source import Source
from console.json_text import shallow
from console.log import logger
from console.once.streamer.records import as_list, messages_alone, read_batch, within
from console.store.database import Transaction
from console.streamer.posts_reads import body
from console.streamer.posts_writes import StreamerPost, remove_posts, set_aside
from jobs.intake.posts import IntakeResult, Post, take_in
from jobs.run import Run

OLDEST = timedelta(days=730)  # usage is kept for so long
NEWEST = timedelta(days=1)  # how far ahead a clock at 1NCE may be
log = logger("jobs")


async def read_post(post: StreamerPost, text: bytes, now: datetime) -> Post:
    """What the post says. Who knows the SMS Forwarder's address can send messages, and nothing else."""
    read = messages_alone if post.source == Source.FORWARDER else read_batch
    try:
        batch = read(text)
    except RecursionError:  # a record that was let in by a reader with more room
        text = await asyncio.to_thread(shallow, text)
        batch = read(text)
    return Post(within(batch, text, now - OLDEST, now + NEWEST), post.source, post.received_at)


async def take_posts(run: Run, transaction: Transaction, posts: Sequence[StreamerPost]) -> IntakeResult | None:
    """Posts and their records change places in one transaction: there is no moment at which neither is kept."""
    good: dict[int, Post] = {}
    for post in posts:
        try:
            said = as_list(await body(transaction.connection, run.organization_id, post.id))
            good[post.id] = await read_post(post, said, run.now())
        except (msgspec.MsgspecError, RecursionError) as error:
            await put_aside(run, transaction, post, error)
        await asyncio.sleep(0)  # reading takes some twenty milliseconds a post
    if not good:
        return None
    taken = await take_in(run, transaction, list(good.values()))
    await remove_posts(transaction, list(good))
    return taken


async def put_aside(run: Run, transaction: Transaction, post: StreamerPost, error: Exception) -> None:
    """Keep a post that is no list of records, and don't try it again."""
    await set_aside(transaction, post.id, str(error))
    run.counted(seen=1, failed=1)
    metrics.streamer_posts.labels("set_aside").inc()
    log.warning("a post can't be read; it is kept", post=post.id, reason=str(error))
