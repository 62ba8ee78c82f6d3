"""Where a page of older rows begins: behind a cursor of ours, or behind a row that the browser shows.

A live list loses its last rows to new ones. What follows it begins behind the row that is the last now, and that row's
`data-order` says where it stands.
"""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from console.errors import BadRequest
from console.pages.templating import FIRST_MOMENT, FIRST_NUMBER
from console.store.keyset import Cursor, Keys, name_of, read_cursor

DIGITS = 20  # of moments and numbers in a row's order: see `order`


def cursor_before(keys: Keys, text: str) -> Cursor | None:
    """Behind which row of a list in this order its page begins; None for the first page. Raises BadRequest."""
    if not text:
        return None
    if not text[:DIGITS].isdecimal() or text[DIGITS : DIGITS + 1] != " ":
        return read_cursor(text)
    parts = text.split(" ", len(keys) - 1)
    try:
        values = [_value(column, part) for (column, _), part in zip(keys, parts, strict=True)]
    except (ValueError, OverflowError) as error:
        raise BadRequest("No row of this list stands there: start again from the first page") from error
    return Cursor(name_of(keys), values)


def _value(column: "sa.ColumnElement[Any]", part: str) -> str | int:
    if isinstance(column.type, sa.DateTime):
        return (FIRST_MOMENT + timedelta(microseconds=int(part))).isoformat()
    return int(part) - FIRST_NUMBER if isinstance(column.type, sa.Integer) else part
