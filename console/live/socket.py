"""A live connection, seen from outside: opens with what was missed, then sends what comes, and ends when it must."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from litestar import WebSocket
from litestar.exceptions import WebSocketDisconnect

from console import metrics
from console.errors import BadRequest
from console.facts import topics
from console.live.feed import Heard
from console.live.fragments import stream_mark
from console.live.hub import Hub
from console.live.subscriber import Subscriber
from console.live.topics import checked

Socket = WebSocket[Any, Any, Any]
HEARTBEAT_SECONDS = 15.0
GATHER_SECONDS = 0.025  # what comes within it goes out together
LARGEST_FROM_CLIENT = 4096
SIGNED_OUT, NOT_ALLOWED, TOO_SLOW, TOO_MANY = 4401, 4403, 4408, 4429
REASONS = {SIGNED_OUT: "signed out", NOT_ALLOWED: "not allowed", TOO_SLOW: "too slow", TOO_MANY: "too many connections"}


class Request(msgspec.Struct, tag_field="type"):
    """What a client may say."""

    topics: list[str]


class Subscribe(Request, tag="subscribe"):
    """Listen to these as well; with `since`, hear first what was told of them after it."""

    since: str | None = None


class Unsubscribe(Request, tag="unsubscribe"):
    """Listen to these no more."""


_requests = msgspec.json.Decoder(Subscribe | Unsubscribe)


def since_of(text: str | None) -> tuple[str, int] | None:
    """`<epoch>:<seq>` as a client has it; None for nothing, or for what nobody has said."""
    epoch, colon, seq = (text or "").rpartition(":")
    return (epoch, int(seq)) if colon and seq.isdigit() and len(seq) < 18 else None


async def hold(
    socket: Socket,
    hub: Hub,
    subscriber: Subscriber,
    since: tuple[str, int] | None,
    still_welcome: Callable[[], Awaitable[bool]],
) -> None:
    """Keep the connection until either side ends it. `still_welcome` is asked at each heartbeat."""
    if not hub.join(subscriber):
        await close(socket, TOO_MANY, subscriber.door)
        return
    tasks = [
        asyncio.create_task(work)
        for work in (
            _send(socket, hub, subscriber, since),
            _receive(socket, hub, subscriber),
            _beat(hub, subscriber, still_welcome),
        )
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        hub.leave(subscriber)
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(ended, Exception) and not isinstance(ended, (WebSocketDisconnect, ConnectionError)):
                raise ended
        if subscriber.closing is not None:
            await close(socket, subscriber.closing, subscriber.door)


async def close(socket: Socket, code: int, door: str) -> None:
    """End the connection with a code that says why."""
    metrics.sockets_cut.labels(door, REASONS.get(code, str(code))).inc()
    with contextlib.suppress(Exception):  # it may be gone, and nothing is lost with it
        async with asyncio.timeout(2):
            await socket.close(code=code, reason=REASONS.get(code, ""))


async def _send(socket: Socket, hub: Hub, subscriber: Subscriber, since: tuple[str, int] | None) -> None:
    for text in await _opening(hub, subscriber, since):
        await socket.send_text(text)
    subscriber.release()
    count = metrics.frames.labels(subscriber.door)
    while subscriber.closing is None:
        waiting = await subscriber.next(gather=GATHER_SECONDS)
        reached = subscriber.seq
        for text in waiting if subscriber.view is None else _joined(waiting, reached):
            await socket.send_text(text)
            count.inc()
        subscriber.sent()


async def _opening(hub: Hub, subscriber: Subscriber, since: tuple[str, int] | None) -> list[str]:
    """hello, then the past that the client has missed, or that it is gone."""
    feed, epoch, seq = hub.feed, hub.feed.epoch, subscriber.joined
    if since and since[0] == epoch:
        subscriber.seq = max(subscriber.seq, since[1])  # it may have heard more than this process yet has
    past = await feed.since(*since) if since else []
    mine = [fact for fact in past or () if fact.seq <= seq and _is_for(subscriber, fact)]
    opening = [_say(type="stream.hello", epoch=epoch, seq=seq, resumed=len(mine))]
    if past is None:
        opening.append(_reset(hub, "too_old"))
    latest: dict[object, str] = {}
    for fact in mine:
        for key, text in subscriber.phrasing.phrase(fact, epoch):
            name: object = key if key is not None else object()
            latest.pop(name, None)
            latest[name] = text
    opening += latest.values()
    if mine and subscriber.view is not None:
        opening.append(stream_mark(seq))
    if not feed.up:
        opening.append(_say(type="stream.stale", reason="redis"))
    return opening


def _is_for(subscriber: Subscriber, fact: Heard) -> bool:
    mine = fact.organization_id == subscriber.caller.organization_id
    return mine and not subscriber.topics.isdisjoint(topics(fact.kind, fact.subject))


def _joined(waiting: list[str], reached: int) -> list[str]:
    """For a page: all pieces of HTML in one message, then how far that brings it."""
    html = "".join(text for text in waiting if text.startswith("<"))
    said = [text for text in waiting if not text.startswith("<")]
    return [*([html, stream_mark(reached)] if html else []), *said]


def _reset(hub: Hub, reason: str) -> str:
    return _say(type="stream.reset", epoch=hub.feed.epoch, seq=hub.feed.seq, reason=reason)


def _say(**message: object) -> str:
    return msgspec.json.encode(message).decode()


async def _receive(socket: Socket, hub: Hub, subscriber: Subscriber) -> None:
    while True:
        text = await socket.receive_data(mode="text")
        try:
            if len(text) > LARGEST_FROM_CLIENT:
                raise BadRequest(f"At most {LARGEST_FROM_CLIENT} bytes a message")
            request = _requests.decode(text)
            named = checked(request.topics)
            if isinstance(request, Subscribe):
                fresh = named - subscriber.topics
                hub.listen(subscriber, checked(subscriber.topics | named))
                if request.since and fresh:
                    await _replay(hub, subscriber, fresh, request.since)
            else:
                hub.listen(subscriber, subscriber.topics - named)
        except (msgspec.MsgspecError, BadRequest) as error:
            subscriber.put(_say(type="stream.error", message=str(error)))


async def _replay(hub: Hub, subscriber: Subscriber, fresh: frozenset[str], since: str) -> None:
    """What was told of these topics between the drawing of a page and the listening to it."""
    asked = since_of(since)
    past = await hub.feed.since(*asked) if asked else None
    if past is None:
        subscriber.put(_reset(hub, "too_old"))
    for fact in past or ():
        mine = fact.organization_id == subscriber.caller.organization_id
        if mine and not fresh.isdisjoint(topics(fact.kind, fact.subject)):
            for key, text in subscriber.phrasing.phrase(fact, hub.feed.epoch):
                subscriber.put(text, key, older=True)


async def _beat(hub: Hub, subscriber: Subscriber, still_welcome: Callable[[], Awaitable[bool]]) -> None:
    while True:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(subscriber.ended.wait(), HEARTBEAT_SECONDS)
            return
        try:
            if not await still_welcome():
                subscriber.end(SIGNED_OUT)
        except Exception:  # the database is away: who was welcome stays so for the moment
            metrics.sockets_cut.labels(subscriber.door, "not checked").inc(0)
        reached = subscriber.reached(hub.feed.seq)
        if subscriber.view is not None:
            subscriber.put(stream_mark(reached), "mark")
        subscriber.put(_say(type="stream.heartbeat", seq=reached), "heartbeat")
