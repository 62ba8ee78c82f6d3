"""Public documents are made once, and sent in the coding that the client takes."""

import gzip

import brotli  # type: ignore[import-untyped]
import httpx
import pytest

from console.http.prepared import best_coding
from tests.cast import Cast
from tests.serving import Served

pytestmark = pytest.mark.one_edition
DECODE = {"br": brotli.decompress, "gzip": gzip.decompress, "identity": bytes}


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", "identity"),
        ("gzip, deflate, br, zstd", "br"),
        ("GZIP", "gzip"),
        ("x-gzip", "gzip"),
        ("*", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("br; q=0.000", "identity"),
        ("br;q=1.0", "br"),
        ("deflate", "identity"),
        ("identity", "identity"),
    ],
)
def test_the_best_coding_that_is_accepted(accepted: str, coding: str) -> None:
    assert best_coding(accepted) == coding


@pytest.mark.parametrize("path", ["/api/v1/docs", "/api/v1/openapi.json", "/api/v1/asyncapi.json"])
async def test_a_document_is_the_same_in_every_coding_and_not_sent_again(path: str, web: Served, cast: Cast) -> None:
    async with web.stranger() as stranger:
        bodies, etags = set(), set()
        for coding, decode in DECODE.items():
            request = stranger.build_request("GET", path, headers={"Accept-Encoding": coding})
            answer = await stranger.send(request, stream=True)
            raw = b"".join([part async for part in answer.aiter_raw()])
            assert answer.headers.get("Content-Encoding", "identity") == coding
            assert answer.headers["Vary"] == "Accept-Encoding"
            assert int(answer.headers["Content-Length"]) == len(raw)
            bodies.add(decode(raw))
            etags.add(answer.headers["ETag"])
        assert (len(bodies), len(etags)) == (1, 1)
        again: httpx.Response = await stranger.get(path, headers={"If-None-Match": etags.pop()})
        assert (again.status_code, again.content) == (304, b"")
