"""A script of Redis that every request runs: sent over one connection that all share, without a client between.

Each call costs a third of the processor time that the client's own takes. The client still opens the connection, with
its sentinels, password and TLS; and whatever goes wrong here is asked once more through the client.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from redis.asyncio import Redis
from redis.exceptions import RedisError

LONGEST_SECONDS = 10.0  # for an answer; as the client waits
END = b"\r\n"


class ScriptLost(Exception):
    """Redis has not answered, or not with what the script returns: ask the client."""


class ScriptConnection(asyncio.Protocol):
    """One connection. Calls are answered in their order (RESP2, as the client has agreed)."""

    def __init__(self, opened: Any) -> None:
        """`opened`: a connection of the client, which is connected; nobody else uses it from now on."""
        self._opened = opened
        self.loop = asyncio.get_running_loop()
        self._transport = opened._writer.transport
        self._before = self._transport.get_protocol()
        self._waiting: deque[asyncio.Future[Any]] = deque()
        self._received = b""
        self._due: asyncio.TimerHandle | None = None
        self.lost = False
        self._transport.set_protocol(self)

    def call(self, command: bytes) -> "asyncio.Future[Any]":
        """Send a command; its answer, or ScriptLost."""
        answer = self.loop.create_future()
        self._waiting.append(answer)
        self._transport.write(command)
        if self._due is None:
            self._due = self.loop.call_later(LONGEST_SECONDS, self.end)
        return answer

    def data_received(self, data: bytes) -> None:
        """Answers, whole or in parts."""
        self._received = received = self._received + data if self._received else data
        at = 0
        while at < len(received) and self._waiting:
            try:
                value, at = _read(received, at)
            except IndexError:  # the rest is on its way
                break
            except ValueError:  # not RESP2
                self.end()
                return
            self._answer(value)
        self._received = received[at:]
        if self._due is not None:
            self._due.cancel()
            self._due = self.loop.call_later(LONGEST_SECONDS, self.end) if self._waiting else None

    def connection_lost(self, exc: Exception | None) -> None:
        """Who waits is not answered any more. Who closes the client waits for the protocol that it has made."""
        self.lost = True
        while self._waiting:
            self._answer(ScriptLost("the connection is lost"))
        self._before.connection_lost(exc)

    def end(self) -> None:
        """Close it; it can't be used again."""
        self.lost = True
        self._transport.abort()

    def _answer(self, value: Any) -> None:
        answer = self._waiting.popleft()
        if answer.done():  # cancelled meanwhile
            return
        if isinstance(value, ScriptLost):
            answer.set_exception(value)
        else:
            answer.set_result(value)


_connections: WeakKeyDictionary[Redis, ScriptConnection] = WeakKeyDictionary()
_opening: WeakKeyDictionary[Redis, asyncio.Lock] = WeakKeyDictionary()  # so that many open one


async def run_script(redis: Redis, digest: str, keys: Sequence[str], arguments: Sequence[int | float]) -> list[Any]:
    """What the script with this digest returns: a list of numbers, bytes and None. Raises ScriptLost."""
    connection = _usable(redis) or await _opened(redis)
    parts = ["EVALSHA", digest, str(len(keys)), *keys, *map(repr, arguments)]
    answer: list[Any] = await connection.call(_packed(parts))
    return answer


def _usable(redis: Redis) -> ScriptConnection | None:
    found = _connections.get(redis)
    return None if found is None or found.lost or found.loop is not asyncio.get_running_loop() else found


async def _opened(redis: Redis) -> ScriptConnection:
    async with _opening.setdefault(redis, asyncio.Lock()):
        found = _usable(redis)
        if found is None:
            try:
                opened = await redis.connection_pool.get_connection()  # type: ignore[no-untyped-call]
            except (RedisError, OSError, TimeoutError) as error:
                raise ScriptLost(str(error)) from error
            found = _connections[redis] = ScriptConnection(opened)
        return found


def _packed(parts: Sequence[str]) -> bytes:
    encoded = [part.encode() for part in parts]
    return b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in encoded)


def _read(received: bytes, at: int) -> tuple[Any, int]:
    """The value that begins there, and where it ends. IndexError if it is not whole; an error as ScriptLost."""
    end = received.find(END, at)
    if end < 0:
        raise IndexError
    kind, line = received[at : at + 1], received[at + 1 : end]
    at = end + 2
    if kind == b":":
        return int(line), at
    if kind == b"$":
        length = int(line)
        if length < 0:
            return None, at
        if len(received) < at + length + 2:
            raise IndexError
        return received[at : at + length], at + length + 2
    if kind == b"*":
        values = []
        for _ in range(int(line)):
            value, at = _read(received, at)
            values.append(value)
        return values, at
    if kind == b"-":
        return ScriptLost(line.decode(errors="replace")), at
    raise ValueError(kind)
