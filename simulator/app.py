"""Every call comes in here: faults first, then the token, the pace, and the door that the path leads to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from simulator.answers import Answer, Refused, gateway, refusal
from simulator.api.pace import Pace
from simulator.api.sign_in import Tokens
from simulator.calls import Call, Doors
from simulator.faults import FaultKind, Faults, bent, broken
from simulator.tally import Tally

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

ROOT = "/management-api"
TOKEN_PATH = f"{ROOT}/oauth/token"
CUT = "simulator.cut"  # the ASGI extension that closes the connection without an answer
WITH_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class App:
    """The ASGI application. `open_doors` are 1NCE's, `control` those under `/_sim`.

    `paces` are its limits: "oauth" for signing in, the others by the first word of the path after the version.
    """

    def __init__(
        self,
        *,
        open_doors: Doors,
        control: Doors,
        tokens: Tokens,
        paces: dict[str, Pace],
        faults: Faults,
        tally: Tally,
    ) -> None:
        self._open_doors = open_doors
        self._control = control
        self._tokens = tokens
        self._paces = paces
        self._faults = faults
        self._tally = tally

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        method, path = scope["method"], scope["path"]
        body = await _body(receive) if method in WITH_BODY else b""
        call = Call(method, path, scope["query_string"], scope["headers"], body)
        if path.startswith("/_sim/"):
            await _send(send, _done(self._control_answer, call))
            return
        found = self._open_doors.find(method, path)
        name = f"{method} {found[0]}" if found else f"{method} other"
        answer = await self._answer(call, found)
        self._tally.count(name, str(answer.status) if answer else "dropped")
        if answer is None:
            scope["extensions"][CUT]()
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        await _send(send, answer)

    async def _answer(
        self, call: Call, found: tuple[str, tuple[str, ...], Callable[[Call], Answer]] | None
    ) -> Answer | None:
        """What is answered, after any fault has had its way; None: the connection is to be closed instead."""
        wait, fault = self._faults.strike(call.method, call.path)
        if wait:
            await asyncio.sleep(wait)
        if fault is None:
            return _done(lambda one: self._through(one, found), call)
        if fault.kind is FaultKind.DROP_BEFORE:
            return None
        if fault.kind is FaultKind.EXPIRE_TOKEN:
            self._tokens.end()
        ready = broken(fault)
        if ready is not None:
            return ready
        answer = _done(lambda one: self._through(one, found), call)
        if fault.kind is FaultKind.DROP_AFTER:
            return None
        return bent(fault, answer)

    def _through(self, call: Call, found: tuple[str, tuple[str, ...], Callable[[Call], Answer]] | None) -> Answer:
        """The call without any fault."""
        path = call.path
        if path == TOKEN_PATH:
            self._paces["oauth"].take()
        elif path == f"{ROOT}/v1/sims" or path.startswith(f"{ROOT}/v1/sims/"):
            raise refusal(410, "Version 1 of the SIM management is gone: use version 2.")
        elif not self._tokens.accepts(call.header(b"authorization")):
            raise gateway(401, "Unauthorized")
        elif (pace := self._paces.get(_family(path))) is not None:
            pace.take()
        if found is None:
            raise refusal(404, "There is no such path.")
        call.values = found[1]
        return found[2](call)

    def _control_answer(self, call: Call) -> Answer:
        found = self._control.find(call.method, call.path)
        if found is None:
            raise refusal(404, "There is no such control.")
        call.values = found[1]
        return found[2](call)


def _family(path: str) -> str:
    """The word after the version: "sims", "orders", …"""
    parts = path.split("/", 4)
    return parts[3] if len(parts) > 3 else ""


def _done(door: Callable[[Call], Answer], call: Call) -> Answer:
    try:
        return door(call)
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
    headers = [*answer.headers, (b"content-length", b"%d" % len(answer.body))]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
