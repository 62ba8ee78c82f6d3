"""What a handler answers with, and the bodies that 1NCE gives when it refuses."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

Headers = list[tuple[bytes, bytes]]

JSON: tuple[bytes, bytes] = (b"content-type", b"application/json")
HTML: tuple[bytes, bytes] = (b"content-type", b"text/html; charset=utf-8")

_encoder = msgspec.json.Encoder()


class Answer(Struct, gc=False):
    """Status, body and headers of one answer; the length is added when it is sent.

    `missing`: bytes that its length promises and that never come, for the connection is closed before them.
    """

    status: int
    body: bytes = b""
    headers: Headers = []
    missing: int = 0


class Refused(Exception):
    """Raised by a handler that will not do what it was asked; carries the answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def json(value: Any, status: int = 200, headers: Headers | None = None) -> Answer:
    """Anything that msgspec can write, as JSON."""
    return Answer(status, _encoder.encode(value), [JSON, *(headers or ())])


_TOKENS = {400: "BadRequest", 404: "NotFound", 409: "Conflict", 410: "Gone", 500: "InternalServerError"}


def refusal(status: int, message: str) -> Refused:
    """An error of the v2 calls: `{"error_code", "error_token", "message"}`."""
    token = _TOKENS.get(status, "InternalServerError")
    return Refused(json({"error_code": 1000 + status, "error_token": token, "message": message}, status))


def gateway(status: int, message: str, headers: Headers | None = None) -> Refused:
    """An error of the gateway before the calls, which knows only a message: 401, 403, 429."""
    return Refused(json({"message": message}, status, headers))
