"""The shape of every list of the JSON API, and the questions that a list takes."""

from datetime import UTC, datetime
from typing import Annotated, Generic, Literal, TypeVar

from litestar.params import QueryParameter
from msgspec import Meta, Struct

from console.errors import BadRequest
from console.http.fields import FieldNames, selected
from console.store.counting import Total
from console.store.keyset import Cursor, read_cursor

Item = TypeVar("Item")
PageNumber = Annotated[int, QueryParameter(ge=1, le=1_000_000, description="From 1. For deep walks take the cursor.")]
PageSize = Annotated[int, QueryParameter(ge=1, le=500, description="Items a page, at most 500.")]
CursorText = Annotated[
    str | None, QueryParameter(description="`next_cursor` of the page before: any depth at the same cost.")
]
Count = Annotated[
    Literal["exact"] | None, QueryParameter(description="`exact`: count all, however long that takes (503 at worst).")
]


class Listing(Struct, Generic[Item], frozen=True, kw_only=True):
    """A page of a list. Where `total_exact` is false, `total` and `pages` are lower bounds."""

    items: Annotated[list[Item], Meta(description="What was asked for.")]
    page_size: Annotated[int, Meta(description="Items a page.", examples=[50])]
    next_cursor: Annotated[
        str | None,
        Meta(
            description="Send it as `cursor` for the next page; null on the last.",
            examples=["WyJpY2NpZCIsIjg5ODgyMjgwNjY2MDAwMDAwMDEiXQ"],
        ),
    ]
    total: Annotated[int, Meta(description="Items on all pages.", examples=[2000])]
    total_exact: Annotated[
        bool, Meta(description="Whether `total` is exact; false: there are at least so many.", examples=[True])
    ] = True
    page: Annotated[
        int | None, Meta(description="The number of this page, from 1; null where a cursor was sent.", examples=[1])
    ] = None
    pages: Annotated[int, Meta(description="The number of pages.", examples=[40])] = 1


class ListRequest(Struct, frozen=True, kw_only=True):
    """Which page of a list is asked for, and what of it."""

    number: int = 1  # of the page
    page_size: int = 50
    cursor: Cursor | None = None
    exact: bool = False  # the total must be
    fields: str = ""  # of each item, by comma; empty: all

    @property
    def offset(self) -> int:
        """How many items come before the page; none are passed over behind a cursor."""
        return 0 if self.cursor else (self.number - 1) * self.page_size

    def listing(self, kind: type[Item], items: list[Item], next_cursor: str | None, total: Total) -> Listing[Item]:
        """The page of these items. Raises Invalid for a field that this kind of item has not."""
        return Listing(
            items=selected(kind, items, self.fields),
            page_size=self.page_size,
            next_cursor=next_cursor,
            total=total.number,
            total_exact=total.exact,
            page=None if self.cursor else self.number,
            pages=max(1, -(-total.number // self.page_size)),
        )


async def list_request(
    page: PageNumber = 1,
    page_size: PageSize = 50,
    cursor: CursorText = None,
    count: Count = None,
    fields: FieldNames = "",
) -> ListRequest:
    """The dependency `asked` of the lists of the JSON API. Raises BadRequest for a cursor that nobody wrote."""
    return ListRequest(
        number=page,
        page_size=page_size,
        cursor=read_cursor(cursor) if cursor else None,
        exact=count is not None,
        fields=fields,
    )


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
