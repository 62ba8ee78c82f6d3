"""HTTP as its standard says: HEAD, Allow, compression, validators, caches, and bounds on what comes in."""

import asyncio
import re
from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx
import pytest

from console.api_keys.writes import put_key
from console.http import protocol, requests
from console.http.protocol import HEAD_BYTES, UNREAD_BYTES
from console.organizations.rules import Permission
from console.store.database import Database
from tests.cast import ADAS_SIM, PASSWORD, Cast
from tests.serving import Served

pytestmark = pytest.mark.one_edition


@pytest.mark.parametrize("path", ["/health", "/health/live", "/sign-in", "/api/v1/health", "/api/v1/openapi.json"])
async def test_head_is_get_without_a_body(web: Served, path: str) -> None:
    async with web.stranger() as stranger:
        got, head = await stranger.get(path), await stranger.head(path)
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert head.headers["content-type"] == got.headers["content-type"]


async def test_a_connection_goes_on_after_head(web: Served) -> None:
    address = urlsplit(web.address)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    for path in ("/health/live", "/nowhere", "/streamer/acme", "/health/live"):
        writer.write(f"HEAD {path} HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode())
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
        assert head.startswith(b"HTTP/1.1 ")
        assert b"content-length: " in head
    writer.close()


@pytest.mark.parametrize(
    ("path", "status", "allowed"),
    [
        ("/", 204, {"GET", "HEAD", "OPTIONS"}),
        ("/metrics", 204, {"GET", "HEAD", "OPTIONS"}),
        ("/streamer/acme", 204, {"OPTIONS", "POST"}),
        ("/forwarder/acme.x", 204, {"OPTIONS", "PATCH", "POST"}),
        ("/sign-in", 204, {"GET", "HEAD", "OPTIONS", "POST"}),
        ("/api/v1/sims/8988228066601000002", 204, {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH"}),
        ("/nowhere", 404, None),
    ],
)
async def test_options_are_answered_to_everybody(web: Served, path: str, status: int, allowed: set[str] | None) -> None:
    async with web.stranger() as stranger:
        answer = await stranger.options(path)
    assert (answer.status_code, answer.content if status == 204 else b"") == (status, b"")
    assert allowed is None or set(re.split(r",\s*", answer.headers["allow"])) == allowed


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/api/v1/sims", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("PUT", "/sign-in", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("POST", "/health", {"GET", "HEAD", "OPTIONS"}),
        ("GET", "/streamer/acme", {"OPTIONS", "POST"}),
    ],
)
async def test_a_method_that_is_not_taken_is_answered_with_those_that_are(
    web: Served, method: str, path: str, allowed: set[str]
) -> None:
    async with web.stranger() as stranger:
        answer = await stranger.request(method, path)
    assert answer.status_code == 405
    assert set(re.split(r",\s*", answer.headers["allow"])) == allowed


async def test_what_has_not_changed_is_not_sent_again(web: Served, cast: Cast) -> None:
    async with web.program(cast.acme_key) as program:
        first = await program.get(f"/sims/{ADAS_SIM}")
        assert first.headers["cache-control"] == "private, no-cache"
        etag = first.headers["etag"]
        again = await program.get(f"/sims/{ADAS_SIM}", headers={"If-None-Match": f'"other", {etag}'})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        assert "x-ratelimit-remaining" in again.headers
        other = await program.get(f"/sims/{ADAS_SIM}", headers={"If-None-Match": '"other"'})
        assert other.status_code == 200


async def test_a_list_in_several_lines_is_one_list(web: Served, db: Database, cast: Cast) -> None:
    path = f"/sims/{ADAS_SIM}"
    async with db.transaction() as transaction:
        scopes = [Permission.SIMS_READ, Permission.SIMS_WRITE]
        key = await put_key(transaction, cast.acme, "writer", scopes, datetime.now(UTC))
    async with web.program(key) as program:
        etag = (await program.get(path)).headers["etag"]
        again = await program.get(path, headers=[("If-None-Match", '"other"'), ("If-None-Match", etag)])
        assert again.status_code == 304
        edit = {"note": "of one who has read it"}
        matched = await program.patch(path, json=edit, headers=[("If-Match", '"other"'), ("If-Match", etag)])
        assert matched.status_code == 200
        lines = [("Accept", "text/html"), ("Accept", "application/vnd.sim-console.v1+json")]
        named = await program.get(path, headers=lines)
        assert (named.status_code, named.headers["content-type"]) == (200, "application/vnd.sim-console.v1+json")


@pytest.mark.parametrize(
    ("accepted", "used"),
    [
        ("br, gzip", "br"),
        ("gzip", "gzip"),
        ("identity", None),
        ("br;q=0, gzip", "gzip"),
        ("*;q=0.5", "gzip"),
        ("gzip;q=0, br; q=0.0, identity", None),
        ("deflate, notgzip", None),
    ],
)
async def test_large_answers_are_compressed_as_asked(web: Served, accepted: str, used: str | None) -> None:
    async with web.stranger() as stranger:
        for path in ("/api/v1/openapi.json", "/sign-in"):
            answer = await stranger.get(path, headers={"Accept-Encoding": accepted})
            assert answer.headers.get("content-encoding") == used
            assert answer.text.startswith(("{", "<!"))


async def test_files_are_compressed_as_asked_and_name_their_characters_once(web: Served, cast: Cast) -> None:
    async with web.signed_in("ada") as ada:
        for path in ("/sims/export", "/audit/export?format=csv", "/usage.csv", "/alerts.csv"):
            plain = await ada.get(path, headers={"Accept-Encoding": "identity"})
            packed = await ada.get(path, headers={"Accept-Encoding": "gzip"})
            assert plain.headers["content-type"] == "text/csv; charset=utf-8", path
            assert plain.text.splitlines()[0] == packed.text.splitlines()[0]
        many = await ada.get("/sims/export?format=ndjson", headers={"Accept-Encoding": "br"})
        assert (many.status_code, many.headers["content-encoding"]) == (200, "br")
        assert many.headers["vary"] == "Accept-Encoding"


async def test_static_files_have_an_address_that_changes_with_them(web: Served) -> None:
    async with web.stranger() as stranger:
        page = (await stranger.get("/sign-in")).text
        links = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
        assert links
        for link in links:
            answer = await stranger.get(link)
            assert answer.status_code == 200, link
            assert "immutable" in answer.headers["cache-control"]
            again = await stranger.get(link, headers={"If-None-Match": answer.headers["etag"]})
            assert again.status_code == 304


async def test_a_form_is_small(web: Served) -> None:
    async with web.stranger() as stranger:
        answer = await stranger.post("/sign-in", data={"name": "vera", "password": PASSWORD + "x" * 9000})
        assert answer.status_code == 413
        answer = await stranger.post("/sign-in", data={"name": "vera\0", "password": PASSWORD})
        assert answer.status_code == 401


@pytest.mark.parametrize("chunked", [False, True], ids=["of a length", "in chunks"])
async def test_a_large_form_is_answered_and_its_sender_let_go(web: Served, chunked: bool) -> None:
    address, part = urlsplit(web.address), b"a" * 65_536
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    length = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % (512 * len(part))
    writer.write(b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n%b\r\n\r\n" % length)
    head, sent = asyncio.create_task(reader.read(12)), 0
    with suppress(ConnectionError):
        for _ in range(512):
            writer.write(b"10000\r\n%b\r\n" % part if chunked else part)
            await writer.drain()
            sent += len(part)
    assert await asyncio.wait_for(head, 5) == b"HTTP/1.1 413"
    writer.close()
    assert sent < 16 * UNREAD_BYTES  # what the kernels hold is some megabytes


@pytest.mark.parametrize("path", ["/%00", "/sims/%00", "/static/%00", "/api/v1/sims/%00", "/health/%00"])
async def test_nul_in_a_path_is_no_address(web: Served, path: str) -> None:
    async with web.signed_in("vera") as vera:
        assert (await vera.get(path)).status_code in (400, 401, 404, 422)


async def test_an_endless_head_is_ended_and_holds_up_nobody(web: Served) -> None:
    address = urlsplit(web.address)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-Long: ")
    sent = 0
    try:
        while sent < 64 * HEAD_BYTES and not reader.at_eof():
            writer.write(b"x" * 16_384)
            sent += 16_384
            await asyncio.wait_for(writer.drain(), 5)
            await asyncio.sleep(0)
        answer = await asyncio.wait_for(reader.read(), 5)
    except ConnectionError:
        answer = b"HTTP/1.1 431"
    assert answer.startswith(b"HTTP/1.1 431")
    writer.close()
    async with httpx.AsyncClient(base_url=web.address, trust_env=False) as client:
        assert (await client.get("/health/live")).status_code == 200


async def test_a_handshake_that_is_too_long_is_answered_and_ended(web: Served) -> None:
    address = urlsplit(web.address)
    heads = {
        b"414": "GET /live?view=sims&topics=" + "fleet," * 1_500 + " HTTP/1.1\r\n",
        b"431": "GET /live?view=sims HTTP/1.1\r\nX-Long: " + "a" * 9_000 + "\r\n",
        b"431 ": "GET /live?view=sims HTTP/1.1\r\n" + "".join(f"X-{number}: a\r\n" for number in range(200)),
    }
    for status, head in heads.items():
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        upgrade = "Host: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        writer.write(f"{head}{upgrade}Sec-WebSocket-Key: {'A' * 22}==\r\n\r\n".encode())
        async with asyncio.timeout(10):
            answer = await reader.read()  # until it is ended
        writer.close()
        assert answer.split(b" ")[1] == status.strip()


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("HTTP/1.1\r\n", b"400"),
        ("HTTP/1.1\r\nHost: a.example\r\nhOST: a.example\r\n", b"400"),
        ("HTTP/1.0\r\nHost: a.example\r\nHost: b.example\r\n", b"400"),
        ("HTTP/1.1\r\nHost: a.example\r\nno header\r\n", b"400"),
        ("HTTP/1.0\r\n", b"200"),
        ("HTTP/1.1\r\nHost: a.example\r\n", b"200"),
    ],
)
async def test_a_request_is_well_formed_and_names_one_host(web: Served, head: str, status: bytes) -> None:
    address = urlsplit(web.address)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(f"GET /health/live {head}Connection: close\r\n\r\n".encode())
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    assert answer.split(b" ")[1] == status
    assert b"\r\nx-content-type-options: nosniff\r\n" in answer


