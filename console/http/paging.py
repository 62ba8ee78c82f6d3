"""The shape of every list of the JSON API, and the questions that a list takes."""

from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from litestar.params import QueryParameter
from msgspec import Meta, Struct

from console.errors import BadRequest
from console.store.keyset import Cursor, read_cursor

Item = TypeVar("Item")
PageNumber = Annotated[int, QueryParameter(ge=1, le=1_000_000, description="From 1. For deep walks take the cursor.")]
PageSize = Annotated[int, QueryParameter(ge=1, le=500, description="Items a page, at most 500.")]
CursorText = Annotated[
    str | None, QueryParameter(description="`next_cursor` of the page before: any depth at the same cost.")
]


class Listing(Struct, Generic[Item], frozen=True, kw_only=True):
    """A page of a list. `total`, `page` and `pages` are null where counting would cost more than the page itself."""

    items: Annotated[list[Item], Meta(description="What was asked for.")]
    page_size: Annotated[int, Meta(description="Items a page.", examples=[50])]
    next_cursor: Annotated[
        str | None,
        Meta(
            description="Send it as `cursor` for the next page; null on the last.",
            examples=["WyJpY2NpZCIsIjg5ODgyMjgwNjY2MDAwMDAwMDEiXQ"],
        ),
    ]
    total: Annotated[
        int | None,
        Meta(
            description="Items on all pages; null where counting would cost more than the page itself.", examples=[2000]
        ),
    ] = None
    page: Annotated[
        int | None, Meta(description="The number of this page, from 1; null where `total` is.", examples=[1])
    ] = None
    pages: Annotated[int | None, Meta(description="The number of pages; null where `total` is.", examples=[40])] = None


def listing(items: list[Any], total: int, page: int, page_size: int, next_cursor: str | None) -> Listing[Any]:
    """A page of a list that was counted."""
    pages = max(1, -(-total // page_size))
    return Listing(items=items, total=total, page=page, page_size=page_size, pages=pages, next_cursor=next_cursor)


def cursor_of(text: str | None) -> Cursor | None:
    """The cursor that a program sent back, if it sent one."""
    return read_cursor(text) if text else None


def span(since: datetime | None, until: datetime | None, default: datetime, now: datetime) -> tuple[datetime, datetime]:
    """The time that is asked about, in UTC; BadRequest if it ends before it begins or has no zone."""
    start, end = since or default, until or now
    if start.tzinfo is None or end.tzinfo is None:
        raise BadRequest("Times need a zone: 2026-11-20T10:00:00Z")
    try:
        start, end = start.astimezone(UTC), end.astimezone(UTC)
    except OverflowError as error:
        raise BadRequest("This is before all time, or after it") from error
    if start >= end:
        raise BadRequest("`since` must be before `until`")
    return start, end
