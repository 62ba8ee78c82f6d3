"""Marks in a list: where a page ended, so that the next begins there at any depth for the same cost."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from console.errors import BadRequest

Keys = Sequence["tuple[sa.ColumnElement[Any], bool]"]


LARGEST = 2**63 - 1
LONGEST = 8_000  # characters of a cursor: it holds a label, at 12 characters each where they are escaped
OF_ANOTHER = "The cursor belongs to a list with another sort: start again from the first page"


class Cursor(Struct, frozen=True):
    """The order of the list, and the values of its sort fields in the last row."""

    order: str
    values: list[Any]

    def text(self) -> str:
        """Opaque and fit for an address."""
        return base64.urlsafe_b64encode(msgspec.json.encode([self.order, *self.values])).decode().rstrip("=")


def mark(keys: Keys, row: Any) -> str:
    """The cursor behind this row of a list in this order, as text."""
    return Cursor(name_of(keys), [getattr(row, str(getattr(column, "key", ""))) for column, _ in keys]).text()


def name_of(keys: Keys) -> str:
    """What an order is called: `-label,-iccid`."""
    return ",".join(("-" if descending else "") + str(getattr(column, "key", "")) for column, descending in keys)


def read_cursor(text: str) -> Cursor:
    """The cursor that `text` wrote; BadRequest if nobody did."""
    try:
        if len(text) > LONGEST:
            raise ValueError("too long")
        known = msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=list[Any])
        order = msgspec.convert(known[:1], tuple[str])[0]
    except (binascii.Error, ValueError, RecursionError) as error:
        raise BadRequest("The cursor is not one of ours: start again from the first page", cursor=text[:80]) from error
    return Cursor(order, known[1:])


def after(keys: Keys, cursor: Cursor, *, said: "sa.ColumnElement[Any] | None" = None) -> "sa.ColumnElement[bool]":
    """What comes after the cursor in this order, where NULL sorts last; BadRequest for another list's cursor.

    `said` is a column that is not NULL wherever this is asked.
    """
    columns, values = [column for column, _ in keys], list(values_of(keys, cursor).values())
    directions = {descending for _, descending in keys}
    nullable = [column for column in columns if column is not said and _may_be_null(column)]
    if len(directions) == 1 and None not in values and not nullable:
        bound = sa.tuple_(*(sa.literal(value, column.type) for value, column in zip(values, columns, strict=True)))
        first, value = columns[0], sa.literal(values[0], columns[0].type)  # what an index on the first alone can use
        if directions == {True}:
            return sa.and_(first <= value, sa.tuple_(*columns) < bound)
        return sa.and_(first >= value, sa.tuple_(*columns) > bound)
    found: sa.ColumnElement[bool] = sa.false()
    for (column, descending), value in reversed(list(zip(keys, values, strict=True))):
        if value is None:
            found = sa.and_(column.is_(None), found)
            continue
        beyond = column < value if descending else column > value
        if any(column is one for one in nullable):
            beyond = sa.or_(beyond, column.is_(None))
        found = sa.or_(beyond, sa.and_(column == value, found))
    return found


def values_of(keys: Keys, cursor: Cursor) -> dict[str, Any]:
    """By the names of the sort fields, in their order, what they were in the row that the cursor stands behind.

    Raises BadRequest for another list's cursor.
    """
    if cursor.order != name_of(keys) or len(cursor.values) != len(keys):
        raise BadRequest(OF_ANOTHER)
    found = zip(keys, cursor.values, strict=True)
    return {str(getattr(column, "key", "")): _value(column, raw) for (column, _), raw in found}


def is_text(value: Any) -> bool:
    """Whether a value of a cursor, which comes from outside, is a text that the database can take."""
    return isinstance(value, str) and "\0" not in value


def _may_be_null(column: "sa.ColumnElement[Any]") -> bool:
    return bool(getattr(column, "nullable", True))


def _value(column: "sa.ColumnElement[Any]", raw: Any) -> Any:
    try:
        value = None if raw is None else msgspec.convert(raw, column.type.python_type, strict=True)
    except (msgspec.ValidationError, NotImplementedError) as error:
        raise BadRequest(OF_ANOTHER) from error
    if _may_be(value, column):
        return value
    raise BadRequest(OF_ANOTHER)


def _may_be(value: Any, column: "sa.ColumnElement[Any]") -> bool:
    """Whether the database can take it at all: cursors come from outside."""
    if value is None:
        return _may_be_null(column)
    return "\0" not in value if isinstance(value, str) else not isinstance(value, int) or abs(value) <= LARGEST
