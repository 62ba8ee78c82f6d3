"""Answers to programs that are sent again as they were: for as long as Redis says that no row has changed.

Redis counts each request anyway, and answers with that whether anything was committed since: see store.changes. So an
answer is never older than the last commit that somebody knows of, and what a client wrote it reads. Answers are kept
by organization and permissions: callers who may do different things never share one.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPResponseStartEvent, Message, Receive, Scope, Send
from msgspec import Struct
from structlog.contextvars import bound_contextvars

from console import metrics
from console.http.etag import KEEPS, KEPT, NOT_MODIFIED, matches
from console.http.rate_limit import Allowance
from console.http.requests import note, request_id_of
from console.organizations.rules import Caller, Permission
from console.store.changes import KEPT_SECONDS

MOST_BYTES, LARGEST_BYTES = 32 * 1024 * 1024, 512 * 1024
OF_ONE_REQUEST = (b"x-request-id", b"x-ratelimit-limit", b"x-ratelimit-remaining", b"x-ratelimit-reset", b"date")
NAMING = (b"accept", b"accept-encoding")
Headers = list[tuple[bytes, bytes]]


class Name(Struct, frozen=True):
    """What an answer depends on, beside the rows."""

    organization_id: int
    permissions: frozenset[Permission]
    path: bytes
    query: bytes
    asked: tuple[bytes | None, ...]  # the headers NAMING


class Kept(Struct, frozen=True):
    """An answer, and what Redis said before it was read. `body` is None where only its ETag is known."""

    changed: tuple[bytes | None, int]
    until_monotonic_seconds: float
    route: str
    etag: str
    headers: Headers
    of_unchanged: Headers
    body: bytes | None


class Finds(Protocol):
    """What finds a caller by its key, and counts its request."""

    @property
    def number(self) -> int:
        """Of this process's own transactions."""
        ...

    async def of_kept(self, scope: Scope, key: bytes) -> Caller | None:
        """The caller, not yet confirmed; None for one that is not kept or whose key is bound to networks."""

    async def count_kept(self, scope: Scope, key: bytes, caller: Caller) -> tuple[Allowance, bool]:
        """Count the request, and whether the caller still holds as of that moment."""
        ...


class KeptAnswers:
    """ASGI middleware around `Requests`. What it can't answer itself is passed on."""

    def __init__(self, app: ASGIApp, finds: Callable[[], Finds]) -> None:
        """`finds`: that of the application's current start."""
        self._app = app
        self._finds = finds
        self._kept: OrderedDict[Name, Kept] = OrderedDict()
        self._hit, self._changed, self._absent = map(metrics.kept_answers.labels, ("hit", "changed", "absent"))
        self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a GET by an API key from what is kept; keep what others answer."""
        if scope["type"] != ScopeType.HTTP or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        lines = list(scope["headers"])
        headers = dict(lines)
        key = headers.get(b"x-api-key")
        if key is None or len(headers) != len(lines):  # a header twice: whoever reads it decides which
            await self._app(scope, receive, send)
            return
        began, finds = time.perf_counter(), self._finds()
        number = finds.number
        scope.setdefault("state", {})
        asked = tuple(headers.get(name) for name in NAMING)
        if (caller := await finds.of_kept(scope, key)) is not None:
            name = Name(caller.organization_id, caller.permissions, scope["raw_path"], scope["query_string"], asked)
            wanted = headers.get(b"if-none-match", b"").decode("latin-1")
            kept = self._kept.get(name)
            unchanged = kept is not None and bool(wanted) and matches(wanted, kept.etag)
            if kept is None or not (unchanged or kept.body) or kept.until_monotonic_seconds < time.monotonic():
                self._absent.inc()
            else:
                allowance, holds = await finds.count_kept(scope, key, caller)
                if holds and kept.changed == (allowance.changed.rows, finds.number) and not allowance.wait_seconds:
                    self._hit.inc()
                    self._kept.move_to_end(name)
                    request_id, scope["path_template"] = request_id_of(scope), kept.route
                    await _send(kept, request_id, send, allowance, unchanged=unchanged)
                    with bound_contextvars(request_id=request_id):
                        note(scope, NOT_MODIFIED if unchanged else 200, time.perf_counter() - began, {})
                    return
                self._changed.inc()
        await self._app(scope, receive, _Keeping(self, scope, send, asked, number).send)

    def keep(self, name: Name, kept: Kept) -> None:
        """Keep an answer; those that were asked for longest ago are dropped beyond MOST_BYTES."""
        self._bytes += _weight(kept)
        if (old := self._kept.pop(name, None)) is not None:
            self._bytes -= _weight(old)
        self._kept[name] = kept
        while self._bytes > MOST_BYTES:
            self._bytes -= _weight(self._kept.popitem(last=False)[1])


class _Keeping:
    """Sends an answer, and keeps it once all of it has been sent, if its route says so."""

    __slots__ = ("_answers", "_asked", "_bytes", "_number", "_parts", "_scope", "_send", "_start")

    def __init__(
        self, answers: KeptAnswers, scope: Scope, send: Send, asked: tuple[bytes | None, ...], number: int
    ) -> None:
        self._answers, self._scope, self._send, self._asked, self._number = answers, scope, send, asked, number
        self._start: HTTPResponseStartEvent | None = None
        self._parts: list[bytes] = []
        self._bytes = 0

    async def send(self, message: Message) -> None:
        await self._send(message)
        if message["type"] == "http.response.start":
            handler = self._scope.get("route_handler")
            allowance = self._scope["state"].get("allowance")
            if message["status"] not in (200, NOT_MODIFIED) or handler is None or not handler.opt.get(KEEPS):
                return
            if allowance is not None and allowance.changed.rows is not None:
                self._start = message
        elif self._start is not None and message["type"] == "http.response.body":
            self._bytes += len(message["body"])
            if self._bytes > LARGEST_BYTES:
                self._start = None
                return
            self._parts.append(message["body"])
            if not message.get("more_body", False):
                self._keep(self._start)

    def _keep(self, start: HTTPResponseStartEvent) -> None:
        scope, caller = self._scope, self._scope["state"].get("caller")
        headers = [(name, value) for name, value in start["headers"] if name.lower() not in OF_ONE_REQUEST]
        etag = next((value.decode("latin-1") for name, value in headers if name.lower() == b"etag"), "")
        if caller is None or caller.for_wall or not etag:
            return
        kept = Kept(
            changed=(scope["state"]["allowance"].changed.rows, self._number),
            until_monotonic_seconds=time.monotonic() + KEPT_SECONDS,
            route=str(scope.get("path_template") or "unknown"),
            etag=etag,
            headers=headers,
            of_unchanged=[(name, value) for name, value in headers if name.lower() in KEPT],
            body=b"".join(self._parts) if start["status"] == 200 else None,
        )
        name = Name(caller.organization_id, caller.permissions, scope["raw_path"], scope["query_string"], self._asked)
        self._answers.keep(name, kept)


async def _send(kept: Kept, request_id: str, send: Send, allowance: Allowance, *, unchanged: bool) -> None:
    headers = list(kept.of_unchanged if unchanged else kept.headers)
    headers.append((b"x-request-id", request_id.encode()))
    headers += [(name.lower().encode(), value.encode()) for name, value in allowance.headers().items()]
    await send({"type": "http.response.start", "status": NOT_MODIFIED if unchanged else 200, "headers": headers})
    body = b"" if unchanged or kept.body is None else kept.body
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _weight(kept: Kept) -> int:
    return 2_000 + len(kept.body or b"")
