"""A live connection, seen from outside: opens with what was missed, hears its client, and ends when it must."""

import asyncio
import contextlib
import itertools
from collections.abc import Iterable
from typing import Any

import msgspec
from litestar import WebSocket
from litestar.exceptions import WebSocketDisconnect

from console import metrics
from console.errors import BadRequest
from console.facts import topics
from console.live.audience import AT_ONCE_BYTES
from console.live.feed import Heard
from console.live.frames import said
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
    Subscribe,
)
from console.live.subscriber import SLOW_SECONDS, Subscriber
from console.live.topics import checked
from console.log import logger

Socket = WebSocket[Any, Any, Any]
GRACE_SECONDS = 2.0  # for a client that reads nothing to take its close code

_from_client = msgspec.json.Decoder(FromClient)


def since_of(text: str | None) -> tuple[str, int] | None:
    """`<epoch>:<seq>` as a client has it; None for nothing, or for what nobody has said."""
    epoch, colon, seq = (text or "").rpartition(":")
    return (epoch, int(seq)) if colon and seq.isdigit() and len(seq) < 18 else None


async def hold(socket: Socket, hub: Hub, subscriber: Subscriber, since: tuple[str, int] | None) -> None:
    """Keep the connection until either side ends it. Sending is the hub's: this task only listens to the client."""
    if not hub.join(subscriber, since):
        await close(socket, TOO_MANY, subscriber.door)
        subscriber.writer.let_go()
        return
    try:
        await _open(hub, subscriber, since)
        while True:
            await _hear(hub, subscriber, await socket.receive_data(mode="text"))
    except (WebSocketDisconnect, ConnectionError):
        pass
    finally:
        hub.leave(subscriber)
        subscriber.writer.let_go()


async def close(socket: Socket, code: int, door: str) -> None:
    """End the connection with a code that says why."""
    metrics.sockets_cut.labels(door, REASONS.get(code, str(code))).inc()
    with contextlib.suppress(Exception):  # it may be gone, and nothing is lost with it
        async with asyncio.timeout(GRACE_SECONDS):
            await socket.close(code=code, reason=REASONS.get(code, ""))


async def end(socket: Socket, subscriber: Subscriber, code: int) -> None:
    """End a connection that stands; what a client does not read is dropped after a moment of grace."""
    await close(socket, code, subscriber.door)
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
    frames = [said(StreamHello(epoch=epoch, seq=subscriber.heard_before, resumed=resumed))]
    if past is None or pieces is None:
        frames.append(said(hub.resetting("too_old" if past is None else "unreadable")))
    frames += subscriber.phrasing.wrap([piece for _, piece in pieces or ()], seq if resumed else None)
    if not feed.up:
        frames.append(said(StreamStale(reason="redis")))
    await _send_all(subscriber, frames)
    subscriber.release()


def _pieces(subscriber: Subscriber, facts: Iterable[Heard], epoch: str) -> "list[tuple[str | None, bytes]] | None":
    """What these facts are at this door: of each state the latest, in its place. None if one can't be told."""
    latest: dict[object, tuple[str | None, bytes]] = {}
    number = itertools.count()
    for fact in facts:
        try:
            phrased = subscriber.phrasing.phrase(fact, epoch)
        except Exception:  # a younger worker's, perhaps: who comes back must not fail at it again and again
            logger("live").exception("a fact of the past could not be told", kind=fact.kind, seq=fact.seq)
            return None
        for key, piece in phrased:
            name = next(number) if key is None else key
            latest.pop(name, None)
            latest[name] = key, piece
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


def _is_for(subscriber: Subscriber, fact: Heard) -> bool:
    mine = fact.organization_id == subscriber.caller.organization_id
    return mine and not subscriber.topics.isdisjoint(topics(fact.kind, fact.subject))


async def _hear(hub: Hub, subscriber: Subscriber, text: str | bytes) -> None:
    """Do as the client says, or say that it can't be understood."""
    try:
        if len(text) > LARGEST_FROM_CLIENT:
            raise BadRequest(f"At most {LARGEST_FROM_CLIENT} bytes a message")
        request = _from_client.decode(text)
        named = checked(request.topics)
        if isinstance(request, Subscribe):
            fresh = named - subscriber.topics
            hub.listen(subscriber, checked(subscriber.topics | named))
            if request.since and fresh:
                await _replay(hub, subscriber, fresh, request.since)
        else:
            hub.listen(subscriber, subscriber.topics - named)
    except (msgspec.MsgspecError, BadRequest) as error:
        subscriber.put(said(StreamError(message=str(error))))


async def _replay(hub: Hub, subscriber: Subscriber, fresh: frozenset[str], since: str) -> None:
    """What was told of these topics alone between the drawing of a page and the listening to it."""
    asked, upto, heard = since_of(since), hub.feed.seq, subscriber.topics - fresh
    subscriber.hold()
    try:
        past = await hub.feed.since(*asked) if asked else None
        if past is None:
            subscriber.put(said(hub.resetting("too_old")))
        missed = [
            fact
            for fact in past or ()
            if fact.seq <= upto and _is_for(subscriber, fact) and heard.isdisjoint(topics(fact.kind, fact.subject))
        ]
        pieces = _pieces(subscriber, missed, hub.feed.epoch)
        if pieces is None:
            subscriber.put(said(hub.resetting("unreadable")))
        subscriber.put_before(pieces or ())
    finally:
        subscriber.release()
