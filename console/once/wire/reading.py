"""Reads answers, or raises an error that keeps the body."""

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import quote

import httpx
from msgspec import DecodeError, ValidationError

from console.json_text import readable, repaired
from console.once.errors import NotFound, Unexpected
from console.once.wire.decode import UNREADABLE

Thing = TypeVar("Thing")


def read(answer: httpx.Response, reader: Callable[[bytes], Thing], *, maybe_done: bool = False) -> Thing:
    """What an answer says, or Unexpected with the body kept."""
    text = readable(answer.content)
    try:
        try:
            return reader(text)
        except ValidationError:
            raise
        except DecodeError:
            return reader(repaired(text))
    except UNREADABLE as error:
        why = str(error) or type(error).__name__
        raise Unexpected(str(answer.url), why, answer.content, maybe_done=maybe_done) from error


def read_one(answer: httpx.Response, reader: Callable[[bytes], Thing]) -> Thing:
    """A single object. An empty 200, as 1NCE has answered for unknown objects, raises NotFound."""
    if is_nothing(answer):
        raise NotFound(answer.status_code, f"1NCE has nothing under {answer.url.path}.")
    return read(answer, reader)


def is_nothing(answer: httpx.Response) -> bool:
    """Whether the body is empty, in either of two ways."""
    return answer.content.strip() in (b"", b"null")


def number(answer: httpx.Response, header: str) -> int | None:
    """A number in a header, None if it is not there."""
    text = answer.headers.get(header, "").strip()
    return int(text) if text.isascii() and text.isdigit() else None


def created(answer: httpx.Response) -> str | None:
    """The number at the end of the address of what was created, None if 1NCE does not return it."""
    return answer.headers.get("Location", "").rstrip("/").rpartition("/")[2] or None


def as_part(text: str) -> str:
    """A number as it stands in a path, whatever is in it."""
    return quote(text, safe="")
