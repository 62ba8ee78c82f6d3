"""Every request comes in here: faults first, then the token, the rate limit, and the handler that the path leads to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from simulator.answers import Answer, Refused, gateway, refusal
from simulator.api.rate_limit import TokenBucket
from simulator.api.sign_in import Tokens
from simulator.faults import FaultKind, Faults, altered, replacement_for
from simulator.request_counts import RequestCounts
from simulator.requests import Request, Routes

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

ROOT = "/management-api"
TOKEN_PATH = f"{ROOT}/oauth/token"
CUT = "simulator.cut"  # the ASGI extension that closes the connection without an answer
WITH_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class App:
    """The ASGI application. `public_routes` are 1NCE's, `control` those under `/_sim`.

    `rate_limits` are its limits: "oauth" for signing in, the others by the first word of the path after the version.
    """

    def __init__(
        self,
        *,
        public_routes: Routes,
        control: Routes,
        tokens: Tokens,
        rate_limits: dict[str, TokenBucket],
        faults: Faults,
        request_counts: RequestCounts,
    ) -> None:
        self._public_routes = public_routes
        self._control = control
        self._tokens = tokens
        self._rate_limits = rate_limits
        self._faults = faults
        self._request_counts = request_counts

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        method, path = scope["method"], scope["path"]
        body = await _body(receive) if method in WITH_BODY else b""
        request = Request(method, path, scope["query_string"], scope["headers"], body)
        if path.startswith("/_sim/"):
            await _send(send, _done(self._control_answer, request))
            return
        found = self._public_routes.find(method, path)
        name = f"{method} {found[0]}" if found else f"{method} other"
        write = self._request_counts.receive(request) if method in WITH_BODY else None
        answer = await self._answer(request, found)
        status = str(answer.status) if answer else "dropped"
        self._request_counts.count(name, status)
        if write is not None:
            write.status = status
        if answer is not None:
            await _send(send, answer)
        if answer is None or answer.missing:
            scope["extensions"][CUT]()
            while (await receive())["type"] != "http.disconnect":
                pass

    async def _answer(
        self, request: Request, found: tuple[str, tuple[str, ...], Callable[[Request], Answer]] | None
    ) -> Answer | None:
        """What is answered, after any fault has had its way; None: the connection is to be closed instead."""
        wait, fault = self._faults.take(request.method, request.path)
        if wait:
            await asyncio.sleep(wait)
        if fault is None:
            return _done(lambda one: self._through(one, found), request)
        if fault.kind is FaultKind.DROP_BEFORE:
            return None
        if fault.kind is FaultKind.EXPIRE_TOKEN:
            self._tokens.end()
        ready = replacement_for(fault)
        if ready is not None:
            return ready
        answer = _done(lambda one: self._through(one, found), request)
        if fault.kind is FaultKind.DROP_AFTER:
            return None
        if fault.kind is FaultKind.DELAY_AFTER:
            await asyncio.sleep(fault.seconds)
        return altered(fault, answer)

    def _through(
        self, request: Request, found: tuple[str, tuple[str, ...], Callable[[Request], Answer]] | None
    ) -> Answer:
        """The request without any fault."""
        path = request.path
        if path == TOKEN_PATH:
            self._rate_limits["oauth"].take()
        elif path == f"{ROOT}/v1/sims" or path.startswith(f"{ROOT}/v1/sims/"):
            raise refusal(410, "Version 1 of the SIM management is gone: use version 2.")
        elif not self._tokens.accepts(request.header(b"authorization")):
            raise gateway(401, "Unauthorized")
        elif (bucket := self._rate_limits.get(_family(path))) is not None:
            bucket.take()
        if found is None:
            raise refusal(404, "There is no such path.")
        request.values = found[1]
        return found[2](request)

    def _control_answer(self, request: Request) -> Answer:
        found = self._control.find(request.method, request.path)
        if found is None:
            raise refusal(404, "There is no such control.")
        request.values = found[1]
        return found[2](request)


def _family(path: str) -> str:
    """The word after the version: "sims", "orders", …"""
    parts = path.split("/", 4)
    return parts[3] if len(parts) > 3 else ""


def _done(handler: Callable[[Request], Answer], request: Request) -> Answer:
    try:
        return handler(request)
    except Refused as refused:
        return refused.answer


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


async def _send(send: Send, answer: Answer) -> None:
    headers = [*answer.headers, (b"content-length", b"%d" % (len(answer.body) + answer.missing))]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": bool(answer.missing)})
