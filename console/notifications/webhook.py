"""Posts a notification to a webhook: to a public address that was checked, bounded in time and in bytes."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from msgspec import json

from console.notifications.deliveries_rules import AttemptOutcome, Ended
from console.notifications.deliveries_writes import Claimed
from console.notifications.signing import signed_headers
from console.notifications.targets import Refused, Unresolved, public_addresses
from console.settings import Settings

SECONDS = 15.0  # for an attempt as a whole, however slowly the receiver answers
CONNECTING_SECONDS = 5.0
MOST_BYTES = 2_000  # of the answer that are read
MOST_ADDRESSES = 3
MAY_REPEAT = "Sim-Console-May-Repeat"
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


async def new_client() -> httpx.AsyncClient:
    """A client that follows no redirect, asks no proxy, and keeps no connection and no cookie."""
    context = await asyncio.to_thread(httpx.create_ssl_context)  # it reads the certificates, which takes its time
    timeout = httpx.Timeout(SECONDS, connect=CONNECTING_SECONDS)
    limits = httpx.Limits(max_keepalive_connections=0)
    return httpx.AsyncClient(verify=context, timeout=timeout, limits=limits, trust_env=False, follow_redirects=False)


def body_of(claimed: Claimed, origin: str) -> bytes:
    """What is posted: the same bytes at each attempt. `origin`: where the console's pages are, if that is known."""
    what = claimed.notification
    data: dict[str, Any] = {
        **what.data,
        "severity": what.severity,
        "title": what.title,
        "text": what.text,
        "subject": what.subject,
        "tags": what.tags,
        "url": f"{origin}{what.path}" if origin and what.path else None,
    }
    return json.encode({"type": what.type, "timestamp": what.time, "data": data}, order="deterministic")


async def post(
    client: httpx.AsyncClient, url: str, keys: Sequence[str], claimed: Claimed, settings: Settings, now: datetime
) -> Ended:
    """Make one attempt."""
    body = body_of(claimed, next(iter(settings.public_origin), ""))
    headers = {
        **signed_headers(keys, claimed.message_id, int(now.timestamp()), body),
        "Content-Type": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": "sim-console",
        **({MAY_REPEAT: "yes"} if claimed.may_repeat else {}),
    }
    return await post_bytes(client, url, headers, body, settings, now)


async def post_bytes(
    client: httpx.AsyncClient, url: str, headers: Mapping[str, str], body: bytes, settings: Settings, now: datetime
) -> Ended:
    """Post these. Each address of the host is checked, and the connection is made to one that was."""
    address = httpx.URL(url)
    port = address.port or (443 if address.scheme == "https" else 80)
    try:
        async with asyncio.timeout(SECONDS):
            found = await public_addresses(address.host, port, loopback=settings.webhook_loopback)
            return await _to_one_of(client, address, found[:MOST_ADDRESSES], headers, body, now)
    except Refused as error:
        return Ended(outcome=AttemptOutcome.FAILED, answer=str(error), permanent=True)
    except Unresolved as error:
        return Ended(outcome=AttemptOutcome.FAILED, answer=str(error))
    except TimeoutError:
        return Ended(outcome=AttemptOutcome.IN_DOUBT, answer=f"No answer within {SECONDS:g} seconds")


async def _to_one_of(
    client: httpx.AsyncClient,
    url: httpx.URL,
    addresses: Sequence[str],
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
) -> Ended:
    said = "It has no address"
    for address in addresses:
        try:
            return await _to(client, url, address, headers, body, now)
        except NOT_SENT as error:
            said = f"No connection: {error or type(error).__name__}"
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            return Ended(outcome=AttemptOutcome.IN_DOUBT, answer=f"The connection ended: {type(error).__name__}")
    return Ended(outcome=AttemptOutcome.FAILED, answer=said)


async def _to(
    client: httpx.AsyncClient,
    url: httpx.URL,
    address: str,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
) -> Ended:
    client.cookies.clear()
    host = {"Host": url.netloc.decode("ascii")}
    sni: dict[str, Any] = {"sni_hostname": url.host} if url.scheme == "https" else {}
    target = url.copy_with(host=address)
    async with client.stream(
        "POST", target, content=body, headers={**host, **headers}, extensions=sni or None
    ) as answer:
        text = b""
        async for piece in answer.aiter_raw():
            text += piece
            if len(text) > MOST_BYTES:
                break
        return _ended(answer.status_code, answer.headers, text[:MOST_BYTES], now)


def _ended(status: int, headers: Mapping[str, str], body: bytes, now: datetime) -> Ended:
    """What a receiver's answer means: each 2xx has taken it (Standard Webhooks 1.0), 410 wants nothing any more."""
    said = re.sub(r"\s+", " ", body.decode("utf-8", "replace")).strip()
    if 200 <= status < 300:
        return Ended(outcome=AttemptOutcome.DELIVERED, status=status, answer=said)
    if 300 <= status < 400:
        said = "It redirects, which is not followed: enter the address that it leads to"
    gone = status == httpx.codes.GONE
    return Ended(
        outcome=AttemptOutcome.FAILED,
        status=status,
        answer=said or f"The receiver answered {status}",
        permanent=gone,
        gone=gone,
        wait=_wait(headers.get("Retry-After", ""), now),
    )


def _wait(text: str, now: datetime) -> timedelta | None:
    """What `Retry-After` asks for (RFC 9110, 10.2.3): seconds, or a date."""
    if text.isascii() and text.isdecimal() and len(text) < 9:
        return timedelta(seconds=int(text))
    try:
        return max(timedelta(0), datetime.strptime(text, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC) - now)
    except ValueError:
        return None
