"""`GET /metrics`: what this web process counts, for Prometheus; for those who have the token alone."""

import asyncio
import hmac
from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from console.errors import NotAllowed
from console.http.authentication import Access
from console.http.route_options import QUIET
from console.settings import Settings
from console.settings.values import is_loopback

FORWARDING = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")


@get("/metrics", include_in_schema=False, opt={"access": Access.OWN, QUIET: True})
async def exposition(request: Request[Any, Any, Any], settings: NamedDependency[Settings]) -> Response[bytes]:
    """The numbers of this process alone. Needs METRICS_TOKEN as bearer; without that setting, a caller on this machine.

    Answers 401 without the right token; raises NotAllowed where no token is set and the caller is elsewhere.
    """
    if not settings.metrics_token:
        _check_local(request)
    elif not _has_token(request, settings.metrics_token):
        return Response(b"Send METRICS_TOKEN as bearer\n", status_code=401, headers={"WWW-Authenticate": "Bearer"})
    text = await asyncio.to_thread(generate_latest)  # thousands of series take longer than the event loop may stand
    return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"})


def _has_token(request: Request[Any, Any, Any], token: str) -> bool:
    sent = request.headers.get("authorization", "").encode("latin-1", "replace")
    return hmac.compare_digest(sent, f"Bearer {token}".encode())


def _check_local(request: Request[Any, Any, Any]) -> None:
    forwarded = any(name in request.headers for name in FORWARDING)
    if forwarded or request.client is None or not is_loopback(request.client.host):
        raise NotAllowed("Without METRICS_TOKEN the metrics are shown on this machine alone")
