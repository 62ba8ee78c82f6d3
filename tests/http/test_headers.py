"""What keeps a browser safe stands on every answer: pages, the API, files, errors; no page needs an exception."""

import re
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import httpx
import pytest

from console.api_keys.writes import put_key
from console.http.headers import document_headers
from console.organizations.rules import Permission
from console.store.database import Database
from tests.cast import ADAS_SIM, PASSWORD, Cast
from tests.http.access_pages import PAGES
from tests.http.access_table import API, OPEN
from tests.serving import Served

pytestmark = pytest.mark.one_edition
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "htmx",
}
ALIKE = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
# Answers of each kind that are no page: method, path, body, status, and whether nothing may keep it.
OTHERS = (
    ("GET", "/nowhere", None, 404, False),
    ("GET", "/api/v1/nowhere", None, 404, False),
    ("GET", "/api/v1/sims?odd=1", None, 401, False),
    ("DELETE", "/sign-in", None, 405, True),
    ("POST", "/sign-in", {"name": "vera", "password": "wrong"}, 401, True),
    ("POST", "/sign-in", {"name": "vera", "password": "x" * 9000}, 413, True),
    ("GET", "/join/none", None, 404, False),
    ("GET", "/sign-in", None, 200, True),
)
NOT_INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=\"|\son[a-z]+=\"|javascript:|srcdoc=", re.IGNORECASE)


def faults(answer: httpx.Response) -> list[str]:
    """What is missing of an answer that is no static file."""
    directives = dict(
        part.strip().partition(" ")[::2] for part in answer.headers.get("content-security-policy", "").split(";")
    )
    found = [name for name, value in POLICY.items() if directives.get(name) != value]
    found += [name for name, value in ALIKE.items() if answer.headers.get(name) != value]
    found += [] if "camera=()" in answer.headers.get("permissions-policy", "") else ["permissions-policy"]
    found += [] if "cache-control" in answer.headers else ["cache-control"]
    if "unsafe" in answer.headers.get("content-security-policy", ""):
        found.append("unsafe")
    if answer.headers.get("content-type", "").startswith("text/html") and (inline := NOT_INLINE.search(answer.text)):
        found.append(f"inline: {answer.text[inline.start() : inline.start() + 80]}")
    return [f"{answer.request.method} {answer.request.url.path} {answer.status_code}: {one}" for one in found]


async def test_every_answer_has_the_headers(web: Served, db: Database, cast: Cast) -> None:
    async with db.transaction() as transaction:
        key = await put_key(transaction, cast.acme, "all", list(Permission), datetime.now(UTC))
    wrong: list[str] = []
    async with AsyncExitStack() as stack:
        ada = await stack.enter_async_context(web.signed_in("ada"))
        stranger = await stack.enter_async_context(web.stranger())
        ada.timeout = stranger.timeout = httpx.Timeout(
            30
        )  # the first to ask for the API's page waits for it to be made
        paths = [row.removeprefix("GET ") for row in (*PAGES, *API, *OPEN) if row.startswith("GET ")]
        for path in paths:
            if path != "/static/*":
                filled = re.sub(r"{\w+}", "1", path.replace("{iccid}", ADAS_SIM))
                answer = await ada.get(filled, headers={"X-API-Key": key} if path.startswith("/api/") else {})
                assert answer.status_code < 500, path
                wrong += faults(answer)
        for method, path, body, status, kept_by_nobody in OTHERS:
            answer = await stranger.request(method, path, data=body)
            assert answer.status_code == status, path
            wrong += faults(answer)
            if kept_by_nobody and answer.headers["cache-control"] != "no-store":
                wrong.append(f"{method} {path} may be kept")
        made = await ada.post(
            "/api/v1/api-keys", json={"name": "x", "scopes": ["sims:read"]}, headers={"X-API-Key": key}
        )
        assert (made.status_code, made.headers["cache-control"]) == (201, "no-store"), "it shows a secret"
        assert (await ada.post("/settings/second-factor", data={"present": PASSWORD})).status_code == 303
        set_up = await ada.get("/settings/second-factor")
        assert '<code class="secret">' in set_up.text
        assert set_up.headers["cache-control"] == "no-store"
        for path in re.findall(r'(?:src|href)="(/static/[^"]+)"', (await ada.get("/")).text):
            file = await stranger.get(path)
            assert file.headers["x-content-type-options"] == "nosniff", path
            assert file.headers["cross-origin-resource-policy"] == "same-origin", path
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", ["/live", "/nowhere"])
async def test_a_socket_that_is_refused_before_the_upgrade_is_answered_with_the_headers(web: Served, path: str) -> None:
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Origin": "http://evil.example",
        "X-Request-ID": "req_of_the_test",
    }
    async with web.stranger() as stranger:
        answer = await stranger.get(path, headers=upgrade)
    assert (answer.status_code, answer.content, faults(answer)) == (403, b"", [])
    assert (answer.headers["x-request-id"], answer.headers["cache-control"]) == ("req_of_the_test", "no-store")


def test_https_is_insisted_on_where_every_address_is_https() -> None:
    names = {name for name, _ in document_headers(["https://console.example.com"], secure=True)}
    assert b"strict-transport-security" in names
    headers = dict(document_headers(["http://localhost:8000"], secure=False))
    assert b"strict-transport-security" not in headers
    assert b"connect-src 'self' ws://localhost:8000;" in headers[b"content-security-policy"]
