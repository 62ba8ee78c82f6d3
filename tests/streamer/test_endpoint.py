"""The Data Streamer's endpoint: whose password it takes, and which bodies."""

import gzip

import httpx
import msgspec
import pytest
import sqlalchemy as sa

from console.store.database import Database
from console.streamer.tables import streamer_posts
from tests.jobs.test_stream import usage
from tests.serving import Served


@pytest.mark.one_edition
async def test_the_streamers_endpoint_wants_the_organizations_own_password(web: Served, db: Database) -> None:
    async with httpx.AsyncClient(base_url=web.address, trust_env=False) as streamer:
        body = msgspec.json.encode([usage(1, 1.0)])
        assert (await streamer.post("/streamer/acme", content=body)).status_code == 401
        for auth in (("acme-streamer", "wrong"), ("evil-streamer", "streamer-password")):
            assert (await streamer.post("/streamer/acme", content=body, auth=auth)).status_code == 401
        right = ("acme-streamer", "streamer-password")
        assert (await streamer.post("/streamer/nobody", content=body, auth=right)).status_code == 401
        assert (await streamer.post("/streamer/acme", content=b"<html>", auth=right)).status_code == 400
        assert (await streamer.post("/streamer/acme", content=body[:-1], auth=right)).status_code == 400
        assert (await streamer.post("/streamer/acme", content=body, auth=right)).status_code == 200
    async with db.reading() as connection:
        kept = (await connection.execute(sa.select(streamer_posts.c.body))).scalars().all()
    assert kept == [body]


@pytest.mark.one_edition
async def test_a_packed_post_is_unpacked_but_not_without_end(web: Served, db: Database) -> None:
    body = msgspec.json.encode([usage(1, 1.0)])
    packed = {"Content-Encoding": "gzip"}
    async with httpx.AsyncClient(base_url=web.address, trust_env=False, headers=packed) as streamer:
        right = ("acme-streamer", "streamer-password")
        assert (await streamer.post("/streamer/acme", content=body, auth=right)).status_code == 400
        bomb = gzip.compress(b"[" + b" " * 40_000_000 + b"]")
        assert (await streamer.post("/streamer/acme", content=bomb, auth=right)).status_code == 413
        assert (await streamer.post("/streamer/acme", content=gzip.compress(body)[:-9], auth=right)).status_code == 400
        assert (await streamer.post("/streamer/acme", content=gzip.compress(body), auth=right)).status_code == 200
    async with db.reading() as connection:
        kept = (await connection.execute(sa.select(streamer_posts.c.body))).scalars().all()
    assert kept == [body]
