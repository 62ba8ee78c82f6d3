"""The receiver for a machine without a C compiler: the same as `receiver.c` from outside, at ten times the cost."""

import argparse
import asyncio
import json
import re
import sys
import time
from pathlib import Path
from typing import cast

import uvloop

SHORTEST_FACT = 200  # bytes; lines of the stream itself are shorter
MOMENT = re.compile(rb"@(\d{19})")


class Counted:
    """What has come since the last mark."""

    def __init__(self) -> None:
        self.ages: list[int] = []
        self.others = 0
        self.closed = 0


class Socket(asyncio.Protocol):
    """One client that only listens."""

    def __init__(self, request: bytes, counted: Counted) -> None:
        self.facts = 0
        self.open = asyncio.get_running_loop().create_future()
        self._request = request
        self._counted = counted
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one by its deeds alone
        self._transport.write(self._request)

    def connection_lost(self, error: Exception | None) -> None:
        self._counted.closed += 1
        if not self.open.done():
            self.open.set_exception(error or ConnectionError("the server hung up"))

    def data_received(self, data: bytes) -> None:
        now, buffer, at = time.monotonic_ns(), self._buffer + data, 0
        if not self.open.done():
            head, found, buffer = buffer.partition(b"\r\n\r\n")
            if not found:
                self._buffer = head
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self.open.set_exception(ConnectionError(head.decode("latin-1")))
                return
            self.open.set_result(None)
        while len(buffer) - at >= 2:
            size, start = buffer[at + 1], at + 2
            if size > 125:
                start = at + (4 if size == 126 else 10)
                size = int.from_bytes(buffer[at + 2 : start], "big")
            if len(buffer) < start + size:
                break
            self._take(buffer[at], buffer[start : start + size], now)
            at = start + size
        self._buffer = buffer[at:]

    def _take(self, kind: int, text: bytes, now: int) -> None:
        if kind == 0x89:
            self._transport.write(bytes((0x8A, 0x80 | len(text), 0, 0, 0, 0)) + text)
        elif len(text) < SHORTEST_FACT:
            self._counted.others += 1
        else:
            self.facts += 1
            if moment := MOMENT.search(text):
                self._counted.ages.append(max(0, now - int(moment[1])) // 1000)


def seen(sockets: list[Socket], counted: Counted) -> dict[str, int]:
    """What has come since the last mark."""
    facts, ages = [socket.facts for socket in sockets], sorted(counted.ages)
    found = {"facts": sum(facts), "least": min(facts), "most": max(facts), "others": counted.others}
    found |= {"closed": counted.closed, "aged": len(ages)}
    for name, percent in (("p50_us", 50), ("p95_us", 95), ("p99_us", 99), ("most_us", 100)):
        found[name] = ages[max(0, -(-len(ages) * percent // 100) - 1)] if ages else 0
    return found


async def listen(port: int, path: str, headers: list[str], number: int) -> None:
    """Until standard input ends."""
    loop, counted, sockets = asyncio.get_running_loop(), Counted(), list[Socket]()
    lines = [f"GET {path} HTTP/1.1", "Host: bench", "Upgrade: websocket", "Connection: Upgrade"]
    lines += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"]
    for n in range(number):
        more = [headers[n % len(headers)]] if headers else []
        request = "\r\n".join([*lines, *more, "", ""]).encode()
        _, socket = await loop.create_connection(lambda said=request: Socket(said, counted), "127.0.0.1", port)  # type: ignore[misc]
        await socket.open
        sockets.append(socket)
    print(json.dumps({"open": number}), flush=True)
    while asked := await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(seen(sockets, counted)), flush=True)
        if asked.startswith("mark"):
            counted.ages, counted.others = [], 0
            for socket in sockets:
                socket.facts = 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("path")
    parser.add_argument("headers")
    parser.add_argument("sockets", type=int)
    chosen = parser.parse_args()
    known = [] if chosen.headers == "-" else Path(chosen.headers).read_text(encoding="utf-8").splitlines()
    uvloop.run(listen(chosen.port, chosen.path, known, chosen.sockets))
