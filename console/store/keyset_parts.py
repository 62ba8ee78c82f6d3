"""A sorted list in parts, each in the order of an index: first where 1NCE has said the field, then where it has not."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from console.store.keyset import Cursor, Keys, after, name_of


class Part(Struct, frozen=True):
    """Those that fulfil `where`, in the order of `keys`; where `said`, the first of these is never NULL."""

    keys: Keys
    where: "Sequence[sa.ColumnElement[bool]]"
    said: bool = False


def parts(keys: Keys, cursor: Cursor | None, twins: "Mapping[str, sa.ColumnElement[Any]]") -> list[Part]:
    """What comes after the cursor, part by part. An index that knows nothing of NULLS LAST serves every direction.

    `twins` names columns that are NULL exactly where another one is, and quicker to look at.
    """
    column = keys[0][0]
    twin = twins.get(str(column.key), column)
    if not getattr(column, "nullable", True):
        return [Part(keys, [after(keys, cursor)] if cursor else [])]
    unsaid = Part(keys[1:], [twin.is_(None)])
    if cursor is None:
        return [Part(keys, [column.is_not(None)], said=True), unsaid]
    beyond = after(keys, cursor, said=column)
    if cursor.values[0] is None:
        rest = Cursor(name_of(keys[1:]), cursor.values[1:])
        return [Part(keys[1:], [twin.is_(None), after(keys[1:], rest)])]
    return [Part(keys, [column.is_not(None), beyond], said=True), unsaid]


def backwards(found: Sequence[Part]) -> list[Part]:
    """The same list from its end."""
    return [
        Part([(column, not descending) for column, descending in part.keys], part.where, part.said)
        for part in found[::-1]
    ]


def order(part: Part, *, from_end: bool, sorted_anew: bool = False) -> "list[sa.ColumnElement[Any]]":
    """The order in SQL; what is not known comes last, or first if the list is read from its end.

    `sorted_anew`: by an expression that no index has, so that the rows are found by what is asked of them.
    """
    found: list[sa.ColumnElement[Any]] = []
    for number, (column, descending) in enumerate(part.keys):
        by = sa.func.coalesce(column, column) if sorted_anew else column
        way = by.desc() if descending else by.asc()
        if (number or not part.said) and getattr(column, "nullable", True):
            way = way.nulls_first() if from_end else way.nulls_last()
        found.append(way)
    return found
