"""Pages of a list, with the headers that count them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from simulator import answers
from simulator.answers import Answer, Headers
from simulator.requests import Request

Thing = TypeVar("Thing")


def page_headers(total: int, page: int, size: int) -> Headers:
    """How many things and pages there are, and which this one is."""
    return [
        (b"x-total-count", b"%d" % total),
        (b"x-total-pages", b"%d" % -(-total // size)),
        (b"x-current-page", b"%d" % page),
        (b"x-count-per-page", b"%d" % size),
    ]


def paged(
    things: Sequence[Thing], page: int, size: int, as_json: Callable[[Thing, Request], Any], request: Request
) -> Answer:
    """One page of things of a list; past the end it is empty."""
    shown = [as_json(thing, request) for thing in things[(page - 1) * size : page * size]]
    return answers.json(shown, 200, page_headers(len(things), page, size))
