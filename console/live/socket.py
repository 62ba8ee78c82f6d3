"""A live connection: opens with what its client missed, obeys its messages, and ends."""

import asyncio
import contextlib
import itertools
from collections.abc import Iterable

import msgspec
from litestar.exceptions import WebSocketDisconnect

from console import metrics
from console.errors import BadRequest
from console.facts import topics
from console.facts.topic_names import checked
from console.live.access import Socket
from console.live.frames import frame_of
from console.live.group import AT_ONCE_BYTES
from console.live.hub import Hub
from console.live.messages import (
    LARGEST_FROM_CLIENT,
    REASONS,
    TOO_MANY,
    TOO_SLOW,
    FromClient,
    StreamError,
    StreamHello,
    StreamStale,
    Unsubscribe,
)
from console.live.pieces import Piece
from console.live.received import ReceivedFact
from console.live.subscriber import SLOW_SECONDS, Subscriber
from console.log import logger

POSITION_SECONDS = 2.0  # for the position of a page that another process has drawn: else the client is reset
GRACE_SECONDS = 2.0  # for a client that reads nothing to take its close code

_from_client = msgspec.json.Decoder(FromClient)


def position_of(text: str | None) -> tuple[str, int] | None:
    """`<epoch>:<seq>` as a client has it; None for nothing, or for what the stream never sends."""
    epoch, colon, seq = (text or "").rpartition(":")
    return (epoch, int(seq)) if colon and seq.isdigit() and len(seq) < 18 else None


async def serve(socket: Socket, hub: Hub, subscriber: Subscriber, since: tuple[str, int] | None) -> None:
    """Keep the connection until either side ends it. Sending is the hub's: this task only reads from the client.

    A client that comes from another process can be further than this one: it joins once this one is as far.
    """
    if since:
        await hub.feed.reach(*since, within=POSITION_SECONDS)
    if not hub.join(subscriber):
        await close(socket, TOO_MANY, subscriber.endpoint)
        subscriber.writer.let_go()
        return
    try:
        await _open(hub, subscriber, since)
        while True:
            await _receive(hub, subscriber, await socket.receive_data(mode="text"))
    except (WebSocketDisconnect, ConnectionError):
        pass
    finally:
        hub.leave(subscriber)
        subscriber.writer.let_go()


async def close(socket: Socket, code: int, endpoint: str) -> None:
    """End the connection with a code that says why."""
    metrics.sockets_cut.labels(endpoint, REASONS.get(code, str(code))).inc()
    with contextlib.suppress(Exception):  # it may be gone, and nothing is lost with it
        async with asyncio.timeout(GRACE_SECONDS):
            await socket.close(code=code, reason=REASONS.get(code, ""))


async def end(socket: Socket, subscriber: Subscriber, code: int) -> None:
    """End a connection that stands; what a client does not read is dropped after a moment of grace."""
    await close(socket, code, subscriber.endpoint)
    if subscriber.writer.waiting():
        await asyncio.sleep(GRACE_SECONDS)
        subscriber.writer.abort()


async def _open(hub: Hub, subscriber: Subscriber, since: tuple[str, int] | None) -> None:
    """hello, then the past that the client has missed, or that it is gone. What comes meanwhile waits."""
    feed, epoch, seq = hub.feed, hub.feed.epoch, subscriber.joined
    past = await feed.since(*since) if since else []
    mine = [fact for fact in past or () if fact.seq <= seq and _is_for(subscriber, fact)]
    pieces = _pieces(subscriber, mine, epoch)
    resumed = len(mine) if pieces is not None else 0
    frames = [frame_of(StreamHello(epoch=epoch, seq=seq, resumed=resumed)).body]
    if past is None or pieces is None:
        frames.append(frame_of(hub.reset_message("too_old" if past is None else "unreadable")).body)
    frames += subscriber.encoding.frames(pieces or (), seq if resumed else None)
    if not feed.up:
        frames.append(frame_of(StreamStale(reason="redis")).body)
    await _send_all(subscriber, frames)
    subscriber.release()


def _pieces(subscriber: Subscriber, facts: Iterable[ReceivedFact], epoch: str) -> list[Piece] | None:
    """The pieces of these facts: of each state the latest, in its place. None if one can't be encoded."""
    latest: dict[object, Piece] = {}
    number = itertools.count()
    for fact in facts:
        try:
            pieces = subscriber.encoding.encode(fact, epoch)
        except Exception:  # a newer worker's, perhaps: a client that comes back must not fail at it again and again
            logger("live").exception("a fact of the past could not be encoded", kind=fact.kind, seq=fact.seq)
            return None
        for piece in pieces:
            name = next(number) if piece.key is None else piece.key
            latest.pop(name, None)
            latest[name] = piece
    return list(latest.values())


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


async def _receive(hub: Hub, subscriber: Subscriber, text: str | bytes) -> None:
    """Do what the client asks for, or answer that its message is not understood."""
    try:
        if len(text) > LARGEST_FROM_CLIENT:
            raise BadRequest(f"At most {LARGEST_FROM_CLIENT} bytes a message")
        request = _from_client.decode(text)
        named = checked(request.topics)
        if isinstance(request, Unsubscribe):
            hub.listen(subscriber, subscriber.topics - named)
            return
        fresh, wanted = named - subscriber.topics, checked(subscriber.topics | named)
        since = position_of(request.since)
        if since and fresh:
            await hub.feed.reach(*since, within=POSITION_SECONDS)
        hub.listen(subscriber, wanted)
        if request.since and fresh:
            await _replay(hub, subscriber, fresh, since)
    except (msgspec.MsgspecError, BadRequest) as error:
        subscriber.put(frame_of(StreamError(message=str(error))))


async def _replay(hub: Hub, subscriber: Subscriber, fresh: frozenset[str], since: tuple[str, int] | None) -> None:
    """What was published on these topics alone between the drawing of a page and its subscription to them."""
    upto, known = hub.feed.seq, subscriber.topics - fresh
    subscriber.hold()
    try:
        past = await hub.feed.since(*since) if since else None
        if past is None:
            subscriber.put(frame_of(hub.reset_message("too_old")))
        missed = [
            fact
            for fact in past or ()
            if fact.seq <= upto and _is_for(subscriber, fact) and known.isdisjoint(topics(fact.kind, fact.subject))
        ]
        pieces = _pieces(subscriber, missed, hub.feed.epoch)
        if pieces is None:
            subscriber.put(frame_of(hub.reset_message("unreadable")))
        subscriber.put_before(pieces or ())
    finally:
        subscriber.release()
