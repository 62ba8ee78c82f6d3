"""A live connection: opens with what its client missed, obeys its messages, and ends."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

import msgspec
from litestar.exceptions import WebSocketDisconnect

from console import metrics
from console.errors import BadRequest, NotAllowed
from console.facts import topics
from console.facts.topic_names import checked, of_kinds
from console.live.access import Noting, Socket
from console.live.closing import FAILED, close
from console.live.frames import frame_of
from console.live.group import AT_ONCE_BYTES
from console.live.hub import Hub
from console.live.messages import (
    LARGEST_FROM_CLIENT,
    TOO_MANY,
    TOO_SLOW,
    FromClient,
    StreamError,
    StreamHello,
    StreamReset,
    StreamStale,
    Unsubscribe,
)
from console.live.pieces import Piece
from console.live.received import ReceivedFact
from console.live.replay import Gone, chosen
from console.live.subscriber import SLOW_SECONDS, Subscriber
from console.live.token_bucket import TokenBucket
from console.log import logger

POSITION_SECONDS = 2.0  # for the position of a page that another process has drawn: else the client is reset
MESSAGES_PER_SECOND, MESSAGES_AT_ONCE = 10.0, 40.0  # from a client, in the long run and in one go; then it is closed

_from_client = msgspec.json.Decoder(FromClient)


def position_of(text: str | None) -> tuple[str, int] | None:
    """`<epoch>:<seq>` as a client has it; None for nothing, or for what the stream never sends."""
    epoch, colon, seq = (text or "").rpartition(":")
    return (epoch, int(seq)) if colon and seq.isascii() and seq.isdigit() and len(seq) < 18 else None


async def serve(
    socket: Socket, hub: Hub, subscriber: Subscriber, since: tuple[str, int] | None, noting: Noting
) -> None:
    """Keep the connection until either side ends it. Sending is the hub's: this task only reads from the client.

    A client that comes from another process can be further than this one: it joins once this one is as far.
    """
    if since:
        await hub.feed.reach(*since, within=POSITION_SECONDS)
    if refusal := hub.join(subscriber):
        await close(socket, TOO_MANY, subscriber.endpoint, refusal)
        subscriber.writer.let_go()
        return
    try:
        await _open(hub, subscriber, since)
        bucket = TokenBucket(MESSAGES_PER_SECOND, MESSAGES_AT_ONCE)
        while True:
            text = await socket.receive_data(mode="text")
            if not bucket.take():
                await close(socket, TOO_MANY, subscriber.endpoint)
                return
            await _receive(socket, hub, subscriber, text, noting)
    except (WebSocketDisconnect, ConnectionError):
        pass
    except Exception:  # nobody is around it any more
        metrics.loop_errors.labels("socket").inc()
        logger("live").exception("a connection has failed, and is closed")
        await close(socket, FAILED, subscriber.endpoint)
    finally:
        hub.leave(subscriber)
        subscriber.writer.let_go()


async def _open(hub: Hub, subscriber: Subscriber, since: tuple[str, int] | None) -> None:
    """hello, then the past that the client has missed, or that it is gone. What comes meanwhile waits."""
    feed, epoch, seq = hub.feed, hub.feed.epoch, subscriber.joined
    resumed, frames = 0, list[bytes]()
    if since:
        try:
            async with hub.replays.place(subscriber.client.handle):
                resumed, pieces = await _missed(hub, subscriber, since, lambda fact: fact.seq <= seq)
            frames += subscriber.encoding.frames(pieces, seq if resumed else None)
        except Gone as gone:
            # What has come since it joined follows: the client goes on from where it joined, not from now.
            frames.append(frame_of(StreamReset(epoch=epoch, seq=seq, reason=gone.reason)).body)
    if not feed.up:
        frames.append(frame_of(StreamStale(reason="redis")).body)
    hello = frame_of(StreamHello(epoch=epoch, seq=seq, resumed=resumed, time=datetime.now(UTC))).body
    await _send_all(subscriber, [hello, *frames])
    subscriber.release()


async def _missed(
    hub: Hub, subscriber: Subscriber, since: tuple[str, int] | None, wanted: Callable[[ReceivedFact], bool]
) -> tuple[int, list[Piece]]:
    """How many facts after this position are for this client, and their pieces. Raises Gone if the past is gone."""
    past = await hub.feed.since(*since) if since else None
    if past is None:
        raise Gone("too_old")
    encoding = subscriber.encoding
    mine = await chosen(past, encoding, lambda fact: wanted(fact) and _is_for(subscriber, fact))
    return len(mine), await hub.replays.pieces(mine, encoding)


async def _send_all(subscriber: Subscriber, frames: Iterable[bytes]) -> None:
    """Hand over more than may wait in the buffer, as fast as the client takes it."""
    part: list[bytes] = []
    size = 0
    for frame in frames:
        part.append(frame)
        size += len(frame)
        if size >= AT_ONCE_BYTES:
            await _drained(subscriber)
            subscriber.writer.write(b"".join(part))
            part, size = [], 0
    if part:
        await _drained(subscriber)
        subscriber.writer.write(b"".join(part))


async def _drained(subscriber: Subscriber) -> None:
    """Until there is room in the buffer; a client for whom that takes too long is ended."""
    until = asyncio.get_running_loop().time() + SLOW_SECONDS
    while subscriber.writer.behind:
        if asyncio.get_running_loop().time() > until:
            subscriber.end(TOO_SLOW)
            raise ConnectionError("too slow")
        await asyncio.sleep(0.01)


def _is_for(subscriber: Subscriber, fact: ReceivedFact) -> bool:
    mine = fact.organization_id == subscriber.client.organization_id
    return mine and not subscriber.topics.isdisjoint(topics(fact.kind, fact.subject))


async def _receive(socket: Socket, hub: Hub, subscriber: Subscriber, text: str | bytes, noting: Noting) -> None:
    """Do what the client asks for, or answer that its message is not understood."""
    try:
        if len(text) > LARGEST_FROM_CLIENT:
            raise BadRequest(f"At most {LARGEST_FROM_CLIENT} bytes a message")
        request = _from_client.decode(text)
        named = of_kinds(checked(request.topics), subscriber.client.topics)
        if isinstance(request, Unsubscribe):
            hub.listen(subscriber, subscriber.topics - named)
            return
        fresh, wanted = named - subscriber.topics, checked(subscriber.topics | named)
        if fresh and subscriber.view is None:
            await noting.subscribed(socket, fresh)
        since = position_of(request.since)
        if since and fresh:
            await hub.feed.reach(*since, within=POSITION_SECONDS)
        hub.listen(subscriber, wanted)
        if request.since and fresh:
            await _replay(hub, subscriber, fresh, since)
    except (msgspec.MsgspecError, BadRequest, NotAllowed) as error:
        if isinstance(error, NotAllowed):
            await noting.refused(socket, error)
        subscriber.put(frame_of(StreamError(message=str(error))))


async def _replay(hub: Hub, subscriber: Subscriber, fresh: frozenset[str], since: tuple[str, int] | None) -> None:
    """What was published on these topics alone between the drawing of a page and its subscription to them."""
    upto, known = hub.feed.seq, subscriber.topics - fresh

    def is_new(fact: ReceivedFact) -> bool:
        return fact.seq <= upto and known.isdisjoint(topics(fact.kind, fact.subject))

    subscriber.hold()
    try:
        async with hub.replays.place(subscriber.client.handle):
            _, pieces = await _missed(hub, subscriber, since, is_new)
        subscriber.put_before(pieces)
    except Gone as gone:
        subscriber.put(frame_of(hub.reset_message(gone.reason)))
    finally:
        subscriber.release()
