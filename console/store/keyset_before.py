"""What stands before a row of a sorted list, where NULL sorts last."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from console.store.keyset import Keys
from console.store.keyset_parts import Part


def parts_before(keys: Keys, values: Sequence[Any], twins: "Mapping[str, sa.ColumnElement[Any]]") -> list[Part]:
    """What comes before the row with these values, part by part in the order of the list. See `keyset_parts.parts`."""
    column = keys[0][0]
    if not _may_be_null(column):
        return [Part(keys, [before(keys, values)])]
    said = column.is_not(None)
    if values[0] is not None:
        return [Part(keys, [said, before(keys, values, said=column)], said=True)]
    unsaid = twins.get(str(column.key), column).is_(None)
    return [Part(keys, [said], said=True), Part(keys[1:], [unsaid, before(keys[1:], values[1:])])]


def before(
    keys: Keys, values: Sequence[Any], *, said: "sa.ColumnElement[Any] | None" = None
) -> "sa.ColumnElement[bool]":
    """What comes before the row with these values. `said` is a column that is not NULL wherever this is asked."""
    bounds = [sa.literal(value, column.type) for value, (column, _) in zip(values, keys, strict=True)]
    directions = {descending for _, descending in keys}
    if len(directions) == 1 and not any(column is not said and _may_be_null(column) for column, _ in keys):
        columns, bound = sa.tuple_(*(column for column, _ in keys)), sa.tuple_(*bounds)
        first, value = keys[0][0], bounds[0]  # what an index on the first alone can use
        if directions == {True}:
            return sa.and_(first >= value, columns > bound)
        return sa.and_(first <= value, columns < bound)
    found: sa.ColumnElement[bool] = sa.false()
    for (column, descending), value, bound_value in reversed(list(zip(keys, values, bounds, strict=True))):
        if value is None:
            found = sa.or_(column.is_not(None), sa.and_(column.is_(None), found))
        else:
            earlier = column > bound_value if descending else column < bound_value
            found = sa.or_(earlier, sa.and_(column == bound_value, found))
    return found


def _may_be_null(column: "sa.ColumnElement[Any]") -> bool:
    return bool(getattr(column, "nullable", True))
