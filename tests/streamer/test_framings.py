"""Posts are taken whole or refused, however they are compressed and cut into chunks."""

import gzip
import zlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest
import sqlalchemy as sa

from console.once.streamer.records import read_batch
from console.store.database import Database
from console.streamer.tables import streamer_posts
from tests.cast import STREAMER
from tests.jobs.test_stream import usage
from tests.serving import Served

CREDENTIALS = ("acme-" + STREAMER[0], STREAMER[1])
GOOD = msgspec.json.encode([usage(1, 1.0), usage(2, 1.0)])


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


FRAMINGS: list[tuple[str, bytes, int]] = [
    ("gzip", gzip.compress(GOOD), 200),
    ("x-gzip", gzip.compress(GOOD), 200),
    ("GZIP", gzip.compress(GOOD), 200),
    ("identity", GOOD, 200),
    ("deflate", zlib.compress(GOOD), 200),
    ("gzip", gzip.compress(GOOD[:50]) + gzip.compress(GOOD[50:]), 200),
    ("gzip", gzip.compress(GOOD) + b"\0" * 512, 200),
    ("gzip", gzip.compress(GOOD) + GOOD, 400),
    ("gzip", gzip.compress(GOOD) + gzip.compress(b",[1]"), 400),
    ("gzip", gzip.compress(GOOD)[:-4], 400),
    ("gzip, gzip", gzip.compress(gzip.compress(GOOD)), 400),
    ("br", GOOD, 400),
    ("", b"\xef\xbb\xbf" + GOOD, 200),
    ("", GOOD.decode().encode("utf-16"), 200),
    ("", GOOD.replace(b"Data", rb"LOW\ud83d"), 200),
    ("", GOOD.decode().encode("utf-16-be"), 200),
    ("", b"\n\xef\xbb\xbf" + GOOD + b"\0", 200),
    ("", GOOD.replace(b"Data", rb"it\'s \x41"), 200),
    ("", GOOD.replace(b'"Data"', b"NaN"), 200),
    ("", GOOD + b"]", 400),
    ("", b"", 400),
    ("gzip", gzip.compress(b"[" + b"1," * 8_000_000 + b"1]"), 413),
    ("", b"[" + b"1," * 1_100_000 + b"1]", 413),
    ("gzip", gzip.compress(b"[" + b"{}," * 20_000 + b"{}]"), 413),
]


@pytest.mark.one_edition
@pytest.mark.parametrize(("encoding", "body", "status"), FRAMINGS, ids=[str(n) for n in range(len(FRAMINGS))])
@pytest.mark.parametrize("chunked", [False, True])
async def test_a_post_is_taken_whole_or_refused(
    db: Database, web: Served, encoding: str, body: bytes, status: int, chunked: bool
) -> None:
    headers = {"Content-Encoding": encoding} if encoding else {}
    content: Any = chunks(body[:20], body[20:]) if chunked else body
    async with httpx.AsyncClient(base_url=web.address, auth=CREDENTIALS, trust_env=False) as client:
        answer = await client.post("/streamer/acme", content=content, headers=headers)
    assert answer.status_code == status, answer.text
    async with db.reading() as reading:
        kept = (await reading.execute(sa.select(streamer_posts.c.body))).scalars().all()
    assert [len(read_batch(one)) for one in kept] == ([2] if status == 200 else [])
