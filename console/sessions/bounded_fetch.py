"""JSON objects from another server, of which nothing is trusted: bounded in time, in bytes and in where it leads."""

import asyncio
from typing import Any

import httpx
from msgspec import MsgspecError, json

from console.errors import ProviderFailed

MOST_BYTES = 256 * 1024
HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "sim-console"}


async def new_client(seconds: float) -> httpx.AsyncClient:
    """A client that follows no redirect, keeps no cookie from one exchange to the next, and waits so long."""
    context = await asyncio.to_thread(httpx.create_ssl_context)  # it reads the certificates, which takes its time
    limits = httpx.Limits(max_connections=20, max_keepalive_connections=2, keepalive_expiry=10.0)
    return httpx.AsyncClient(verify=context, timeout=seconds, limits=limits, headers=HEADERS, follow_redirects=False)


async def fetch_object(
    client: httpx.AsyncClient, method: str, address: str, seconds: float, **sent: Any
) -> dict[str, Any]:
    """The JSON object that this address answers with status 200.

    `seconds`: for the exchange as a whole, however slowly the answer is sent.
    Raises ProviderFailed for anything else: no answer in that time, more than MOST_BYTES, another status, a page.
    """
    client.cookies.clear()
    try:
        async with asyncio.timeout(seconds), client.stream(method, address, **sent) as answer:
            body = await _body(answer)
            status = answer.status_code
    except TimeoutError as error:
        raise ProviderFailed(f"The identity provider did not answer within {seconds:g} seconds") from error
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        raise ProviderFailed(f"The identity provider can't be reached ({type(error).__name__})") from error
    found = _object(body)
    if status != httpx.codes.OK:
        raise ProviderFailed(f"The identity provider answered with status {status}{_code_in(found)}")
    if found is None:
        raise ProviderFailed("The identity provider answered something that is no JSON object")
    return found


async def _body(answer: httpx.Response) -> bytes:
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise ProviderFailed("The identity provider answered in an encoding that was not asked for")
    body = b""
    async for piece in answer.aiter_raw():
        body += piece
        if len(body) > MOST_BYTES:
            raise ProviderFailed(f"The identity provider answered more than {MOST_BYTES:,} bytes")
    return body


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        found = json.decode(body)
    except (MsgspecError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _code_in(found: dict[str, Any] | None) -> str:
    """The code of an error answer (RFC 6749, 5.2), which is written down; the description may hold anything."""
    code = (found or {}).get("error")
    known = isinstance(code, str) and len(code) <= 60 and code.isascii() and code.replace("_", "").isalnum()
    return f" ({code})" if known else ""
