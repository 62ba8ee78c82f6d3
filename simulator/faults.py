"""Faults on order: what a test wants to go wrong, on which paths, and how often."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct

from simulator import answers
from simulator.answers import HTML, Answer, refusal


class FaultKind(StrEnum):
    """What goes wrong. A delay goes with any other; of the others the first that fits decides."""

    STATUS = "status"  # answers `status` and does nothing
    STATUS_AFTER = "status_after"  # does it, and answers `status`
    DELAY = "delay"  # waits `seconds`, then goes on
    DROP_BEFORE = "drop_before"  # closes the connection without doing it
    DROP_AFTER = "drop_after"  # does it, then closes the connection without an answer
    EXPIRE_TOKEN = "expire_token"  # the token is no longer good, from this request on  # noqa: S105
    MALFORMED = "malformed"  # HTML in place of JSON, with `status` or 200, as in an outage
    MALFORMED_AFTER = "malformed_after"  # does it, and answers with HTML
    RENAMED = "renamed"  # does it, and answers with `field` called `to` throughout, or left out when there is no `to`
    EMPTY = "empty"  # does it, and answers with `status` or 200 and no body
    DELAY_AFTER = "delay_after"  # does it, and waits `seconds` before it answers
    CUT = "cut"  # does it, and closes the connection in the middle of the answer


class Fault(Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """One ordered fault. `path` is a regular expression that is looked for in the path; `times` None is for ever."""

    path: str
    kind: FaultKind
    method: str | None = None
    status: int | None = None
    seconds: float = 1.0
    times: int | None = None
    retry_after: int | None = None  # seconds, a header of `status` and `malformed`; without it there is none
    field: str | None = None
    to: str | None = None
    id: int = 0
    hits: int = 0


class Faults:
    """All faults that are on order."""

    def __init__(self) -> None:
        self._faults: list[tuple[re.Pattern[str], Fault]] = []
        self._last_id = 0

    def order(self, asked: Any) -> Fault:
        """Put one on; refused with 400 when it is no fault."""
        try:
            fault = msgspec.convert(asked, Fault)
            pattern = re.compile(fault.path)
        except (msgspec.ValidationError, re.error) as error:
            raise refusal(400, f"No such fault: {error}") from error
        if fault.kind in (FaultKind.STATUS, FaultKind.STATUS_AFTER) and fault.status is None:
            raise refusal(400, f"A fault of kind {fault.kind} needs a status.")
        if fault.kind is FaultKind.RENAMED and not fault.field:
            raise refusal(400, "A fault of kind renamed needs a field.")
        self._last_id += 1
        fault.id = self._last_id
        fault.hits = 0
        self._faults.append((pattern, fault))
        return fault

    def all(self) -> list[Fault]:
        return [fault for _, fault in self._faults]

    def end(self, id_: int | None = None) -> int:
        """Take one off by its id, or all; answers how many."""
        before = len(self._faults)
        self._faults = [pair for pair in self._faults if id_ is not None and pair[1].id != id_]
        return before - len(self._faults)

    def take(self, method: str, path: str) -> tuple[float, Fault | None]:
        """What goes wrong with this request: seconds to wait, and the fault that decides. Each counts once."""
        wait = 0.0
        decisive: Fault | None = None
        if not self._faults:
            return wait, decisive
        for pattern, fault in list(self._faults):
            if fault.method not in (None, method) or not pattern.search(path):
                continue
            if fault.kind is FaultKind.DELAY:
                wait += fault.seconds
            elif decisive is None:
                decisive = fault
            else:
                continue
            fault.hits += 1
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self.end(fault.id)
        return wait, decisive


MISSING = 64  # bytes of an answer that is cut
_PAGE = b"<!DOCTYPE html><html><head><title>%d</title></head><body><h1>The server is out of order</h1></body></html>"


def replacement_for(fault: Fault) -> Answer | None:
    """What a fault answers by itself; None when the request is done first."""
    return _failure(fault) if fault.kind in (FaultKind.MALFORMED, FaultKind.STATUS) else None


def _failure(fault: Fault) -> Answer:
    headers = [(b"retry-after", str(fault.retry_after).encode())] if fault.retry_after is not None else []
    if fault.kind in (FaultKind.MALFORMED, FaultKind.MALFORMED_AFTER):
        status = fault.status or 200
        return Answer(status, _PAGE % status, [HTML, *headers])
    status = fault.status or 500
    if status in (401, 403, 429, 502, 503, 504):
        return answers.gateway(status, "Fault on order.", headers).answer
    answer = answers.refusal(status, "Fault on order.").answer
    answer.headers = [*answer.headers, *headers]
    return answer


def altered(fault: Fault, answer: Answer) -> Answer:
    """The answer of a request that was done, as a fault lets it through."""
    if fault.kind in (FaultKind.STATUS_AFTER, FaultKind.MALFORMED_AFTER):
        return _failure(fault)
    if fault.kind is FaultKind.EMPTY:
        return Answer(fault.status or 200)
    if fault.kind is FaultKind.CUT:
        return Answer(answer.status, answer.body[: len(answer.body) // 2], answer.headers, missing=MISSING)
    if fault.kind is FaultKind.RENAMED and fault.field and answer.status == 200 and answer.body:
        reported = _renamed(msgspec.json.decode(answer.body), fault.field, fault.to)
        return Answer(answer.status, msgspec.json.encode(reported), answer.headers)
    return answer


def _renamed(reported: Any, field: str, to: str | None) -> Any:
    if isinstance(reported, list):
        return [_renamed(part, field, to) for part in reported]
    if not isinstance(reported, dict):
        return reported
    return {
        (to or name) if name == field else name: _renamed(value, field, to)
        for name, value in reported.items()
        if name != field or to is not None
    }