async def test_a_head_of_common_size_passes(web: Served) -> None:
    async with web.stranger() as stranger:
        answer = await stranger.get("/health/live", headers={"X-Long": "x" * 16_000})
    assert answer.status_code == 200


async def test_a_parameter_that_is_not_known_is_refused_by_name(web: Served, cast: Cast) -> None:
    async with web.program(cast.acme_key) as program:
        answer = await program.get("/sims", params={"conection": "online"})
        assert answer.status_code == 422
        assert "conection" in answer.json()["error"]["message"]
        assert (await program.get("/sims", params={"connection": "online"})).status_code == 200
        assert (await program.get("/carrier", params={"x": "1"})).status_code == 422


@pytest.mark.one_edition
@pytest.mark.parametrize("number", ["2147483648", "-2147483649", "-1"])
async def test_a_number_that_no_row_can_have_is_not_found(web: Served, cast: Cast, number: str) -> None:
    headers = {"X-API-Key": cast.acme_key}
    async with httpx.AsyncClient(base_url=web.address, headers=headers, trust_env=False) as client:
        answers = [
            await client.get(f"/api/v1/{of}/{number}") for of in ("silences", "alerts", "actions", "bulk-actions")
        ]
    assert [answer.status_code for answer in answers] == [404] * 4


async def test_a_body_that_comes_slower_than_its_time_is_ended(web: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "BODY_SECONDS", 0.5)
    monkeypatch.setattr(protocol, "UNREAD_SECONDS", 0.5)
    host, port = web.address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /sign-in HTTP/1.1\r\nHost: {host}:{port}\r\nOrigin: {web.address}\r\nContent-Length: 4000\r\n"
    writer.write(f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\nname=".encode())
    async with asyncio.timeout(20):
        with suppress(ConnectionError):
            while not reader.at_eof():
                writer.write(b"a")
                await writer.drain()
                with suppress(TimeoutError):
                    await asyncio.wait_for(reader.read(1000), 0.1)
    writer.close()
