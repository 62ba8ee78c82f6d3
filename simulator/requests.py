"""A request as a handler sees it, and the table that finds the handler for a path."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

from simulator.answers import Answer, refusal


class Request(Struct, gc=False):
    """One request. `values` are the parts of the path that its template leaves open, in order."""

    method: str
    path: str
    query_string: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes = b""
    values: tuple[str, ...] = ()

    def header(self, name: bytes) -> str:
        """A header by its name in lower case, or an empty string."""
        for key, value in self.headers:
            if key == name:
                return value.decode("latin-1")
        return ""

    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.query_string.decode("latin-1"), keep_blank_values=True))

    def address(self, path: str) -> bytes:
        """The full address of something of the API, by the host that the caller used."""
        host = self.header(b"host") or "127.0.0.1"
        return f"http://{host}/management-api{path}".encode("latin-1")

    def json(self) -> Any:
        """The body as JSON; refused with 400 when it is none."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise refusal(400, "The body is not JSON.") from error


def number(query: dict[str, str], name: str, default: int, most: int | None = None) -> int:
    """A query parameter that counts from 1; refused with 400 when it is no such number or more than allowed."""
    text = query.get(name, "")
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise refusal(400, f'Cannot parse parameter {name} as Int: For input string "{text}"')
    value = int(text)
    if value < 1 or (most is not None and value > most):
        raise refusal(400, f"Parameter {name} must be between 1 and {most or 'the last page'}.")
    return value


Handler = Callable[[Request], Answer]


class Routes:
    """Which handler a path leads to. Templates are written with `{names}` for the parts left open."""

    def __init__(self) -> None:
        self._routes: dict[tuple[int, str], list[tuple[str, tuple[str, ...], Handler]]] = {}

    def add(self, method: str, template: str, handler: Handler) -> None:
        parts = tuple(template.split("/"))
        self._routes.setdefault((len(parts), method), []).append((template, parts, handler))

    def find(self, method: str, path: str) -> tuple[str, tuple[str, ...], Handler] | None:
        """The template, the open parts and the handler; None when nothing is there."""
        parts = path.split("/")
        for template, wanted, handler in self._routes.get((len(parts), method), ()):
            values = _match(wanted, parts)
            if values is not None:
                return template, values, handler
        return None


def _match(wanted: tuple[str, ...], parts: list[str]) -> tuple[str, ...] | None:
    values = []
    for pattern, part in zip(wanted, parts, strict=True):
        if pattern.startswith("{"):
            values.append(part)
        elif pattern != part:
            return None
    return tuple(values)
