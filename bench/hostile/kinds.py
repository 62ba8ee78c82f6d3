"""What hostile clients send, by kind: each function goes on until it is cancelled."""

import asyncio
import gzip
import itertools
import json
from collections.abc import AsyncIterator
from urllib.parse import quote, urlsplit

from hostile.sockets import many_sockets, replays
from hostile.target import Kind, Target, at_once


async def long_searches(target: Target) -> None:
    """Searches of as many words as an address holds, and of few letters that every SIM has."""
    words = itertools.cycle(("ab " * 2000, "e", "8", "882 288 822 2280 80 0", "%_\\ " * 50, "a" * 7000))
    async with target.client() as client:
        await at_once(
            16, lambda one: client.get("/api/v1/sims?count=exact&q=" + quote(next(words)), headers=target.key(one))
        )


async def large_pages(target: Target) -> None:
    """The largest pages of everything, by the API and for people."""
    paths = itertools.cycle(
        (
            "/sims?page_size=200",
            "/usage?by=operator",
            "/api/v1/sims?page_size=500&count=exact",
            "/api/v1/quotas?page_size=500",
            "/quotas",
        )
    )
    async with target.client(Cookie=target.cookie) as client:
        await at_once(16, lambda one: client.get(next(paths), headers=target.key(one)))


async def exports(target: Target) -> None:
    """The whole fleet as a file, again and again."""
    async with target.client(Cookie=target.cookie) as client:
        await at_once(8, lambda _: client.get("/sims/export"))


async def large_forms(target: Target) -> None:
    """Forms of 31 MB, with their length and without."""
    body = b"name=" + b"a" * (31 * 1024 * 1024)

    async def parts() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 65_536):
            yield body[start : start + 65_536]

    form = {"Content-Type": "application/x-www-form-urlencoded"}
    async with target.client(**form) as client:
        await at_once(4, lambda one: client.post("/sign-in", content=body if one % 2 else parts()))


async def packed_posts(target: Target) -> None:
    """15 KB that unpack to eight million records, and posts of as many odd records as are taken."""
    bombs = [gzip.compress(b"[" + b"0," * 8_000_000 + b"0]"), gzip.compress(b"[" + b'"\\ud800",' * 900_000 + b"0]")]
    bombs.append(gzip.compress(json.dumps([{"id": n, "timestamp": "0001-01-01"} for n in range(20_000)]).encode()))
    packed = {"Content-Encoding": "gzip", "Authorization": target.streamer}
    async with target.client(**packed) as client:
        await at_once(3, lambda one: client.post("/streamer/acme", content=bombs[one]))


async def deep_json(target: Target) -> None:
    """JSON of thousands of levels, and of nothing but quotation marks and escapes."""
    bodies = [b'{"a":' * 10_000, b"[" * 60_000, b'["' + b'\\"' * 30_000, b'{"note":"' + b"\\u0000" * 9_000 + b'"}']
    path = f"/api/v1/sims/{target.iccid}"
    async with target.client(**{"Content-Type": "application/json"}) as client:
        await at_once(16, lambda one: client.patch(path, content=bodies[one % len(bodies)], headers=target.key(one)))


async def guesses(target: Target) -> None:
    """Wrong passwords at many names from many networks."""
    number = itertools.count()

    async def guess(_: int) -> None:
        turn = next(number)
        where = {"X-Forwarded-For": f"198.18.{turn // 250 % 250}.{turn % 250}"}
        await client.post("/sign-in", data={"name": f"user {turn}", "password": "a wrong password"}, headers=where)

    async with target.client() as client:
        await at_once(40, guess)


async def public_answers(target: Target) -> None:
    """Forty clients at the answers that need no sign-in."""
    paths = itertools.cycle(("/api/v1/docs", "/api/v1/openapi.json", "/metrics", "/health/services", "/sign-in", "/\0"))
    async with target.client() as client:
        await at_once(40, lambda _: client.get(quote(next(paths))))


async def slow_senders(target: Target) -> None:
    """Two hundred connections that send a header, or a body, byte by byte."""
    place = urlsplit(target.address)

    async def trickle(which: int) -> None:
        _, writer = await asyncio.open_connection(place.hostname, place.port)
        head = b"POST /sign-in HTTP/1.1\r\nHost: x\r\n"
        writer.write(head + (b"Content-Length: 5000\r\n\r\n" if which % 2 else b"X-A: "))
        try:
            while True:
                writer.write(b"a")
                await writer.drain()
                await asyncio.sleep(0.05)
        finally:
            writer.close()

    await at_once(200, trickle)


KINDS: tuple[Kind, ...] = (
    long_searches,
    large_pages,
    exports,
    large_forms,
    packed_posts,
    deep_json,
    guesses,
    public_answers,
    replays,
    many_sockets,
    slow_senders,
)
