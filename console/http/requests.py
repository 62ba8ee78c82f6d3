"""Every request: its id, its log line, its metrics, and the headers that keep a browser safe."""

import asyncio
import random
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

import structlog
from litestar.enums import ScopeType
from litestar.routes.base import BaseRoute
from litestar.types import (
    ASGIApp,
    HTTPReceiveMessage,
    HTTPScope,
    Message,
    Receive,
    Scope,
    Send,
    WebSocketReceiveMessage,
    WebSocketScope,
)
from prometheus_client import Histogram

from console import metrics
from console.http.called_from import called_from, origin_of
from console.http.client_address import TrustedProxies
from console.http.compression import with_one_coding
from console.http.etag import KEPT, NOT_MODIFIED, matches
from console.http.headers import OF_FILES, Header, document_headers, joined, kept_by_browsers
from console.http.methods import methods_at
from console.http.refused_sockets import refusing
from console.http.route_options import FILES, KEY_IN_ADDRESS, LIMITED, QUIET, options_of
from console.http.versions import Deprecation, as_asked
from console.log import logger

ID = re.compile(rb"[A-Za-z0-9][A-Za-z0-9_.:-]{7,127}")
METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
BODY_SECONDS = 30.0


class Requests:
    """ASGI middleware around everything."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        origins: tuple[str, ...],
        secure: bool,
        proxies: TrustedProxies,
        count: Callable[[], Callable[[Scope], Awaitable[dict[str, str]]]],
        routes: Callable[[], Iterable[BaseRoute]],
    ) -> None:
        """`secure`: every address is https, so browsers are asked never to use another.

        `count` gives what counts a request to the API that came without a key, by its network, and says what is left.
        `routes` gives those of the application.
        """
        self._app = app
        self._proxies = proxies
        self._count = count
        self._routes = routes
        self._headers = document_headers(origins, secure=secure)
        # The others govern documents: a page has some forty files, and their heads weigh a fifth of it.
        self._of_files = [header for header in self._headers if header[0] in OF_FILES]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with an id; note how it ended."""
        if scope["type"] not in (ScopeType.HTTP, ScopeType.WEBSOCKET):
            await self._app(scope, receive, send)
            return
        self._proxies.apply(scope)
        request_id = request_id_of(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        called_from.set(origin_of(scope, request_id))
        if scope["type"] == ScopeType.WEBSOCKET:  # thousands stay open: they hold as little as can be
            structlog.contextvars.bind_contextvars(request_id=request_id)
            await self._app(scope, receive, refusing(scope, send, self._headers, request_id))
            return
        began, status, bare = time.perf_counter(), 500, scope["method"] == "HEAD"
        scope["headers"] = joined(scope["headers"])
        wanted, accept = _header(scope, b"if-none-match"), _header(scope, b"accept")
        scope["headers"] = with_one_coding(scope["headers"])  # in this scope: what is around looks into it afterwards
        if bare:  # RFC 9110, 9.3.2: the same head, no body. The server keeps its own scope, which says HEAD
            scope = {**scope, "method": "GET"}

        async def answer(message: Message) -> None:
            nonlocal status, bare
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = list(message.get("headers", []))
                present = {name.lower(): value for name, value in headers}
                options = options_of(scope, self._routes())
                ours = self._of_files if options.get(FILES) else self._headers
                headers += [header for header in ours if header[0] not in present]
                headers.append((b"x-request-id", request_id.encode()))
                if b"cache-control" not in present:
                    headers.append((b"cache-control", kept_by_browsers(scope["method"])))
                if status == 405:
                    headers = [header for header in headers if header[0].lower() != b"allow"]
                    headers.append((b"allow", ", ".join(methods_at(self._routes(), scope["path"])).encode()))
                etag = present.get(b"etag", b"").decode("latin-1")
                if status == 200 and wanted and etag and scope["method"] == "GET" and matches(wanted, etag):
                    status = message["status"] = NOT_MODIFIED
                    headers = [(name, value) for name, value in headers if name.lower() in KEPT]
                    bare = True
                if (deprecation := _deprecation(scope)) is not None:
                    headers += deprecation.headers()
                if options.get(LIMITED):
                    headers = as_asked(accept, headers) + await self._limits(scope)
                message["headers"] = headers
            elif bare and message["type"] == "http.response.body":
                message = {"type": "http.response.body", "body": b"", "more_body": message.get("more_body", False)}
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._pass_on(scope, _in_time(receive), answer)
            finally:
                note(scope, status, time.perf_counter() - began, options_of(scope, self._routes()))

    async def _limits(self, scope: HTTPScope) -> list[Header]:
        allowance = scope["state"].get("allowance")
        limits = allowance.headers() if allowance else await self._count()(scope)
        return [(name.lower().encode(), value.encode()) for name, value in limits.items()]

    async def _pass_on(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """OPTIONS is answered here (RFC 9110, 9.3.7): which methods an address takes is known without a caller."""
        allowed = methods_at(self._routes(), scope["path"]) if scope["method"] == "OPTIONS" else []
        if not allowed:
            await self._app(scope, receive, send)
            return
        headers = [(b"allow", ", ".join(allowed).encode())]
        await send({"type": "http.response.start", "status": 204, "headers": headers})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _in_time(receive: Receive) -> Receive:
    """What the client sends, all of it within a time: whoever sends slower than that is let go."""
    until = time.monotonic() + BODY_SECONDS

    async def received() -> HTTPReceiveMessage | WebSocketReceiveMessage:
        nonlocal until
        try:
            async with asyncio.timeout(max(0.001, until - time.monotonic())):
                message = await receive()
        except TimeoutError:
            return {"type": "http.disconnect"}
        if message["type"] == "http.request" and not message.get("more_body", False):
            until += 86_400  # all is here; what may come now is that the client goes
        return message

    return received


def _header(scope: HTTPScope, name: bytes) -> str:
    return next((value.decode("latin-1") for known, value in scope["headers"] if known == name), "")


def _deprecation(scope: HTTPScope) -> Deprecation | None:
    handler = scope.get("route_handler")  # absent where no route has the address
    return handler.opt.get("deprecation") if handler is not None else None


def request_id_of(scope: HTTPScope | WebSocketScope) -> str:
    """The id that the client has named, if it can be one; else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and ID.fullmatch(value):
            return value.decode()
    return f"req_{random.getrandbits(96):024x}"  # a name, not a secret


@lru_cache(maxsize=4096)
def _requests(method: str, route: str, status: int) -> Histogram:
    """The histogram of these: to look it up by its labels takes as long as to observe."""
    found: Histogram = metrics.requests.labels(method, route, status)
    return found


def note(scope: HTTPScope, status: int, seconds: float, options: Mapping[str, Any]) -> None:
    """Count an answer, and write its log line. `options`: those of its route."""
    route = str(scope.get("path_template") or "unknown")
    method = scope["method"] if scope["method"] in METHODS else "other"
    _requests(method, route, status).observe(seconds)
    if not options.get(QUIET) or status >= 400:
        path = route if options.get(KEY_IN_ADDRESS) else scope["path"]
        logger("web").info("answered", method=scope["method"], path=path, status=status, ms=round(seconds * 1000, 1))
